/** Copied pictures, read from their source a second time: faster than writing them to the disk in between. */
import { Problem } from '../../base/problem.js';
import type { DecoderConfiguration } from '../../wire/nal-units.js';
import { MediaInput } from '../input/input.js';
import type { SequenceEdit } from '../nal/sequence-edit.js';
import type { AccessUnitReader } from '../spool.js';
import { AccessUnits } from './access-units.js';
import type { PictureCodec } from './picture-codec.js';

/** What is copied of a source. */
export interface CopiedSource {
  source: string;
  codec: PictureCodec;
  configuration: DecoderConfiguration;
  edit: SequenceEdit | null;
  /** Numbers, from 0, of the source's video packets, one for each picture. */
  taken: Uint32Array;
  /** Those of random access points that begin a sequence besides the first. */
  begins: ReadonlySet<number>;
}

export class CopiedVideoReader implements AccessUnitReader {
  readonly #source: string;
  readonly #taken: Uint32Array;
  readonly #begins: ReadonlySet<number>;
  readonly #input: MediaInput;
  readonly #packets: ReturnType<MediaInput['packets']>;
  readonly #units: AccessUnits;
  #next = 0;
  #packet = 0;

  constructor(options: CopiedSource) {
    this.#source = options.source;
    this.#taken = options.taken;
    this.#begins = new Set([options.taken[0]!, ...options.begins]);
    this.#units = new AccessUnits(options.codec, options.configuration, options.edit);
    this.#input = new MediaInput(options.source);
    this.#input.skipAudio();
    this.#packets = this.#input.packets();
  }

  read(out: Buffer, offset: number, length: number): void {
    const wanted = this.#taken[this.#next++]!;
    for (;;) {
      const { value } = this.#packets.next();
      if (!value) throw this.#changed();
      if (!value.isVideo) continue;
      // Packets that are left out are parsed too: they may hold parameter sets.
      const isTaken = this.#packet++ === wanted;
      const kind = this.#units.parsePacket(value.packet);
      if (!isTaken) continue;
      if (this.#begins.has(wanted)) this.#units.beginSequence();
      if (kind === 'damaged' || this.#units.size !== length) throw this.#changed();
      let at = offset;
      this.#units.write({
        append: (data, start = 0, end = data.length) => {
          at += data.copy(out, at, start, end);
        },
      });
      return;
    }
  }

  close(): void {
    this.#packets.return();
    this.#input.close();
  }

  #changed(): Problem {
    return new Problem('source', `${this.#source}: changed while it was prepared`, 'Try again when it is complete.');
  }
}
