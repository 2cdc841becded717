/** The loop: change an input, run it, keep it if it executed something new. */
import type { Coverage } from './coverage.js';
import { mutate } from './mutate.js';
import { below, type Random, randomOf } from './random.js';
import type { FuzzTarget } from './target.js';

/** An input that broke a rule, as short as it could be made. */
export class FoundFault extends Error {
  readonly input: Buffer;

  constructor(input: Buffer, cause: unknown) {
    super(cause instanceof Error ? (cause.stack ?? cause.message) : String(cause), { cause });
    this.input = input;
  }
}

export interface FuzzerOptions {
  target: FuzzTarget;
  /** Made once the target's modules are loaded. */
  coverage: Coverage;
  seed: number;
  /** Called before each run: should the input never return, a watchdog has it. */
  onInput?: (input: Buffer) => void;
}

/** Most runs spent on making an input shorter, before it is kept and before a fault is reported. */
const KEEPING_RUNS = 48;
const FAULT_RUNS = 600;
/** Of four inputs to change, one is among the latest this many. */
const LATEST = 24;

/**
 * Responsible for:
 * - the corpus: each of its inputs executed something that those before it did not
 * - shortening inputs
 * - the limit on work
 */
export class Fuzzer {
  readonly corpus: Buffer[] = [];
  /** Inputs run. */
  runs = 0;
  /** The most work of an input, as a share of what it may take. */
  mostWork = 0;
  readonly #target: FuzzTarget;
  readonly #coverage: Coverage;
  readonly #random: Random;
  readonly #tokens: readonly Buffer[];
  readonly #onInput: (input: Buffer) => void;

  constructor({ target, coverage, seed, onInput = () => undefined }: FuzzerOptions) {
    this.#target = target;
    this.#coverage = coverage;
    this.#random = randomOf(seed);
    this.#tokens = (target.tokens ?? []).map((token) => Buffer.from(token as string));
    this.#onInput = onInput;
  }

  /** Runs an input, and keeps it if it executed something new. Rejects with a FoundFault. */
  async add(input: Buffer): Promise<void> {
    const news = await this.#attempt(input);
    if (news.length === 0) return;
    const covers = async (shorter: Buffer) => {
      const { fault, features } = await this.#run(shorter, true);
      if (fault !== null) throw await this.#faultOf(shorter, fault.error);
      const has = new Set(features);
      return news.every((feature) => has.has(feature));
    };
    this.corpus.push(await this.#shortened(input, covers, KEEPING_RUNS));
  }

  /** Runs changed inputs of the corpus until `isOver`, which is asked now and then. Rejects with a FoundFault. */
  async fuzz(isOver: () => boolean): Promise<void> {
    const { block, largest } = this.#target;
    const options = { block, largest, tokens: this.#tokens };
    while (!isOver()) {
      for (let i = 0; i < 16; i++) await this.add(mutate(this.#chosen(), this.#chosen(), this.#random, options));
    }
  }

  #chosen(): Buffer {
    const { length } = this.corpus;
    if (length === 0) return Buffer.alloc(0);
    const latest = below(this.#random, 4) === 0 ? Math.max(0, length - LATEST) : 0;
    return this.corpus[latest + below(this.#random, length - latest)]!;
  }

  async #attempt(input: Buffer): Promise<readonly number[]> {
    const { fault, features } = await this.#run(input, false);
    if (fault !== null) throw await this.#faultOf(input, fault.error);
    return features;
  }

  async #faultOf(input: Buffer, error: unknown): Promise<FoundFault> {
    let last = error;
    const fails = async (shorter: Buffer) => {
      const { fault } = await this.#run(shorter, true);
      if (fault === null) return false;
      last = fault.error;
      return true;
    };
    return new FoundFault(await this.#shortened(input, fails, FAULT_RUNS), last);
  }

  async #run(input: Buffer, all: boolean): Promise<{ fault: { error: unknown } | null; features: readonly number[] }> {
    this.runs++;
    this.#onInput(input);
    try {
      // A copy: what the target writes into its input must not change the corpus.
      const running = this.#target.run(Buffer.from(input));
      if (running !== undefined) await running;
    } catch (error) {
      this.#coverage.take({ all: true });
      return { fault: { error }, features: [] };
    }
    const { news, work } = this.#coverage.take({ all });
    const most = this.#target.mostWork(input.length);
    this.mostWork = Math.max(this.mostWork, work / most);
    const fault = work > most ? { error: new Error(`${work} statements executed, more than ${most}`) } : null;
    return { fault, features: news };
  }

  /** The input without the parts that `holds` does without. */
  async #shortened(input: Buffer, holds: (shorter: Buffer) => Promise<boolean>, mostRuns: number): Promise<Buffer> {
    const { block } = this.#target;
    let best = input;
    let runs = 0;
    for (
      let size = Math.ceil(best.length / 2 / block) * block;
      size >= block;
      size = Math.floor(size / 2 / block) * block
    ) {
      for (let at = 0; at < best.length && runs < mostRuns; runs++) {
        const shorter = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
        if (await holds(shorter)) best = shorter;
        else at += size;
      }
    }
    return best;
  }
}
