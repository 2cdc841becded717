/** A film as pictures and sound of a stream, copied or encoded. */
import { join } from 'node:path';
import { Ticks90k } from '../base/units.js';
import { VideoCopier } from './copy/copy-video.js';
import { type CopiedPictures, mendVideo } from './copy/mended-video.js';
import type { Sequence } from './copy/picture-codec.js';
import { Damaged, Unfit } from './copy/unfit.js';
import { MediaInput } from './input/input.js';
import { AAC_CODEC_STRING, aacName } from './names.js';
import { Notes, noteLeftOut, noteMended, noteMissingEnd } from './notes.js';
import { airFormatOf, layoutDepth } from './pictures/air-format.js';
import { encodeVideo } from './pictures/encode-video.js';
import { standUntil } from './pictures/last-picture.js';
import { noteLead } from './pictures/late-pictures.js';
import { aspectName } from './ratio.js';
import type { Ratio } from './settings.js';
import { AudioCopier } from './sound/copy-audio.js';
import { channelsWanted, soundWanted, spoolFurther } from './sound/further-sound.js';
import { chosenOf, copySound, encodeSound, type MadeSound, type SoundOptions } from './sound/make-sound.js';
import type { Spool, SpooledVideo, SpoolOptions } from './spool.js';
import { BURNED_IN, wantsSubtitles } from './subtitles/carried.js';
import { carrySubtitles, type FilmSubtitles, filmSubtitles, withFurther } from './subtitles/make-subtitles.js';

/** Share of the progress for the pictures; the sound takes the rest. */
const VIDEO_SHARE = 0.9;

interface VideoResult {
  video: SpooledVideo;
  sequence: Sequence;
  frameRate: Ratio;
  origin: Ticks90k;
  reason: string;
  /** How they were encoded; null where they are copied. */
  encoding: string | null;
  /** Null where the sound is not copied. */
  audio: MadeSound | null;
  /** Why the sound is not copied. */
  audioReason: string;
  /** Whether copied sound is decoded, to find damage. */
  check: boolean;
  notes: Notes;
  title: string | null;
}

/** Spools `source` as H.264 or H.265, and AAC. Throws as `spoolMedia` does. */
export function spoolFilm(options: SpoolOptions): Spool {
  const { onProgress } = options;
  const format = airFormatOf(options.settings);
  const subtitles = filmSubtitles(options);
  const pictures = copyOrEncode(options, subtitles);
  const { video, sequence, origin, frameRate } = pictures;
  const wanted = soundOptions(options, { origin, duration: video.duration, check: pictures.check });
  const audio = pictures.audio ?? encodeSound(wanted);
  const { notes } = pictures;
  for (const note of audio.notes) notes.add(note);
  const { folder, settings } = options;
  const { target } = settings;
  const further = spoolFurther({ wanted, main: audio, target, folder, notes, copies: true });
  const carried = carrySubtitles(options, subtitles, { frame: sequence, origin, duration: video.duration });
  for (const note of subtitles?.notes.texts ?? []) notes.add(note);
  onProgress(1);
  const { width, height, sampleAspectRatio } = sequence;
  const { channels, how } = audio;
  return {
    format: format.codec.format,
    video,
    ...layoutDepth(sequence),
    audio: audio.spooled,
    ...withFurther(further, carried),
    properties: {
      width,
      height,
      sampleAspectRatio,
      aspectRatio: aspectName({ width, height, sampleAspectRatio }),
      frameRate,
      videoCodec: sequence.name,
      audioCodec: aacName(channels),
      codecs: `${sequence.codecString},${AAC_CODEC_STRING}`,
      video: pictures.reason === '' ? 'copied' : 'encoded',
      ...(pictures.encoding !== null && { encoding: pictures.encoding }),
      audio: how,
      channels,
      reason: [pictures.reason, how === 'encoded' ? pictures.audioReason : ''].filter(Boolean).join(', '),
      ...(audio.loudness !== undefined && { loudness: audio.loudness }),
      notes: pictures.notes.texts,
      title: pictures.title,
    },
  };
}

/** Which sound is made, and for which pictures. */
function soundOptions(
  options: SpoolOptions,
  times: { origin: Ticks90k; duration: Ticks90k; check: boolean },
): SoundOptions {
  const { source, folder, settings } = options;
  return {
    ...{ source, path: join(folder, 'audio.aac'), sound: soundWanted(settings), ...times },
    ...{ channels: channelsWanted(settings), surround: settings.channels === 6, loudness: settings.loudness },
    onProgress: (done) => options.onProgress(VIDEO_SHARE + done * (1 - VIDEO_SHARE)),
  };
}

function copyOrEncode(options: SpoolOptions, subtitles: FilmSubtitles | null): VideoResult {
  try {
    if (subtitles?.burned) throw new Unfit(BURNED_IN);
    try {
      return copy(options, options.settings.decodeCheck === true);
    } catch (error) {
      if (!(error instanceof Damaged)) throw error;
      // Where some damage shows, there may be more that does not.
      return copy(options, true);
    }
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    return encode(options, error, subtitles);
  }
}

/**
 * Copies the pictures, and in the same pass the sound where possible; with `check`, both are decoded as well, and groups with
 * damaged pictures encoded. Throws Unfit when the pictures cannot be copied, Damaged where most of them would be encoded.
 */
