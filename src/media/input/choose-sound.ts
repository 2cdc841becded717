/** Which sound of a film is played, and what is said about the rest. */
import {
  AV_CODEC_ID_AC3,
  AV_CODEC_ID_EAC3,
  AV_DISPOSITION_COMMENT,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_HEARING_IMPAIRED,
  AV_DISPOSITION_VISUAL_IMPAIRED,
  AVMEDIA_TYPE_AUDIO,
} from 'node-av/constants';
import { Codec, type Stream } from 'node-av/lib';
import { codecName } from '../names.js';
import { type DolbyCodec, LANGUAGE } from '../settings.js';
import { languageOf, UNDETERMINED } from './language.js';
import { tagOf, trackName } from './track-names.js';

/** How sound is chosen. */
export interface SoundWanted {
  /** Languages as in RFC 5646, the preferred one first; none where the file decides. */
  languages: readonly string[];
  /** Numbers of streams that turned out to have no sound that can be decoded. */
  unusable: ReadonlySet<number>;
  /** Whether a file without pictures will do. */
  alone?: boolean;
  /** Languages of tracks that are carried beside the one that is played. */
  also?: readonly string[];
  /** Whether a track of AC-3 or E-AC-3 is carried beside it; `any`, or that codec. */
  dolby?: DolbyCodec | 'any';
  /** The number of the one stream that is wanted. */
  track?: number;
}

/** A track in one of the languages that are carried beside the one that is played; it may be that one. */
export interface FurtherTrack {
  /** RFC 5646, without a region. */
  language: string;
  /** The number of its stream. */
  index: number;
}

/** A track of AC-3 or E-AC-3; it may be the one that is played. */
export interface DolbyTrack {
  codec: DolbyCodec;
  index: number;
  /** At most 6: what is beyond 5.1 is not counted. */
  channels: number;
  /** RFC 5646 without a region; null where it has none. */
  language: string | null;
}

export interface ChosenSound {
  stream: Stream | null;
  /** One for each language of `also` that the file has, the one that is played included. */
  further: FurtherTrack[];
  /** In the language that is played, if there is one in it; null: there is none, or none is wanted. */
  dolby: DolbyTrack | null;
  /** Of all tracks that can be played, RFC 5646 without a region. */
  languages: string[];
  /** What is left out. */
  notes: string[];
}

/** Sound for some listeners: described pictures, clearer speech, somebody's remarks. */
const forSome = [AV_DISPOSITION_COMMENT, AV_DISPOSITION_HEARING_IMPAIRED, AV_DISPOSITION_VISUAL_IMPAIRED];

/** Sample entries of protected MP4 files. */
const encryptedTags = new Set(['enca', 'drms']);

/**
 * Chooses among the tracks of sound in `streams` by these rules, the first one that distinguishes two decides: it can be
 * decoded; it has the first language wanted, or else the second …; it is for all listeners; it is `usual`, the one that
 * FFmpeg prefers beside the pictures; it is the container's default; it has more channels; it comes first.
 */
