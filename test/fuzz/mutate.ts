/** Changes of inputs. */
import { below, pick, type Random } from './random.js';

export interface MutationOptions {
  /** Bytes of the longest result. */
  largest: number;
  /** Bytes that belong together: cuts, copies and joints lie between blocks, mostly. */
  block: number;
  tokens: readonly Buffer[];
}

const interesting8 = [0, 1, 0x7f, 0x80, 0xfe, 0xff];
const interesting16 = [0, 1, 0x7f, 0xff, 0x100, 0x7fff, 0x8000, 0xfffe, 0xffff];
const interesting32 = [0, 1, 0xffff, 0x1_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff];
/** Numbers as texts. */
const interestingTexts = [
  '0',
  '-1',
  '1.5',
  '65536',
  '4294967296',
  '9007199254740993',
  '1e12',
  '1e308',
  '-1e999',
  'null',
];
/** Largest change of a number by adding. */
const MOST_ADDED = 16;
const MOST_CHANGES = 5;

/** A changed copy of `input`; `other` is another input, to be joined with it. */
export function mutate(input: Buffer, other: Buffer, random: Random, options: MutationOptions): Buffer {
  let out: Buffer = Buffer.from(input);
  const changes = 1 + below(random, MOST_CHANGES);
  for (let i = 0; i < changes; i++) out = change(out, other, random, options);
  return out.subarray(0, options.largest);
}

function change(input: Buffer, other: Buffer, random: Random, { block, tokens }: MutationOptions): Buffer {
  const grain = block > 1 && below(random, 4) === 0 ? 1 : block;
  /** A place between blocks. */
  const place = (bytes: Buffer) => below(random, Math.floor(bytes.length / grain) + 1) * grain;
  const range = (bytes: Buffer): [from: number, to: number] => {
    const from = place(bytes);
    const most = below(random, 8) === 0 ? bytes.length : 4 * grain;
    return [from, Math.min(bytes.length, from + grain * (1 + below(random, Math.max(1, Math.ceil(most / grain)))))];
  };
  const put = (at: number, bytes: Buffer, to = at) => Buffer.concat([input.subarray(0, at), bytes, input.subarray(to)]);
  switch (below(random, 13)) {
    case 0: {
      if (input.length > 0) input[below(random, input.length)]! ^= 1 << below(random, 8);
      return input;
    }
    case 1: {
      if (input.length > 0) input[below(random, input.length)] = pick(random, interesting8);
      return input;
    }
    case 2: {
      if (input.length > 0) input[below(random, input.length)] = random();
      return input;
    }
    case 3:
      return number(input, 2, random, () => pick(random, interesting16));
    case 4:
      return number(input, 4, random, () => pick(random, interesting32));
    case 5:
      return number(input, 1 << below(random, 3), random, (value) => value + 1 + below(random, MOST_ADDED));
    case 6:
      return number(input, 1 << below(random, 3), random, (value) => value - 1 - below(random, MOST_ADDED));
    case 7: {
      const [from, to] = range(input);
      return put(from, Buffer.alloc(0), to); // out
    }
    case 8: {
      const [from, to] = range(input);
      return put(place(input), input.subarray(from, to)); // twice
    }
    case 9: {
      const [from, to] = range(other);
      return put(place(input), other.subarray(from, to)); // from the other
    }
    case 10:
      return Buffer.concat([input.subarray(0, place(input)), other.subarray(place(other))]);
    case 11: {
      const added = Buffer.alloc(grain);
      for (let i = 0; i < grain; i++) added[i] = random();
      return put(place(input), added);
    }
    default: {
      if (tokens.length === 0) return input;
      const token = below(random, 4) === 0 ? Buffer.from(pick(random, interestingTexts)) : pick(random, tokens);
      const at = below(random, input.length + 1);
      return put(at, token, below(random, 2) === 0 ? at : Math.min(input.length, at + token.length));
    }
  }
}

/** Changes a big-endian number of `size` bytes somewhere. */
function number(input: Buffer, size: number, random: Random, to: (value: number) => number): Buffer {
  if (input.length < size) return input;
  const at = below(random, input.length - size + 1);
  const modulus = 256 ** size;
  const value = to(input.readUIntBE(at, size));
  input.writeUIntBE(((value % modulus) + modulus) % modulus, at, size);
  return input;
}
