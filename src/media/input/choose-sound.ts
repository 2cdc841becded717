/** Which sound of a film is played, and what is said about the rest. */
import {
  AV_DISPOSITION_COMMENT,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_HEARING_IMPAIRED,
  AV_DISPOSITION_VISUAL_IMPAIRED,
  AVMEDIA_TYPE_AUDIO,
} from 'node-av/constants';
import { Codec, type Stream } from 'node-av/lib';
import { codecName } from '../names.js';
import { languageOf, tagOf, trackName } from './track-names.js';

/** How sound is chosen. */
export interface SoundWanted {
  /** Languages as in RFC 5646, the preferred one first; none where the file decides. */
  languages: readonly string[];
  /** Numbers of streams that turned out to have no sound that can be decoded. */
  unusable: ReadonlySet<number>;
  /** Whether a file without pictures will do. */
  alone?: boolean;
}

export interface ChosenSound {
  stream: Stream | null;
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
  { languages, unusable, usual }: SoundWanted & { usual: number },
): ChosenSound {
  const tracks = streams
    .filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_AUDIO)
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
  const [best] = tracks.toSorted((a, b) => compare(ranks.get(b)!, ranks.get(a)!));
  const chosen = best && best.fault === null ? best : null;
  const notes: string[] = [];
  const left = tracks.filter((track) => track !== chosen && track.fault === null);
  for (const { stream, number, fault } of tracks) {
    if (fault === null) continue;
    const which = tracks.length > 1 ? ` (${trackName(stream) ?? `number ${number}`})` : '';
    const instead = left.length > 0 ? '' : chosen ? `; ${longNameOf(chosen)} is played` : ': the film is silent';
    notes.push(`${codecName(stream.codecpar)} sound${which} ${fault}${instead}`);
  }
  if (chosen !== null && left.length > 0) {
    const verb = left.length > 1 ? 'are' : 'is';
    const others = listed.format(left.map(longNameOf));
    notes.push(`${tracks.length} sound tracks: ${longNameOf(chosen)} is played; ${others} ${verb} left out`);
  }
  return { stream: chosen?.stream ?? null, notes };
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
