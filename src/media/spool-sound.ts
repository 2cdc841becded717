/** A file of sound alone: radio, with its cover or a card as the picture. */
import { join } from 'node:path';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { h264CodecString, h264Name } from './h264/h264-sps.js';
import { MediaInput } from './input/input.js';
import { AAC_CODEC_STRING, aacName } from './names.js';
import { Notes, noteMissingEnd } from './notes.js';
import type { PictureShape } from './pictures/picture-layout.js';
import { posterOf } from './pictures/poster.js';
import { soundPicture } from './pictures/sound-picture.js';
import { encodeStill, type StillGroup, stillVideo } from './pictures/still-group.js';
import { aspectName } from './ratio.js';
import type { Ratio } from './settings.js';
import { channelsWanted, soundWanted, spoolFurther } from './sound/further-sound.js';
import { copySound, encodeSound } from './sound/make-sound.js';
import type { Spool, SpoolOptions } from './spool.js';
import { carrySubtitles, withFurther } from './subtitles/make-subtitles.js';

/** The layout of stations of sound. A picture that stands costs little at any rate, and films can follow at this one. */
const FRAME: PictureShape = { width: 1_280, height: 720, sampleAspectRatio: [1, 1] };
const RATE: Ratio = [25, 1];

/** Spools sound with a picture that stands. Throws as `spoolMedia` does. */
export function spoolSound(options: SpoolOptions): Spool {
  const { source, folder, settings, onProgress } = options;
  const { target, loudness } = settings;
  const notes = new Notes();
  const sound = { ...soundWanted(settings), alone: true };
  const using = <T>(use: (input: MediaInput) => T): T => {
    const input = new MediaInput(source, undefined, sound);
    try {
      return use(input);
    } finally {
      input.close();
    }
  };
  const frame = target ?? FRAME;
  const { group, poster } = using((input) => stillOf(input, { frame, rate: target?.frameRate ?? RATE, folder, notes }));
  const { origin, end, declaredEnd, title } = using(timesOf);
  const length = Ticks90k(end - origin);
  noteMissingEnd(notes, { declaredEnd, origin, end });
  const video = stillVideo(group, { duration: length, target });
  const wanted = {
    source,
    path: join(folder, 'audio.aac'),
    sound,
    channels: channelsWanted(settings),
    surround: settings.channels === 6,
    loudness,
    origin,
    duration: video.duration,
    check: settings.decodeCheck === true,
    onProgress,
  };
  const copied = copySound(wanted);
  const made = copied.made ?? encodeSound(wanted);
  for (const note of made.notes) notes.add(note);
  const further = spoolFurther({ wanted, main: made, target, folder, notes, copies: true });
  const carried = carrySubtitles(options, null, { frame: group.sequence, origin, duration: video.duration });
  onProgress(1);
  const { width, height, sampleAspectRatio } = group.sequence;
  const { channels, how } = made;
  return {
    format: 'h264',
    video,
    audio: made.spooled,
    ...withFurther(further, carried),
    poster,
    properties: {
      width,
      height,
      sampleAspectRatio,
      aspectRatio: aspectName({ width, height, sampleAspectRatio }),
      frameRate: group.frameRate,
      videoCodec: h264Name(group.sequence),
      audioCodec: aacName(channels),
      codecs: `${h264CodecString(group.sequence)},${AAC_CODEC_STRING}`,
      video: 'encoded',
      encoding: group.encoding,
      audio: how,
      channels,
      reason: ['sound without pictures', how === 'encoded' ? copied.reason : ''].filter(Boolean).join(', '),
      ...(made.loudness !== undefined && { loudness: made.loudness }),
      notes: notes.texts,
      title,
    },
  };
}

function stillOf(
  input: MediaInput,
  { rate, ...options }: { frame: PictureShape; rate: Ratio; folder: string; notes: Notes },
): { group: StillGroup; poster: Buffer | null } {
  const picture = soundPicture(input, options);
  try {
    return { poster: posterOf(picture), group: encodeStill(picture, rate) };
  } finally {
    picture.free();
  }
}

/** When the sound begins and ends, on the source's clock. A container may have it begin behind the encoder's priming. */
function timesOf(input: MediaInput) {
  let first: Ticks90k | null = null;
  input.forEachPacket(({ pts }) => {
    first ??= pts;
    return true;
  });
  const { audio, soundEnd, declaredEnd } = input;
  const begin = audio && audio.startTime !== AV_NOPTS_VALUE ? audio : null;
  const known = begin && (Number(begin.startTime) * begin.timeBase.num * TICKS_PER_SECOND) / begin.timeBase.den;
  const origin = Ticks90k(Math.round(known ?? first ?? 0));
  return { origin, end: Ticks90k(Math.max(origin + 1, soundEnd ?? 0)), declaredEnd, title: input.tag('title') || null };
}
