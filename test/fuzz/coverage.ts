/** What an input executed: the counters that istanbul-lib-instrument puts into modules (scripts/fuzz-hooks.mjs). */

/** The counters of a module: of functions, of statements, and of the ways of each branch. */
interface ModuleCounters {
  readonly f: Record<number, number>;
  readonly s: Record<number, number>;
  readonly b: Record<number, number[]>;
}

export type CoverageData = Readonly<Record<string, ModuleCounters>>;

/** A feature is a counter in one of eight ranges of its value. */
const RANGES = 8;
/** 1, 2, 3, 4–7, 8–15, 16–31, 32–127, 128 and more: a loop that runs more often is news, each single run is not. */
function rangeOf(count: number): number {
  if (count < 4) return count - 1;
  if (count < 32) return 32 - Math.clz32(count);
  return count < 128 ? 6 : 7;
}

export interface Executed {
  /** Features that no input had before. */
  news: number[];
  /** Statements executed. */
  work: number;
}

/**
 * Responsible for:
 * - reading and clearing all counters after each input, in microseconds
 * - which features have been seen
 */
export class Coverage {
  /** Of branches and functions. */
  readonly #counters: (Record<number, number> | number[])[];
  readonly #counts: number[];
  readonly #statements: Record<number, number>[];
  readonly #statementCounts: number[];
  /** A bit for each range of a counter. */
  readonly #seen: Uint8Array;

  constructor(data: CoverageData) {
    const modules = Object.values(data);
    this.#counters = modules.flatMap(({ f, b }) => [f, ...Object.values(b)]);
    this.#counts = this.#counters.map((counters) => Object.keys(counters).length);
    this.#statements = modules.map(({ s }) => s);
    this.#statementCounts = this.#statements.map((counters) => Object.keys(counters).length);
    this.#seen = new Uint8Array(this.total);
  }

  /** Functions and ways of branches, executed or not. */
  get total(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  /** Of these, executed by some input. */
  get edges(): number {
    return this.#seen.reduce((sum, bits) => sum + (bits === 0 ? 0 : 1), 0);
  }

  /** Takes what was executed since the last call; `all` lists all its features instead of the new ones, and learns none. */
  take({ all = false } = {}): Executed {
    const news: number[] = [];
    let at = 0;
    for (let i = 0; i < this.#counters.length; i++) {
      const counters = this.#counters[i]!;
      const count = this.#counts[i]!;
      for (let j = 0; j < count; j++, at++) {
        const value = counters[j]!;
        if (value === 0) continue;
        counters[j] = 0;
        const range = rangeOf(value);
        if (!all && (this.#seen[at]! & (1 << range)) !== 0) continue;
        if (!all) this.#seen[at]! |= 1 << range;
        news.push(at * RANGES + range);
      }
    }
    return { news, work: this.#takeWork() };
  }

  #takeWork(): number {
    let work = 0;
    for (let i = 0; i < this.#statements.length; i++) {
      const counters = this.#statements[i]!;
      const count = this.#statementCounts[i]!;
      for (let j = 0; j < count; j++) {
        work += counters[j]!;
        counters[j] = 0;
      }
    }
    return work;
  }
}
