/** Which streams of a file are the film: its pictures, and the sound that belongs to them. */
import {
  AV_CODEC_ID_BMP,
  AV_CODEC_ID_GIF,
  AV_CODEC_ID_JPEG2000,
  AV_CODEC_ID_JPEGLS,
  AV_CODEC_ID_JPEGXL,
  AV_CODEC_ID_MJPEG,
  AV_CODEC_ID_PNG,
  AV_CODEC_ID_TIFF,
  AV_CODEC_ID_WEBP,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_DISPOSITION_COMMENT,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_DEPENDENT,
  AV_DISPOSITION_HEARING_IMPAIRED,
  AV_DISPOSITION_METADATA,
  AV_DISPOSITION_STILL_IMAGE,
  AV_DISPOSITION_TIMED_THUMBNAILS,
  AV_DISPOSITION_VISUAL_IMPAIRED,
  AV_NOPTS_VALUE,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_VIDEO,
} from 'node-av/constants';
import { Codec, type FormatContext, type Stream } from 'node-av/lib';
import { codecName } from '../names.js';
import type { Notes } from '../notes.js';
import { type ChosenSound, chooseSound, compare, type SoundWanted } from './choose-sound.js';
import { noteSubtitles } from './choose-subtitles.js';
import type { MovTrack } from './mov-boxes.js';

/** Codecs of covers and preview pictures. Films are in them too, but then nothing else is beside them. */
const stillCodecs: ReadonlySet<number> = new Set([
  AV_CODEC_ID_MJPEG,
  AV_CODEC_ID_PNG,
  AV_CODEC_ID_BMP,
  AV_CODEC_ID_GIF,
  AV_CODEC_ID_TIFF,
  AV_CODEC_ID_WEBP,
  AV_CODEC_ID_JPEG2000,
  AV_CODEC_ID_JPEGLS,
  AV_CODEC_ID_JPEGXL,
]);

/** Pictures that come with a film or with sound, but are not the film. */
const beside = [
  AV_DISPOSITION_ATTACHED_PIC,
  AV_DISPOSITION_TIMED_THUMBNAILS,
  AV_DISPOSITION_DEPENDENT,
  AV_DISPOSITION_METADATA,
];

/** A film with something in it for some viewers, such as a sign language interpreter. */
const forSome = [AV_DISPOSITION_COMMENT, AV_DISPOSITION_HEARING_IMPAIRED, AV_DISPOSITION_VISUAL_IMPAIRED];

export interface ChosenStreams {
  video: Stream | null;
  /** The sound, and what is left out of it. */
  sound: ChosenSound;
  /** Whether there are pictures, in another file that this one names. */
  videoIsElsewhere: boolean;
}

/**
 * Chooses the pictures by these rules, the first one that distinguishes two tracks decides: they can be decoded; they
 * are more than one; their codec is one of films; they are for all viewers; they are the container's default; they last
 * long; they are large; they come first. `tracks`: those of an MP4 or QuickTime file; `subtitles`: whether they are chosen elsewhere,
 * else they are noted as left out.
 */
export function chooseStreams(
  context: FormatContext,
  options: { tracks: Map<number, MovTrack>; notes: Notes | undefined; sound: SoundWanted; subtitles: boolean },
): ChosenStreams {
  const { tracks, notes } = options;
  const { streams } = context;
  const trackOf = (stream: Stream) => tracks.get(stream.id);
  const inFile = streams.filter((stream) => !trackOf(stream)?.isElsewhere);
  const pictures = streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_VIDEO);
  const candidates = pictures.filter(
    (stream) => !beside.some((flag) => stream.hasDisposition(flag)) && trackOf(stream)?.handler !== 'auxv',
  );
  const here = candidates.filter((stream) => inFile.includes(stream)).map(rated);
  const longest = here.reduce((most, { length }) => Math.max(most, length), 0);
  const rank = ({ stream, length, marks }: Rated): number[] => [
    ...marks,
    length * 2 >= longest ? 1 : 0,
    stream.codecpar.width * stream.codecpar.height,
  ];
  const soundFor = (video: number) =>
    chooseSound(inFile, { ...options.sound, usual: context.findBestStream(AVMEDIA_TYPE_AUDIO, -1, video) });
  const [best] = here.toSorted((a, b) => compare(rank(b), rank(a)));
  if (best === undefined) return { video: null, sound: soundFor(-1), videoIsElsewhere: candidates.length > 0 };
  const films = here.filter(({ isFilm }) => isFilm);
  if (films.length > 1) {
    const number = films.indexOf(best) + 1;
    const { codecpar } = best.stream;
    const what = `${codecName(codecpar)}, ${codecpar.width} × ${codecpar.height}`;
    notes?.add(`${films.length} video tracks: number ${number} (${what}) is played`);
  }
  if (notes && !options.subtitles) noteSubtitles(streams, notes);
  return { video: best.stream, sound: soundFor(best.stream.index), videoIsElsewhere: false };
}

interface Rated {
  stream: Stream;
  /** Whether it is known to be more than a cover. */
  isFilm: boolean;
  /** Seconds; 0 where the container does not tell. */
  length: number;
  /** 1 or 0 for each rule that a track either keeps or does not, in the order of the rules. */
  marks: number[];
}

function rated(stream: Stream): Rated {
  const { codecpar, nbFrames, duration, timeBase } = stream;
  const isDecodable = codecpar.width > 0 && codecpar.height > 0 && Codec.findDecoder(codecpar.codecId) !== null;
  // 0: the container does not tell.
  const isMoving = nbFrames !== 1n;
  const hasFilmCodec = !stillCodecs.has(codecpar.codecId) && !stream.hasDisposition(AV_DISPOSITION_STILL_IMAGE);
  const keeps = [
    isDecodable,
    isMoving,
    hasFilmCodec,
    !forSome.some((flag) => stream.hasDisposition(flag)),
    stream.hasDisposition(AV_DISPOSITION_DEFAULT),
  ];
  const length = duration === AV_NOPTS_VALUE ? 0 : (Number(duration) * timeBase.num) / timeBase.den;
  const isFilm = isDecodable && (hasFilmCodec ? isMoving : nbFrames > 1n);
  return { stream, isFilm, length, marks: keeps.map(Number) };
}
