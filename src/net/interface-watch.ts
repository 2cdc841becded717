/** Watches the machine's interfaces, for sockets that have to be opened again when theirs returns or moves. */
import { Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { loadLibc } from '../system/libc.js';
import { type FoundBy, type InterfaceChange, type InterfaceReading, InterfaceState } from './interface-state.js';
import { listInterfaces, type NetInterface } from './interfaces.js';

/**
 * Time between two readings. A socket works again within this time of its interface, of the 2 s that viewers may notice;
 * a reading takes 70 µs with two interfaces.
 */
export const WATCH_PERIOD = Millis(500);

interface Followed {
  readonly state: InterfaceState;
  readonly listeners: Set<(change: InterfaceChange) => void>;
}

/**
 * Responsible for:
 * - one timer for all that is followed, and none while nothing is
 * - going on after a reading that fails: the process may be out of descriptors
 */
export class InterfaceWatch {
  readonly #read: () => InterfaceReading;
  readonly #timers: Timers;
  readonly #followed = new Map<string, Followed>();
  readonly #listeners = new Set<(change: InterfaceChange) => void>();
  #cancel: (() => void) | null = null;

  constructor(read: () => InterfaceReading = readInterfaces, timers: Timers = systemTimers) {
    this.#read = read;
    this.#timers = timers;
  }

  /** Calls `onChange` for each change of the interface until the returned function is called. */
  follow(at: NetInterface, by: FoundBy, onChange: (change: InterfaceChange) => void): () => void {
    const key = by === 'name' ? `name ${at.name}` : `address ${at.address}`;
    const known = this.#followed.get(key);
    const followed = known ?? { state: new InterfaceState(at, by), listeners: new Set() };
    this.#followed.set(key, followed);
    // A function of its own, so that one may be given twice.
    const listener = (change: InterfaceChange): void => onChange(change);
    followed.listeners.add(listener);
    if (known === undefined) this.look();
    this.#arm();
    return () => {
      followed.listeners.delete(listener);
      if (followed.listeners.size > 0) return;
      this.#followed.delete(key);
      if (this.#followed.size > 0) return;
      this.#cancel?.();
      this.#cancel = null;
    };
  }

  /** The interface that has this address; undefined where none has, or it is the machine's loopback, which stays. */
  interfaceAt(address: string): NetInterface | undefined {
    for (const { state } of this.#followed.values()) if (state.at.address === address) return state.at;
    return this.#tryToRead()?.interfaces.find((each) => each.address === address && !each.internal);
  }

  /** Calls `listener` once for each change of an interface that is followed, until the returned function is called. */
  onChange(listener: (change: InterfaceChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Reads the interfaces now. */
  look(): void {
    const reading = this.#tryToRead();
    if (reading === null) return;
    for (const { state, listeners } of [...this.#followed.values()]) {
      const change = state.take(reading);
      if (change === null) continue;
      for (const listener of [...this.#listeners, ...listeners]) listener(change);
    }
  }

  #arm(): void {
    this.#cancel ??= this.#timers.after(WATCH_PERIOD, () => {
      this.#cancel = null;
      this.look();
      if (this.#followed.size > 0) this.#arm();
    });
  }

  /** Null where the system fails: the next reading may succeed. */
  #tryToRead(): InterfaceReading | null {
    try {
      return this.#read();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      return null;
    }
  }
}

let indexOf: InterfaceReading['indexOf'] = () => 0;
void loadLibc().then(({ libc }) => {
  if (libc !== null) indexOf = (name) => libc.if_nametoindex(name);
});

const readInterfaces = (): InterfaceReading => ({ interfaces: listInterfaces(), indexOf });

let shared: InterfaceWatch | undefined;

/** The watch of this thread. */
export function interfaceWatch(): InterfaceWatch {
  shared ??= new InterfaceWatch();
  return shared;
}
