/** A source as JPEG pictures at a constant rate. */
import { join } from 'node:path';
import { Ticks90k } from '../base/units.js';
import { MediaInput } from './input/input.js';
import { measurePictures } from './input/picture-times.js';
import { Notes, noteDamaged, noteDropped, noteMissingEnd } from './notes.js';
import { encodeJpeg } from './pictures/encode-jpeg.js';
import { keptRate } from './pictures/kept-rate.js';
import type { PictureShape } from './pictures/picture-layout.js';
import { aspectName, encodedFrameRate, ratioOf } from './ratio.js';
import type { MediaProperties, Ratio } from './settings.js';
import { frameTime, type Spool, type SpoolOptions } from './spool.js';
import { filmSubtitles } from './subtitles/make-subtitles.js';

/** Spools `source` as JPEG pictures. Throws as `spoolMedia` does. */
export function spoolJpeg(options: SpoolOptions): Spool {
  const { source, folder, settings, onProgress } = options;
  const subtitles = filmSubtitles(options);
  const notes = new Notes();
  const input = new MediaInput(source, notes, undefined, subtitles !== null);
  try {
    // Otherwise the end of the file may be that of its sound.
    if (input.videoEnd !== null) input.skipAudio();
    const { fps, target } = settings;
    const times = measurePictures(source);
    const { avgFrameRate, rFrameRate } = input.video;
    const header = { average: ratioOf(avgFrameRate), base: ratioOf(rFrameRate) };
    const frameRate = target?.frameRate ?? (fps === 'source' ? keptRate(times, header) : rateOf(fps));
    const { frames, layout, done } = encodeJpeg({
      input,
      notes,
      times,
      path: join(folder, 'frames.mjpeg'),
      frameRate,
      target,
      subtitles,
      onProgress,
    });
    onProgress(1);
    for (const note of subtitles?.notes.texts ?? []) notes.add(note);
    noteDropped(notes, { ...done, frameRate });
    noteDamaged(notes, done.damaged);
    const { origin } = done;
    const end = Ticks90k(Math.max(origin + done.end, input.soundEnd ?? origin));
    noteMissingEnd(notes, { declaredEnd: input.declaredEnd, origin, end, endsDamaged: input.endsInPacket });
    return {
      format: 'jpeg',
      frames,
      frameRate,
      duration: frameTime(frames.sizes.length, frameRate),
      properties: jpegProperties(layout, { frameRate, notes, title: input.title }),
    };
  } finally {
    input.close();
  }
}

/** The ratio for a number such as 29.97. */
export const rateOf = (fps: number): Ratio => encodedFrameRate([Math.round(fps * 1_000), 1_000]);

/** The properties of JPEG pictures of that size. */
export function jpegProperties(
  { width, height, sampleAspectRatio }: PictureShape,
  { frameRate, notes, title }: { frameRate: Ratio; notes: Notes; title: string | null },
): MediaProperties {
  return {
    ...{ width, height, sampleAspectRatio, frameRate },
    aspectRatio: aspectName({ width, height, sampleAspectRatio }),
    videoCodec: 'JPEG',
    audioCodec: null,
    codecs: 'jpeg',
    video: 'encoded',
    audio: 'none',
    channels: 0,
    reason: 'a station of JPEG pictures',
    notes: notes.texts,
    title,
  };
}
