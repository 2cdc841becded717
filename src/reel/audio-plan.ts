/** The audio frames of a reel and their times: exactly as long as its video, so that a loop has no gap. */
import { Ticks90k } from '../base/units.js';
import { placeSound, type SpooledAudio } from '../media/spool.js';
import { SpoolReader } from '../media/spool-reader.js';
import type { PesSource } from './pes-source.js';

/** Frames in a PES packet, of AAC and of longer frames: about a tenth of a second. */
const FRAMES_PER_PES = 4;
const LONG_FRAMES_PER_PES = 3;

/** The frames of a track of sound in their places; those that it lacks are silent. */
export function planAudio(options: {
  audio: SpooledAudio;
  duration: Ticks90k;
  pid: number;
  streamId: number;
}): PesSource {
  const { audio, duration, pid, streamId } = options;
  const { start, frame } = audio;
  const { count, first: firstOfSource } = placeSound({ start, duration, frame });
  const framesPerPes = frame === undefined ? FRAMES_PER_PES : LONG_FRAMES_PER_PES;
  const sourceFrame = (frame: number) => {
    const index = frame - firstOfSource;
    return index >= 0 && index < audio.sizes.length ? index : -1;
  };
  const frameSizes = new Uint32Array(count);
  for (let frame = 0; frame < count; frame++) {
    const source = sourceFrame(frame);
    frameSizes[frame] = source < 0 ? audio.silence.length : audio.sizes[source]!;
  }
  const sizes = new Uint32Array(Math.ceil(count / framesPerPes));
  for (let frame = 0; frame < count; frame++) sizes[Math.floor(frame / framesPerPes)]! += frameSizes[frame]!;
  const open = () => {
    const reader = new SpoolReader(audio.path);
    const before = audio.sizes.subarray(0, Math.max(0, -firstOfSource));
    reader.skip(before.reduce((sum, size) => sum + size, 0));
    return {
      read(out: Buffer, offset: number, pes: number): void {
        const first = pes * framesPerPes;
        const last = Math.min(first + framesPerPes, count);
        for (let frame = first, at = offset; frame < last; at += frameSizes[frame++]!) {
          if (sourceFrame(frame) < 0) audio.silence.copy(out, at);
          else reader.read(out, at, frameSizes[frame]!);
        }
      },
      close: () => reader.close(),
    };
  };
  const ptsOf = (pes: number) => Ticks90k(Math.round((pes * framesPerPes * duration) / count));
  return { pid, streamId, sizes, ptsOf, open };
}
