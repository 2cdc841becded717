/** The audio frames of a reel and their times: exactly as long as its video, so that a loop has no gap. */
import { Ticks90k } from '../base/units.js';
import { placeSound, type SpooledAudio } from '../media/spool.js';
import { SpoolReader } from '../media/spool-reader.js';

export interface AudioPlan {
  /** Bytes of each frame. */
  sizes: Uint32Array;
  /** Presentation time of a frame. */
  ptsOf(frame: number): Ticks90k;
  /** Opens the frames; `read` must be called for each in order, copies it and returns its bytes. */
  open(): { read(out: Buffer, offset: number, frame: number): number; close(): void };
}

/** The frames of the film's sound in their places; those that the source lacks are silent. */
export function planAudio(audio: SpooledAudio, duration: Ticks90k): AudioPlan {
  const { count, first: firstOfSource } = placeSound({ start: audio.start, duration });
  const sourceFrame = (frame: number) => {
    const index = frame - firstOfSource;
    return index >= 0 && index < audio.sizes.length ? index : -1;
  };
  const sizes = new Uint32Array(count);
  for (let frame = 0; frame < count; frame++) {
    const source = sourceFrame(frame);
    sizes[frame] = source < 0 ? audio.silence.length : audio.sizes[source]!;
  }
  const open = () => {
    const reader = new SpoolReader(audio.path);
    const before = audio.sizes.subarray(0, Math.max(0, -firstOfSource));
    reader.skip(before.reduce((sum, size) => sum + size, 0));
    return {
      read(out: Buffer, offset: number, frame: number): number {
        const size = sizes[frame]!;
        if (sourceFrame(frame) < 0) audio.silence.copy(out, offset);
        else reader.read(out, offset, size);
        return size;
      },
      close: () => reader.close(),
    };
  };
  return { sizes, ptsOf: (frame) => Ticks90k(Math.round((frame * duration) / count)), open };
}
