/** Which audio frames a reel carries, and when: exactly as long as its video, so that a loop has no gap. */
import type { Ticks90k } from '../base/units.js';
import { AAC_FRAME_TICKS, type SpooledAudio } from '../media/spool.js';
import { SpoolReader } from '../media/spool-reader.js';

export interface AudioPlan {
  /** Bytes of each frame. */
  sizes: Uint32Array;
  /** Presentation time of a frame. */
  ptsOf(frame: number): Ticks90k;
  /** Copies frames one after the other, the first first; returns the bytes of each. */
  open(): { read(out: Buffer, offset: number, frame: number): number; close(): void };
}

/**
 * As many frames as come nearest to `duration`. Their time stamps are spread over it evenly, which stretches or
 * shortens each by less than half a frame over the whole reel (10.7 ms): no gap or overlap at a join, and lips in step.
 * Where the source has no frame, silence stands.
 */
export function planAudio(audio: SpooledAudio, duration: Ticks90k): AudioPlan {
  const count = Math.max(1, Math.round(duration / AAC_FRAME_TICKS));
  const firstOfSource = Math.round(audio.start / AAC_FRAME_TICKS);
  const sourceFrame = (frame: number) => {
    const index = frame - firstOfSource;
    return index >= 0 && index < audio.sizes.length ? index : -1;
  };
  const sizes = new Uint32Array(count);
  for (let frame = 0; frame < count; frame++) {
    const source = sourceFrame(frame);
    sizes[frame] = source < 0 ? audio.silence.length : audio.sizes[source];
  }
  const open = () => {
    const reader = new SpoolReader(audio.path);
    const before = audio.sizes.subarray(0, Math.max(0, -firstOfSource));
    reader.skip(before.reduce((sum, size) => sum + size, 0));
    return {
      read(out: Buffer, offset: number, frame: number): number {
        if (sourceFrame(frame) < 0) audio.silence.copy(out, offset);
        else reader.read(out, offset, sizes[frame]);
        return sizes[frame];
      },
      close: () => reader.close(),
    };
  };
  return { sizes, ptsOf: (frame) => Math.round((frame * duration) / count), open };
}
