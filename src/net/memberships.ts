/**
 * The memberships of one socket in one group: of any source (IGMP, RFC 3376 section 3.1), or of known sources only
 * (source-specific, RFC 4607), so that the kernel, and a network with IGMPv3, drop the packets of all others.
 */

/** The calls on the socket; each throws the system's error. */
export interface MembershipCalls {
  join(interfaceAddress: string): void;
  leave(interfaceAddress: string): void;
  joinSource(interfaceAddress: string, source: string): void;
  leaveSource(interfaceAddress: string, source: string): void;
}

/** Linux allows ten sources for each membership (net.ipv4.igmp_max_msf). */
const MOST_SOURCES = 10;

/** The sources that are joined on an interface; null: any. */
type Joined = ReadonlySet<string> | null;

/**
 * Responsible for:
 * - one membership on each interface, changed with its sources
 * - receiving from any source where the system refuses to choose: the receiver then drops what is not the station's
 */
export class Memberships {
  readonly #calls: MembershipCalls;
  readonly #joined = new Map<string, Joined>();
  #isRefused = false;

  constructor(calls: MembershipCalls) {
    this.#calls = calls;
  }

  /** Joins, or changes the sources of a membership; null: any source. Throws the error of joining with any source. */
  set(interfaceAddress: string, sources: readonly string[] | null): void {
    const wanted = this.#isRefused || sources === null || sources.length > MOST_SOURCES ? null : new Set(sources);
    const before = this.#joined.get(interfaceAddress);
    if (wanted === null || wanted.size === 0) this.#joinAny(interfaceAddress, before);
    else this.#joinSources(interfaceAddress, before, wanted);
  }

  /** Leaves the group on all interfaces, until `set` joins it again. */
  leave(): void {
    for (const [at, sources] of this.#joined) {
      const leaving =
        sources === null
          ? [() => this.#calls.leave(at)]
          : [...sources].map((each) => () => this.#calls.leaveSource(at, each));
      for (const leave of leaving) {
        try {
          leave();
        } catch {
          // It has gone with its interface. For any other reason `set` fails.
        }
      }
    }
    this.#joined.clear();
  }

  #joinAny(at: string, before: Joined | undefined): void {
    if (before === null) return;
    this.#leaveSources(at, before ?? new Set());
    this.#calls.join(at);
    this.#joined.set(at, null);
  }

  #joinSources(at: string, before: Joined | undefined, wanted: ReadonlySet<string>): void {
    // A membership is of any source or of named ones: a socket cannot have both.
    if (before === null) this.#calls.leave(at);
    const joined = new Set(before);
    try {
      for (const source of wanted) {
        if (joined.has(source)) continue;
        this.#calls.joinSource(at, source);
        joined.add(source);
      }
    } catch {
      // For any reason: joining with any source works, or throws it.
      this.#isRefused = true;
      this.#leaveSources(at, joined);
      this.#joined.delete(at);
      this.#joinAny(at, undefined);
      return;
    }
    for (const source of joined) {
      if (wanted.has(source)) continue;
      this.#calls.leaveSource(at, source);
      joined.delete(source);
    }
    this.#joined.set(at, joined);
  }

  #leaveSources(at: string, sources: ReadonlySet<string>): void {
    for (const source of sources) this.#calls.leaveSource(at, source);
  }
}
