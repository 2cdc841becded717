/** Servers that did not give what they were asked for: they are asked last for a while. */
import type { SocketAddress } from '../base/socket-address.js';
import { Millis } from '../base/units.js';

/** How long a silent server is asked last: a restart or a busy minute is over by then. */
const REMEMBERED = Millis(300_000);
/** Servers that are remembered; a station has at most sixteen. */
const MOST_REMEMBERED = 256;

const keyOf = ({ address, port }: SocketAddress): string => `${address}:${port}`;

/**
 * Responsible for:
 * - which servers were silent lately, for all receivers of a process
 * - the order in which a station's servers are asked: at random, so that no server can choose to be the first
 */
export class SilentServers {
  readonly #silentAt = new Map<string, Millis>();

  note(server: SocketAddress, now: Millis): void {
    const key = keyOf(server);
    this.#silentAt.delete(key); // The newest last.
    this.#silentAt.set(key, now);
    const [oldest] = this.#silentAt.keys();
    if (this.#silentAt.size > MOST_REMEMBERED) this.#silentAt.delete(oldest!);
  }

  isSilent(server: SocketAddress, now: Millis): boolean {
    const since = this.#silentAt.get(keyOf(server));
    return since !== undefined && now - since < REMEMBERED;
  }

  /** The servers in the order in which they are asked. Several ways to one server stay in their order. */
  inOrder<S extends SocketAddress>(servers: readonly S[], random: () => number, now: Millis): S[] {
    const ranks = new Map<string, number>();
    for (const server of servers) {
      const key = keyOf(server);
      if (!ranks.has(key)) ranks.set(key, random() + (this.isSilent(server, now) ? 1 : 0));
    }
    return [...servers].sort((a, b) => ranks.get(keyOf(a))! - ranks.get(keyOf(b))!);
  }
}
