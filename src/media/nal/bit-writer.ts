/** Writes bits, the most significant first, and the Exp-Golomb codes of ITU-T H.264, 9.1. */
export class BitWriter {
  readonly #bytes: number[] = [];
  #position = 0;

  /** The lowest `count` bits of `value`, up to 32. */
  write(value: number, count: number): void {
    for (let i = count - 1; i >= 0; i--) {
      if (this.#position % 8 === 0) this.#bytes.push(0);
      const bit = Math.floor(value / 2 ** i) % 2;
      this.#bytes[this.#bytes.length - 1]! |= bit << (7 - (this.#position % 8));
      this.#position++;
    }
  }

  flag(value: boolean): void {
    this.write(value ? 1 : 0, 1);
  }

  /** ue(v) */
  unsigned(value: number): void {
    const length = Math.floor(Math.log2(value + 1));
    this.write(0, length);
    this.write(value + 1, length + 1);
  }

  /** Bits `from` to `to` − 1 of `source`. */
  copy(source: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at++) this.write((source[at >> 3]! >> (7 - (at & 7))) & 1, 1);
  }

  /** The bytes; the last one is filled up with zeros. */
  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
