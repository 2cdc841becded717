/** The process that looks at what arrives, as a benchmark has hold of it: see collect.ts. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CollectOptions } from './collect.js';
import type { CompletenessReport } from './completeness.js';
import { Program } from './processes.js';

export type { CollectOptions } from './collect.js';
export type { CompletenessReport } from './completeness.js';

const entry = fileURLToPath(new URL('collect.js', import.meta.url));

export class Collector {
  readonly program: Program;
  readonly #lines: AsyncIterator<string>;

  private constructor(program: Program) {
    this.program = program;
    this.#lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
  }

  /** `before` are words that run it in another network. Resolves when it listens. */
  static async start(
    before: readonly string[],
    options: CollectOptions,
    env: NodeJS.ProcessEnv = {},
  ): Promise<Collector> {
    const [command, ...words] = [...before, process.execPath, entry, JSON.stringify(options)];
    const collector = new Collector(new Program(command, words, { env }));
    await collector.#line();
    return collector;
  }

  /** Resolves when something has come. */
  async receiving(patience: number): Promise<void> {
    const given = new AbortController();
    const isLate = sleep(patience, true, { signal: given.signal }).catch(() => false);
    if (await Promise.race([this.#line().then(() => false), isLate])) {
      throw new Error(`nothing has come. ${this.program.said}`);
    }
    given.abort();
  }

  /** What comes from now on counts. */
  begin(): void {
    this.program.child.stdin!.write('begin\n');
  }

  async end(): Promise<CompletenessReport> {
    this.program.child.stdin!.write('end\n');
    return JSON.parse(await this.#line());
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    await once(this.program.child, 'close');
    throw new Error(`what collects the stream ended: ${this.program.said}`);
  }
}
