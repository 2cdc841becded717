/** Growing typed arrays: a few bytes an access unit, also for a film of hours. */

const FIRST_CAPACITY = 4_096;

type Numbers = Uint32Array | Float64Array | Uint8Array;

class Table<T extends Numbers> {
  length = 0;
  #values: T;
  readonly #make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.#make = make;
    this.#values = make(FIRST_CAPACITY);
  }

  push(value: number): void {
    if (this.length === this.#values.length) {
      const larger = this.#make(this.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  pop(): void {
    this.length--;
  }

  at(index: number): number {
    return this.#values[index]!;
  }

  /** The values pushed so far; shares memory with the table. */
  view(from = 0): T {
    return this.#values.subarray(from, this.length) as T;
  }
}

export const uint32Table = () => new Table((length) => new Uint32Array(length));
export const float64Table = () => new Table((length) => new Float64Array(length));
export const uint8Table = () => new Table((length) => new Uint8Array(length));
