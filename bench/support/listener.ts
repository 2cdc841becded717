/** The receiver beside a benchmark, as the benchmark has hold of it. */
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Program } from './processes.js';
import type { Received } from './receive.js';

export type { Received } from './receive.js';

const entry = fileURLToPath(new URL('receive.js', import.meta.url));

export class Listener {
  readonly #program: Program;
  readonly #lines: AsyncIterator<string>;

  private constructor(program: Program) {
    this.#program = program;
    this.#lines = createInterface({ input: program.child.stdout! })[Symbol.asyncIterator]();
  }

  /** Resolves when it has joined the groups. */
  static async start(destinations: readonly { group: string; port: number }[]): Promise<Listener> {
    const listener = new Listener(new Program(process.execPath, [entry, JSON.stringify(destinations)]));
    await listener.#line();
    return listener;
  }

  /** The process group. */
  get group(): number {
    return this.#program.group;
  }

  /** What arrives from now on counts. */
  begin(): void {
    this.#program.child.stdin!.write('begin\n');
  }

  async end(isClocked: boolean): Promise<Received> {
    this.#program.child.stdin!.write(isClocked ? 'end clocked\n' : 'end\n');
    return JSON.parse(await this.#line());
  }

  close(): Promise<void> {
    return this.#program.end();
  }

  async #line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (!done) return value;
    await once(this.#program.child, 'close');
    throw new Error(`the listener ended: ${this.#program.said}`);
  }
}
