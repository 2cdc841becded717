/** Which subtitles of a film are shown, and what is said about the rest. */
import {
  AV_CODEC_ID_ASS,
  AV_CODEC_ID_DVB_SUBTITLE,
  AV_CODEC_ID_DVD_SUBTITLE,
  AV_CODEC_ID_HDMV_PGS_SUBTITLE,
  AV_CODEC_ID_MOV_TEXT,
  AV_CODEC_ID_SSA,
  AV_CODEC_ID_SUBRIP,
  AV_CODEC_ID_TEXT,
  AV_CODEC_ID_WEBVTT,
  AV_DISPOSITION_COMMENT,
  AV_DISPOSITION_DEFAULT,
  AV_DISPOSITION_FORCED,
  AV_DISPOSITION_HEARING_IMPAIRED,
  AVMEDIA_TYPE_SUBTITLE,
} from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import { codecName } from '../names.js';
import type { Notes } from '../notes.js';
import type { SubtitleFile, SubtitleFormat } from '../subtitles/subtitle-files.js';
import { compare } from './choose-sound.js';
import { languageOf } from './language.js';
import { tagOf, trackName } from './track-names.js';

/** Codecs of tracks that can be shown, and how they are read. */
const trackFormats: ReadonlyMap<number, SubtitleFormat | 'mov_text' | 'dvb' | 'vobsub' | 'pgs'> = new Map([
  [AV_CODEC_ID_SUBRIP, 'subrip'],
  [AV_CODEC_ID_TEXT, 'subrip'],
  [AV_CODEC_ID_MOV_TEXT, 'mov_text'],
  [AV_CODEC_ID_WEBVTT, 'webvtt'],
  [AV_CODEC_ID_ASS, 'ass'],
  [AV_CODEC_ID_SSA, 'ass'],
  [AV_CODEC_ID_DVB_SUBTITLE, 'dvb'],
  [AV_CODEC_ID_DVD_SUBTITLE, 'vobsub'],
  [AV_CODEC_ID_HDMV_PGS_SUBTITLE, 'pgs'],
] as const);
export type TrackFormat = typeof trackFormats extends ReadonlyMap<number, infer T> ? T : never;

/** Subtitles in the film, or in a file beside it. */
export type Subtitles = { language: string | null; name: string } & (
  | { kind: 'track'; stream: number; format: TrackFormat }
  | { kind: 'file'; file: SubtitleFile; format: SubtitleFormat }
);

export interface Candidate {
  subtitles: Subtitles;
  isForced: boolean;
  isForSome: boolean;
  isDefault: boolean;
}

const UNDETERMINED = new Set(['', 'und', 'mis', 'mul', 'zxx']);

/** The tracks of subtitles among `streams`. */
export const subtitleTracks = (streams: readonly Stream[]): Stream[] =>
  streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_SUBTITLE);

/** All subtitles of a film and of files beside it that can be shown; the others are noted. */
export const candidatesOf = (
  { streams, files }: { streams: readonly Stream[]; files: readonly SubtitleFile[] },
  notes: Notes,
): Candidate[] => [...files.map(ofFile), ...tracksOf(streams, notes)];

/**
 * For each of `languages` the subtitles that are shown, or null. The first rule that distinguishes two candidates decides: they
 * are in that language, or in one that nothing tells; they are for the whole film; they are for all viewers; they are a file, which
 * somebody has put beside the film; they are the container's default; they come first. None serves two languages.
 */
export function chooseSubtitles(candidates: readonly Candidate[], languages: readonly string[]): (Subtitles | null)[] {
  const taken = new Set<Candidate>();
  const take = (fits: (language: string | null) => boolean): Subtitles | null => {
    const rank = ({ isForced, isForSome, isDefault, subtitles }: Candidate) =>
      [!isForced, !isForSome, subtitles.kind === 'file', isDefault].map(Number);
    const free = candidates.filter((each) => !taken.has(each) && fits(each.subtitles.language));
    const [best] = free.toSorted((a, b) => compare(rank(b), rank(a)));
    if (best) taken.add(best);
    return best?.subtitles ?? null;
  };
  const chosen = languages.map(languageOf).map((language) => take((each) => each === language));
  return chosen.map((subtitles) => subtitles ?? take((each) => each === null));
}

/**
 * The first subtitles in one of `languages`; without languages, those that the film prefers: a file beside it, the default track, one
 * for all viewers, the first. Null for none.
 */
export function firstSubtitles(candidates: readonly Candidate[], languages: readonly string[]): Subtitles | null {
  if (languages.length > 0) return chooseSubtitles(candidates, languages).find((each) => each !== null) ?? null;
  const rank = ({ isForSome, isDefault, subtitles }: Candidate) =>
    [subtitles.kind === 'file', isDefault, !isForSome].map(Number);
  const [best] = candidates.toSorted((a, b) => compare(rank(b), rank(a)));
  return best?.subtitles ?? null;
}

/** Notes the candidates that are not `shown`. */
export const noteOthers = (candidates: readonly Candidate[], shown: (Subtitles | null)[], notes: Notes): void =>
  noteLeftOut(
    candidates.flatMap(({ subtitles }) => (shown.includes(subtitles) ? [] : subtitles.name)),
    notes,
  );

function ofFile(file: SubtitleFile): Candidate {
  const { name, format, language } = file;
  return {
    subtitles: { kind: 'file', file, format, language, name: `the file ${name}` },
    isForced: file.isForced,
    isForSome: file.isForHearingImpaired,
    isDefault: false,
  };
}

/** The tracks that can be shown; the others are noted. */
function tracksOf(streams: readonly Stream[], notes: Notes): Candidate[] {
  return subtitleTracks(streams).flatMap((stream, i): Candidate[] => {
    const format = trackFormats.get(stream.codecpar.codecId);
    const name = trackName(stream) ?? `number ${i + 1}`;
    if (format === undefined) {
      notes.add(`${codecName(stream.codecpar)} subtitles (${name}) cannot be shown`);
      return [];
    }
    const language = languageOf(tagOf(stream, 'language'));
    return [
      {
        subtitles: {
          ...{ kind: 'track', stream: stream.index, format, name },
          language: UNDETERMINED.has(language) ? null : language,
        },
        isForced: stream.hasDisposition(AV_DISPOSITION_FORCED),
        isForSome:
          stream.hasDisposition(AV_DISPOSITION_HEARING_IMPAIRED) || stream.hasDisposition(AV_DISPOSITION_COMMENT),
        isDefault: stream.hasDisposition(AV_DISPOSITION_DEFAULT),
      },
    ];
  });
}

/** Most names in the note: discs have thirty. */
const MOST_NAMES = 6;
const listed = new Intl.ListFormat('en-GB');

/** Notes subtitles that are left out: "the subtitles are left out: English and German". */
export function noteLeftOut(all: readonly string[], notes: Notes): void {
  const names = [...new Set(all)];
  if (names.length === 0) return;
  const more = names.length - MOST_NAMES;
  const shown = more > 1 ? [...names.slice(0, MOST_NAMES), `${more} others`] : names;
  notes.add(`the subtitles are left out: ${listed.format(shown)}`);
}

/** Notes all subtitles among `streams` as left out. */
export const noteSubtitles = (streams: readonly Stream[], notes: Notes): void =>
  noteLeftOut(
    subtitleTracks(streams).map((stream, i) => trackName(stream) ?? `number ${i + 1}`),
    notes,
  );
