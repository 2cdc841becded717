/** Whether an interface is there, and where: readings of the machine's interfaces in, changes out. No timers. */
import type { NetInterface } from './interfaces.js';

/** How an interface is found again: by its name, whose address may have changed, or by its address under any name. */
export type FoundBy = 'name' | 'address';

export type InterfaceChange =
  /** It is not there, or has no IPv4 address, or no cable. */
  | { is: 'gone'; at: NetInterface }
  /** It was gone, and is there again. */
  | { is: 'back'; at: NetInterface; before: NetInterface }
  /** It has another address, or is another interface of the same name: sockets opened before do not work. */
  | { is: 'moved'; at: NetInterface; before: NetInterface };

/** The machine's interfaces at one moment. */
export interface InterfaceReading {
  readonly interfaces: readonly NetInterface[];
  /** The system's number of the interface of that name, which a new one of the same name does not have; 0: unknown. */
  indexOf(name: string): number;
}

/**
 * States of the interface that is followed:
 *
 *               not listed
 *     ┌──────┐ ───────────► ┌──────┐
 *     │ here │     back     │ gone │
 *     └──────┘ ◄─────────── └──────┘
 *       │  ▲
 *       └──┘ moved: another address, index or hardware
 */
export class InterfaceState {
  readonly #by: FoundBy;
  #at: NetInterface;
  #index = 0;
  #isHere = true;

  constructor(at: NetInterface, by: FoundBy) {
    this.#at = at;
    this.#by = by;
  }

  /** As it was when it was last seen. */
  get at(): NetInterface {
    return this.#at;
  }

  get isHere(): boolean {
    return this.#isHere;
  }

  /** Returns what the reading changes; null for nothing. */
  take({ interfaces, indexOf }: InterfaceReading): InterfaceChange | null {
    const at = this.#find(interfaces);
    if (at === undefined) {
      if (!this.#isHere) return null;
      this.#isHere = false;
      return { is: 'gone', at: this.#at };
    }
    const before = this.#at;
    const index = indexOf(at.name) || this.#index;
    const isMoved =
      at.address !== before.address ||
      (this.#index !== 0 && index !== this.#index) ||
      (before.mac !== undefined && at.mac !== undefined && at.mac !== before.mac);
    const is = this.#isHere ? 'moved' : 'back';
    this.#at = at;
    this.#index = index;
    this.#isHere = true;
    return is === 'back' || isMoved ? { is, at, before } : null;
  }

  /** Of several addresses of one interface, the one before; else the first. */
  #find(interfaces: readonly NetInterface[]): NetInterface | undefined {
    const { name, address } = this.#at;
    if (this.#by === 'address') return interfaces.find((each) => each.address === address);
    const named = interfaces.filter((each) => each.name === name);
    return named.find((each) => each.address === address) ?? named[0];
  }
}

/** A change in one sentence, for the log. */
export function changeText(change: InterfaceChange): string {
  const { at } = change;
  if (change.is === 'gone') {
    return `The network interface ${at.name} (${at.address}) is gone: nothing passes until it is back.`;
  }
  const isSame = change.before.address === at.address;
  const address = isSame ? at.address : `${at.address}, before ${change.before.address}`;
  if (change.is === 'back') return `The network interface ${at.name} (${address}) is back.`;
  return isSame
    ? `The network interface ${at.name} (${address}) was replaced.`
    : `The network interface ${at.name} has another address: ${address}.`;
}
