/** What is fuzzed: modules, and a run that throws where they break a rule. */

export interface FuzzTarget {
  readonly name: string;
  /** Bytes that belong together, and of the longest input. */
  readonly block: number;
  readonly largest: number;
  /** Texts and bytes that inputs are likely to need. */
  readonly tokens?: readonly (string | Buffer)[];
  /** Valid inputs to begin with. */
  seeds(): Buffer[];
  /** Most statements that an input of this many bytes may execute: more is work that grows faster than what asks for it. */
  mostWork(length: number): number;
  /** Throws where the input breaks a rule. Nothing of it goes on after it has returned or resolved. */
  run(input: Buffer): void | Promise<void>;
}

/** The numbers of an input, in order; zeros behind its end. */
export class Choices {
  readonly #input: Buffer;
  #at = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#input.length;
  }

  byte(): number {
    return this.#input[this.#at++] ?? 0;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  /** From −32,768 to 32,767. */
  int16(): number {
    const value = this.uint16();
    return value < 0x8000 ? value : value - 0x1_0000;
  }

  below(count: number): number {
    return this.byte() % count;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** Everything that is left. */
  rest(): Buffer {
    const rest = this.#input.subarray(this.#at);
    this.#at = this.#input.length;
    return rest;
  }
}

/** Bytes of an event of a state machine's script: its kind, and the numbers that it needs. */
export const EVENT_LENGTH = 8;

/** The events of a script. */
export function* eventsOf(input: Buffer): Generator<Choices> {
  for (let at = 0; at < input.length; at += EVENT_LENGTH) yield new Choices(input.subarray(at, at + EVENT_LENGTH));
}

/** A script of events, each the numbers of its bytes. */
export const script = (...events: number[][]): Buffer =>
  Buffer.concat(events.map((event) => Buffer.concat([Buffer.from(event), Buffer.alloc(EVENT_LENGTH)], EVENT_LENGTH)));
