/** A file of sound alone: radio, with its cover or a card as the picture. */
import { join } from 'node:path';
import { AV_NOPTS_VALUE } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { MediaInput } from './input/input.js';
import { AAC_CODEC_STRING, aacName } from './names.js';
import { Notes, noteMissingEnd } from './notes.js';
import { type AirFormat, airFormatOf, layoutDepth } from './pictures/air-format.js';
import type { PictureShape } from './pictures/picture-layout.js';
import { posterOf } from './pictures/poster.js';
import { soundPicture } from './pictures/sound-picture.js';
import { encodeSpectrum, spectrumHeight, withRoom } from './pictures/spectrum.js';
import { encodeStill, type StillGroup, stillVideo } from './pictures/still-group.js';
import { aspectName } from './ratio.js';
import type { Ratio } from './settings.js';
import { channelsWanted, soundWanted, spoolFurther } from './sound/further-sound.js';
import { copySound, encodeSound, type MadeSound } from './sound/make-sound.js';
import type { Spool, SpooledVideo, SpoolOptions } from './spool.js';
import { carrySubtitles, withFurther } from './subtitles/make-subtitles.js';

/** The layout of stations of sound. A picture that stands costs little at any rate, and films can follow at this one. */
const FRAME: PictureShape = { width: 1_280, height: 720, sampleAspectRatio: [1, 1] };
const RATE: Ratio = [25, 1];

/** Spools sound with a picture that stands. Throws as `spoolMedia` does. */
export function spoolSound(options: SpoolOptions): Spool {
  const { source, folder, settings, onProgress } = options;
  const { target, loudness } = settings;
  const format = airFormatOf(settings);
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
  const given = { frame, frameRate: target?.frameRate ?? RATE, folder, notes, cover: options.cover ?? null };
  const { picture, group, poster } = using((input) =>
    stillOf(input, given, { hasSpectrum: settings.spectrum, format }),
  );
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
  const moving = withSpectrum(options, { picture, group, video, made });
  picture.free();
  onProgress(1);
  const { width, height, sampleAspectRatio } = group.sequence;
  const { channels, how } = made;
  const sequence = moving?.sequence ?? group.sequence;
  return {
    format: format.codec.format,
    video: moving?.video ?? video,
    ...layoutDepth(sequence),
    audio: made.spooled,
    ...withFurther(further, carried),
    poster,
    properties: {
      width,
      height,
      sampleAspectRatio,
      aspectRatio: aspectName({ width, height, sampleAspectRatio }),
      frameRate: group.frameRate,
      videoCodec: sequence.name,
      audioCodec: aacName(channels),
      codecs: `${sequence.codecString},${AAC_CODEC_STRING}`,
      video: 'encoded',
      encoding: moving ? group.encoding.replace(STANDS, MOVES) : group.encoding,
      audio: how,
      channels,
      reason: ['sound without pictures', how === 'encoded' ? copied.reason : ''].filter(Boolean).join(', '),
      ...(made.loudness !== undefined && { loudness: made.loudness }),
      notes: notes.texts,
      title,
    },
  };
}

/** The caller frees the picture. */
function stillOf(
  input: MediaInput,
  options: Parameters<typeof soundPicture>[1],
  { hasSpectrum, format }: { hasSpectrum: boolean; format: AirFormat },
): { picture: Frame; group: StillGroup; poster: Buffer | null } {
  const { width, height, sampleAspectRatio } = options.frame;
  const above = { width, height: height - spectrumHeight(height), sampleAspectRatio };
  const picture = hasSpectrum
    ? withRoom(soundPicture(input, { ...options, frame: above }), height)
    : soundPicture(input, options);
  return { picture, poster: posterOf(picture), group: encodeStill(picture, options.frameRate, format) };
}

const STANDS = 'one picture that stands';
const MOVES = 'a moving spectrum';

/** The pictures with the spectrum of the sound, where that is asked for and there is sound; null otherwise. */
function withSpectrum(
  { settings, folder, onProgress }: SpoolOptions,
  on: { picture: Frame; group: StillGroup; video: SpooledVideo; made: MadeSound },
): ReturnType<typeof encodeSpectrum> | null {
  const { picture, group, video, made } = on;
  if (!settings.spectrum || made.how === 'silent') return null;
  const { frameRate } = group;
  const count = video.sizes.length;
  const path = join(folder, 'video');
  const { target } = settings;
  const format = airFormatOf(settings);
  return encodeSpectrum({ picture, audio: made.spooled, format, frameRate, count, target, path, onProgress });
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