export function chooseSound(
  streams: readonly Stream[],
  { languages, unusable, usual, also = [], dolby: wantedDolby, track: only }: SoundWanted & { usual: number },
): ChosenSound {
  const tracks = streams
    .filter(({ codecpar, index }) => codecpar.codecType === AVMEDIA_TYPE_AUDIO && (only ?? index) === index)
    .map((stream, i): Track => {
      return { stream, number: i + 1, fault: unusable.has(stream.index) ? CANNOT : faultOf(stream) };
    });
  const wanted = languages.map(languageOf);
  const rank = ({ stream, fault }: Track): number[] => {
    const at = wanted.indexOf(languageOf(tagOf(stream, 'language')));
    return [
      fault === null ? 1 : 0,
      at < 0 ? -wanted.length : -at,
      forSome.some((flag) => stream.hasDisposition(flag)) ? 0 : 1,
      stream.index === usual ? 1 : 0,
      stream.hasDisposition(AV_DISPOSITION_DEFAULT) ? 1 : 0,
      stream.codecpar.channels,
    ];
  };
  const ranks = new Map(tracks.map((track) => [track, rank(track)]));
  const inOrder = tracks.toSorted((a, b) => compare(ranks.get(b)!, ranks.get(a)!));
  const [best] = inOrder;
  const chosen = best && best.fault === null ? best : null;
  const playable = inOrder.filter(({ fault }) => fault === null);
  const carried = [...new Set(also.map(languageOf))].flatMap((language) => {
    const track = chosen && isIn(language, chosen) ? chosen : playable.find((each) => isIn(language, each));
    return track ? [{ language, track }] : [];
  });
  const dolby = dolbyOf(playable, chosen, wantedDolby);
  const isCarried = (track: Track) =>
    track === chosen || track.stream.index === dolby?.index || carried.some((each) => each.track === track);
  const notes: string[] = [];
  const left = tracks.filter((track) => !isCarried(track) && track.fault === null);
  for (const { stream, number, fault } of tracks) {
    if (fault === null) continue;
    const which = tracks.length > 1 ? ` (${trackName(stream) ?? `number ${number}`})` : '';
    const instead = left.length > 0 ? '' : chosen ? `; ${longNameOf(chosen)} is played` : ': the film is silent';
    notes.push(`${codecName(stream.codecpar)} sound${which} ${fault}${instead}`);
  }
  if (chosen !== null && left.length > 0) {
    const verb = left.length > 1 ? 'are' : 'is';
    const others = listed.format(left.map(longNameOf));
    const beside = tracks.filter((track) => isCarried(track) && track !== chosen).map(longNameOf);
    const played = `${longNameOf(chosen)} is played${beside.length > 0 ? `, ${listed.format(beside)} beside it` : ''}`;
    notes.push(`${tracks.length} sound tracks: ${played}; ${others} ${verb} left out`);
  }
  return {
    stream: chosen?.stream ?? null,
    further: carried.map(({ language, track }) => ({ language, index: track.stream.index })),
    dolby,
    languages: [...new Set(playable.flatMap(({ stream }) => knownLanguage(stream) ?? []))],
    notes,
  };
}

const codecs = new Map<number, DolbyCodec>([
  [AV_CODEC_ID_AC3, 'ac-3'],
  [AV_CODEC_ID_EAC3, 'e-ac-3'],
]);

/** The track of AC-3 or E-AC-3 that is carried: the one that is played, or one of its language. */
function dolbyOf(playable: readonly Track[], chosen: Track | null, wanted: SoundWanted['dolby']): DolbyTrack | null {
  if (wanted === undefined || chosen === null) return null;
  const language = knownLanguage(chosen.stream);
  const [best] = [chosen, ...playable].flatMap(({ stream }) => {
    const codec = codecs.get(stream.codecpar.codecId);
    const isFit = codec !== undefined && (wanted === 'any' || wanted === codec) && knownLanguage(stream) === language;
    return isFit ? [{ codec, index: stream.index, channels: Math.min(6, stream.codecpar.channels), language }] : [];
  });
  return best ?? null;
}

const isIn = (language: string, { stream }: Track): boolean => languageOf(tagOf(stream, 'language')) === language;

/** The language of a track, RFC 5646 without a region; null where it has none. */
export function knownLanguage(stream: Stream): string | null {
  const language = languageOf(tagOf(stream, 'language'));
  return LANGUAGE.test(language) && language !== UNDETERMINED ? language : null;
}

interface Track {
  stream: Stream;
  /** Among the tracks of sound, from 1. */
  number: number;
  /** Why it cannot be played; null where it can. */
  fault: string | null;
}

const listed = new Intl.ListFormat('en-GB');
const CANNOT = 'cannot be decoded';

/** Why a track cannot be played; null where it can. */
function faultOf({ codecpar }: Stream): string | null {
  if (encryptedTags.has(codecpar.codecTagString ?? '')) return 'is encrypted (copy protection)';
  if (Codec.findDecoder(codecpar.codecId) === null) return CANNOT;
  return codecpar.sampleRate > 0 && codecpar.channels > 0 ? null : 'is empty or cannot be decoded';
}

const longNameOf = ({ stream, number }: Track): string =>
  trackName(stream) ?? `number ${number} (${codecName(stream.codecpar)})`;

/** Compares two lists of numbers by the first that differ. */
export function compare(a: number[], b: number[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! - b[at]!;
}
