/** The end of a reel's pictures. */
import type { AccessUnitReader, SpooledVideo } from '../spool.js';

/**
 * The pictures with `endOfSequence` behind the last one: what follows, in the next loop or another reel, is decoded without them,
 * also where it begins with a random access point that would otherwise continue their sequence (CRA). Null: nothing is needed.
 */
export function withEndOfSequence(video: SpooledVideo, endOfSequence: Buffer | null): SpooledVideo {
  if (endOfSequence === null) return video;
  const last = video.sizes.length - 1;
  const sizes = video.sizes.slice();
  sizes[last]! += endOfSequence.length;
  return { ...video, sizes, open: () => new EndingReader(video.open(), last, endOfSequence) };
}

class EndingReader implements AccessUnitReader {
  readonly #video: AccessUnitReader;
  readonly #last: number;
  readonly #end: Buffer;
  #next = 0;

  constructor(video: AccessUnitReader, last: number, end: Buffer) {
    this.#video = video;
    this.#last = last;
    this.#end = end;
  }

  read(out: Buffer, offset: number, length: number): void {
    if (this.#next++ < this.#last) {
      this.#video.read(out, offset, length);
      return;
    }
    const own = length - this.#end.length;
    this.#video.read(out, offset, own);
    this.#end.copy(out, offset + own);
  }

  close(): void {
    this.#video.close();
  }
}
