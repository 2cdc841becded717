/** What the multiplexer needs of an elementary stream beside the pictures: sound or another kind. */
import type { Ticks90k } from '../base/units.js';

/** The PES packets of an elementary stream, in the order of their times. */
export interface PesSource {
  pid: number;
  /** stream_id of their headers. */
  streamId: number;
  /** Bytes of payload of each. */
  sizes: Uint32Array;
  /** From when a payload is presented in the reel, less the media delay, until it leaves; default that of sound. */
  wait?: Ticks90k;
  /** Presentation time, from the reel's beginning on. */
  ptsOf(pes: number): Ticks90k;
  /** Opens the payloads; `read` must be called for each in order, and copies it to `offset` of `out`. */
  open(): { read(out: Buffer, offset: number, pes: number): void; close(): void };
}