function copy({ source, folder, settings, onProgress }: SpoolOptions, check: boolean): VideoResult {
  const format = airFormatOf(settings);
  const notes = new Notes();
  const input = new MediaInput(source, notes, soundWanted(settings), wantsSubtitles(settings));
  let sound: AudioCopier | null = null;
  let copier: VideoCopier | null = null;
  try {
    const video = new VideoCopier({ input, settings, check });
    copier = video;
    let audioReason = '';
    const withoutSound = (error: unknown) => {
      if (!(error instanceof Unfit)) throw error;
      audioReason = error.message;
      sound?.discard();
      sound = null;
    };
    if (input.audio) {
      try {
        const channels = channelsWanted(settings);
        const path = join(folder, 'audio.aac');
        sound = new AudioCopier({ stream: input.audio, path, channels, loudness: settings.loudness, check });
      } catch (error) {
        withoutSound(error);
      }
    }
    let sourceEnd = 0;
    input.forEachPacket((timed) => {
      if (timed.isVideo) {
        video.take(timed);
        if (timed.pts !== null && video.origin !== null) {
          sourceEnd = Math.max(sourceEnd, timed.pts - video.origin);
        }
        onProgress(input.shareDone(sourceEnd) * VIDEO_SHARE);
        return true;
      }
      try {
        sound?.take(timed);
      } catch (error) {
        withoutSound(error);
      }
      return true;
    });
    const origin = video.origin ?? Ticks90k(0);
    const { copied, damaged } = video.finish();
    const { sequence } = copied;
    const pictures =
      damaged.size === 0 ? copied.video : mended(copied, damaged, { folder, settings, notes, onProgress });
    const soundEnd = Ticks90k((input.soundEnd ?? origin) - origin);
    const { maxGop } = settings;
    const { bitDepth } = sequence;
    const last = { end: soundEnd, frameRate: video.frameRate, maxGop, format: { ...format, bitDepth } };
    const spooled = standUntil(pictures, last);
    let audio: VideoResult['audio'] = null;
    // TypeScript does not see that the callback may have emptied it.
    const kept = sound as AudioCopier | null;
    try {
      if (kept) {
        const frames = kept.finish({ origin, duration: spooled.duration });
        audio = { spooled: frames, channels: kept.channels ?? 2, how: 'copied', ...chosenOf(input) };
      }
    } catch (error) {
      withoutSound(error);
    }
    noteLeftOut(notes, { count: video.leftOut, isJoined: video.isJoined });
    noteLead(notes, input);
    const end = Ticks90k(origin + Math.max(pictures.duration, soundEnd));
    const endsDamaged = video.endsDamaged || input.endsInPacket;
    noteMissingEnd(notes, { declaredEnd: input.declaredEnd, origin, end, endsDamaged });
    return {
      video: spooled,
      sequence,
      frameRate: video.frameRate,
      origin,
      reason: '',
      encoding: null,
      audio,
      audioReason,
      check,
      notes,
      title: input.title,
    };
  } catch (error) {
    (sound as AudioCopier | null)?.discard();
    throw error;
  } finally {
    copier?.free();
    input.close();
  }
}

/** The copied pictures, with the groups of damaged ones encoded. */
function mended(
  copied: CopiedPictures,
  damaged: ReadonlySet<number>,
  { folder, settings, notes, onProgress }: Omit<SpoolOptions, 'source'> & { notes: Notes },
): SpooledVideo {
  const { video, encoded } = mendVideo(copied, { damaged, path: join(folder, 'mended'), settings, onProgress });
  noteMended(notes, { damaged: damaged.size, encoded });
  return video;
}

function encode(options: SpoolOptions, unfit: Unfit, subtitles: FilmSubtitles | null): VideoResult {
  const { source, folder, settings, onProgress } = options;
  const format = airFormatOf(settings);
  const notes = new Notes();
  const input = new MediaInput(source, notes, soundWanted(settings), wantsSubtitles(settings));
  try {
    const onPicture = (done: number) => onProgress(done * VIDEO_SHARE);
    const path = join(folder, 'video');
    const encoded = encodeVideo({ input, notes, path, settings, subtitles, onProgress: onPicture });
    const { sequence, frameRate, origin, end } = encoded;
    const soundEnd = Ticks90k((input.soundEnd ?? origin) - origin);
    const { maxGop } = settings;
    const video = standUntil(encoded.video, { end: soundEnd, frameRate, maxGop, format });
    const sourceEnd = Ticks90k(origin + Math.max(end, soundEnd));
    const { declaredEnd, endsInPacket: endsDamaged } = input;
    noteMissingEnd(notes, { declaredEnd, origin, end: sourceEnd, endsDamaged });
    // A pass of its own decides whether the sound can be copied. Next to encoding pictures, decoding it costs nothing.
    const audio = copySound(soundOptions(options, { origin, duration: video.duration, check: true }));
    return {
      video,
      sequence,
      frameRate,
      origin,
      reason: unfit.message,
      encoding: encoded.encoding,
      audio: audio.made,
      audioReason: audio.reason,
      check: true,
      notes,
      title: input.title,
    };
  } finally {
    input.close();
  }
}
