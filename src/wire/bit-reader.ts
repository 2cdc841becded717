/** Reads bits, the most significant first, and the Exp-Golomb codes of ITU-T H.264, 9.1. */
export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Bits read. */
  get position(): number {
    return this.#position;
  }

  /** Up to 32 bits, unsigned. Throws RangeError past the end. */
  read(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) {
      const byte = this.#bytes[this.#position >> 3];
      if (byte === undefined) throw new RangeError('the bits end too early');
      value = value * 2 + ((byte >> (7 - (this.#position & 7))) & 1);
      this.#position++;
    }
    return value;
  }

  flag(): boolean {
    return this.read(1) === 1;
  }

  /** ue(v): unsigned Exp-Golomb. */
  unsigned(): number {
    let zeros = 0;
    while (!this.flag()) {
      if (++zeros > 32) throw new RangeError('an Exp-Golomb code of more than 32 bits');
    }
    return 2 ** zeros - 1 + this.read(zeros);
  }

  /** se(v): signed Exp-Golomb. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 0 ? -code / 2 : (code + 1) / 2;
  }
}
