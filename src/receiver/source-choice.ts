/** Whose packets count, and whose the group is joined for. No socket, no timer, no clock. */
import { Millis } from '../base/units.js';

/** Whose packets: those of the station's servers where they are known, or of any address. */
export type Sources = 'servers' | 'any';

/**
 * A group that its server sends, and that brings nothing for this time, is joined for any source: not every network
 * forwards a source-specific membership.
 */
const SILENT = Millis(3_000);
/**
 * Without a server that answers, and without a packet of a known one, for this time, packets of others count: a server may
 * have moved to another address, or another have taken over.
 */
const DESERTED = Millis(5_000);

const KNOWN_SOURCES = { believes: 'servers', joins: 'servers' } as const;
const ANY_MEMBERSHIP = { believes: 'servers', joins: 'any' } as const;
const ANY_SOURCE = { believes: 'any', joins: 'any' } as const;

/** Responsible for: when a station's known servers are not enough. */
export class SourceChoice {
  /** When the group's datagrams were first waited for. */
  #joinedAt: Millis | null = null;
  /** Whether packets of any source count, until a server answers or others are known. */
  #isDeserted = false;

  /** Other servers are known. */
  reset(): void {
    this.#isDeserted = false;
    this.#joinedAt = null;
  }

  /** When the group's last packet came, at `arrivedAt`, or was first waited for; null before that. */
  quietSince(arrivedAt: Millis | null): Millis | null {
    return this.#joinedAt === null ? null : Millis(Math.max(arrivedAt ?? 0, this.#joinedAt));
  }

  /** `arrivedAt`: when the group's last packet came. What is joined, once it has changed, stays so with the same servers. */
  choose(
    { joined, arrivedAt, isServerPresent }: { joined: Sources; arrivedAt: Millis | null; isServerPresent: boolean },
    now: Millis,
  ): { believes: Sources; joins: Sources } {
    this.#joinedAt ??= now;
    const silent = now - Math.max(arrivedAt ?? 0, this.#joinedAt);
    if (isServerPresent) this.#isDeserted = false;
    else if (silent >= DESERTED) this.#isDeserted = true;
    if (this.#isDeserted) return ANY_SOURCE;
    return joined === 'any' || silent >= SILENT ? ANY_MEMBERSHIP : KNOWN_SOURCES;
  }
}
