/** A station's layout, chosen from what most of its time needs. Arithmetic only: the same files have the same layout everywhere. */
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { isSameRate, quotient, reduce } from '../media/ratio.js';
import { type FurtherStream, MOST_SOUND_TRACKS, type Ratio, type StationLayout } from '../media/settings.js';
import type { SourceFacts } from '../media/source-facts.js';
import type { StationFormat } from '../wire/station-format.js';

/** A file, and what a look at it told; null where it cannot be used. */
export interface Candidate {
  file: string;
  facts: SourceFacts | null;
}

/** What the station's owner asks for. */
export interface LayoutRequest {
  size?: { width: number; height: number };
  rate?: Ratio;
  /** Languages of the sound, RFC 5646, the preferred one first. */
  languages?: readonly string[];
  /** Whether AC-3 or E-AC-3 is carried beside the main sound. */
  ac3?: boolean;
  /** Of the sound; 6: where most of the time has as many. */
  channels?: 2 | 6;
  /** Languages of the subtitles that are carried, RFC 5646. */
  subtitles?: readonly string[];
}

/** The layout is that of the reel of `model`, prepared without a target; or `target`, where no file has what is asked for. */
export type LayoutChoice = { model: string; target: null } | { model: null; target: StationLayout };

export interface ChoiceOptions {
  candidates: readonly Candidate[];
  format: StationFormat;
  request: LayoutRequest;
}

type Known = Candidate & { facts: SourceFacts };

/** Of a file without one in its header, so that it counts at all. */
const LEAST_DURATION = Ticks90k(TICKS_PER_SECOND);

/** JPEG pictures are made of blocks of this size. */
const JPEG_BLOCK = 8;

/**
 * The layout of most of the station's time: files of the same size, pixel shape and frame rate count together. Of these, the
 * model is one that can be copied, of the bit depth of most of their time, with the most of the languages that are asked for, the
 * number of channels of most of their time and the longest reordering: what needs less is copied as well. Among equals, the first file decides. Slides have a say only where there are no films. Null where no file can be used.
 */
export function chooseLayout({ candidates, format, request }: ChoiceOptions): LayoutChoice | null {
  const usable = candidates.filter((candidate): candidate is Known => candidate.facts !== null);
  const films = usable.filter(({ facts }) => !facts.isStill);
  const known = films.length > 0 ? films : usable;
  const meeting = known.filter(({ facts }) => meetsRequest(facts, request));
  const group = longest(meeting, ({ facts }) => layoutKey(facts, format));
  if (group.length > 0) return { model: modelOf(group, request).file, target: null };
  const [usual] = longest(known, ({ facts }) => layoutKey(facts, format));
  return usual ? { model: null, target: requestedLayout(usual.facts, known, request, format) } : null;
}

/** What the layout is of the station's pictures, as far as the headers tell; null where no file can be used. */
export function layoutOf(options: ChoiceOptions): PictureKind | null {
  const choice = chooseLayout(options);
  return choice?.target ?? options.candidates.find(({ file }) => file === choice?.model)?.facts ?? null;
}

function meetsRequest(
  { width, height, sampleAspectRatio, frameRate }: SourceFacts,
  { size, rate }: LayoutRequest,
): boolean {
  const [pixelWidth, pixelHeight] = sampleAspectRatio;
  const isSize = !size || (width === size.width && height === size.height && pixelWidth === pixelHeight);
  return isSize && (!rate || isSameRate(frameRate, rate));
}

/** JPEG pictures have square pixels, and mostly a rate of their own. */
function layoutKey({ width, height, sampleAspectRatio, frameRate }: SourceFacts, format: StationFormat): string {
  return JSON.stringify([width, height, reduce(sampleAspectRatio), format === 'jpeg' ? null : reduce(frameRate)]);
}

/** The candidates of the key that has the most time. */
function longest(candidates: readonly Known[], keyOf: (candidate: Known) => string): Known[] {
  const groups = new Map<string, { members: Known[]; time: number }>();
  for (const candidate of candidates) {
    const key = keyOf(candidate);
    const group = groups.get(key) ?? { members: [], time: 0 };
    group.members.push(candidate);
    group.time += Math.max(LEAST_DURATION, candidate.facts.duration);
    groups.set(key, group);
  }
  // Sorting is stable, and a map keeps the order in which its keys came.
  const [best] = [...groups.values()].sort((a, b) => b.time - a.time);
  return best?.members ?? [];
}

function modelOf(group: readonly Known[], request: LayoutRequest): Known {
  const copied = group.filter(({ facts }) => facts.encoded === null);
  // Pictures of another depth are encoded: unlike reordering, the more demanding one does not hold the other.
  const pool = longest(copied.length > 0 ? copied : group, ({ facts }) => String(facts.bitDepth ?? 8));
  const countOf = ({ facts }: Known) =>
    tracksOf([facts], request).length + (request.ac3 && facts.dolby !== null ? 1 : 0);
  const most = Math.max(...pool.map(countOf));
  const withSound = pool.filter((each) => each.facts.channels > 0 && countOf(each) === most);
  const same = longest(withSound, ({ facts }) => String(facts.channels));
  const [first, ...others] = same.length > 0 ? same : pool;
  return others.reduce((most, each) => (each.facts.reorderDelay > most.facts.reorderDelay ? each : most), first!);
}

/** The languages that are asked for and that are in one of the files, as many as a station has tracks; none where one is asked for. */
function tracksOf(facts: readonly SourceFacts[], { languages = [] }: LayoutRequest): string[] {
  if (languages.length < 2) return [];
  const there = new Set(facts.flatMap((each) => each.languages));
  return [...new Set(languages.map(languageOf))].filter((each) => there.has(each)).slice(0, MOST_SOUND_TRACKS);
}

const languageOf = (tag: string): string => new Intl.Locale(tag).language;

const channelsOf = (known: readonly Known[], { channels }: LayoutRequest): number => {
  const [usual] = longest(
    known.filter(({ facts }) => facts.channels > 0),
    ({ facts }) => String(facts.channels),
  );
  const own = usual?.facts.channels ?? 2;
  if (channels === 6 && own >= 6) return 6;
  return own === 1 && channels === undefined ? 1 : 2;
};

/** The layout that is asked for; what is left open is that of most of the time. All pictures are encoded into it. */
function requestedLayout(
  usual: SourceFacts,
  known: readonly Known[],
  request: LayoutRequest,
  format: StationFormat,
): StationLayout {
  const { size, rate } = request;
  const channels = channelsOf(known, request);
  const frameRate = rate ?? usual.frameRate;
  const multiple = format === 'jpeg' ? JPEG_BLOCK : 2;
  const { width, height } = size ?? usual;
  return {
    width: width - (width % multiple),
    height: height - (height % multiple),
    sampleAspectRatio: size ? [1, 1] : usual.sampleAspectRatio,
    frameRate,
    channels: format === 'jpeg' ? 0 : channels,
    reorderDelay: Ticks90k(format === 'jpeg' ? 0 : encodedDelay(frameRate)),
    ...(format !== 'jpeg' && tracksIn(known, request, channels)),
  };
}

/** The main language and the further tracks that are asked for, where there are some. */
function tracksIn(
  known: readonly Known[],
  request: LayoutRequest,
  channels: number,
): Pick<StationLayout, 'language' | 'further'> {
  const facts = known.map((each) => each.facts);
  const [language, ...others] = tracksOf(facts, request);
  const codec = request.ac3 ? facts.find(({ dolby }) => dolby !== null)?.dolby : null;
  const further: FurtherStream[] = [
    ...others.map((each) => ({ kind: 'sound', language: each, channels }) as const),
    ...(request.subtitles ?? []).map((each) => ({ kind: 'subtitles', language: each }) as const),
    ...(codec ? [{ kind: 'sound', codec, language: language ?? 'und', channels: 6 } as const] : []),
  ];
  if (further.length === 0) return {};
  return { ...((others.length > 0 || codec) && language !== undefined && { language }), further };
}

/** Lowest frame rate at which the encoder reorders pictures, by two; see media/pictures/encode-video.ts. */
const LEAST_RATE_REORDERED = 10;

const encodedDelay = (frameRate: Ratio): number =>
  quotient(frameRate) >= LEAST_RATE_REORDERED ? Math.ceil((2 * TICKS_PER_SECOND) / quotient(frameRate)) : 0;

export type PictureKind = Pick<StationLayout, 'width' | 'height' | 'sampleAspectRatio' | 'frameRate' | 'bitDepth'> &
  Partial<Pick<StationLayout, 'reorderDelay'>>;

/** Why the pictures of a file are encoded for this layout, one phrase; null where they can be copied as far as its header tells. */
export function encodedFor(facts: SourceFacts, layout: PictureKind): string | null {
  const { width, height, sampleAspectRatio, frameRate } = layout;
  if (facts.width !== width || facts.height !== height) return `not ${width} × ${height}`;
  if (!isSameRate(facts.frameRate, frameRate)) return `not ${rateText(frameRate)} frames a second`;
  if (facts.encoded !== null) return facts.encoded;
  const bitDepth = layout.bitDepth ?? 8;
  if ((facts.bitDepth ?? 8) !== bitDepth) return `not ${bitDepth} bits`;
  if (JSON.stringify(reduce(facts.sampleAspectRatio)) !== JSON.stringify(reduce(sampleAspectRatio))) {
    return 'another pixel shape';
  }
  const { reorderDelay = Number.POSITIVE_INFINITY } = layout;
  return facts.reorderDelay > reorderDelay ? 'pictures reordered further than the station allows' : null;
}

/** "25", "23.976" */
export const rateText = (rate: Ratio): string => String(Math.round(quotient(rate) * 1_000) / 1_000);

/**
 * What the layout costs: "12 files, 1920 × 1080 at 25 frames a second: 9 can be copied, 3 are encoded (2 not 1920 × 1080, 1
 * AV1 instead of H.264)".
 */
export function costText(candidates: readonly Candidate[], layout: PictureKind): string {
  const known = candidates.flatMap(({ facts }) => facts ?? []);
  const reasons = new Map<string, number>();
  for (const facts of known) {
    const reason = encodedFor(facts, layout);
    if (reason !== null) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const encoded = [...reasons.values()].reduce((sum, count) => sum + count, 0);
  const copied = known.length - encoded;
  const files = `${known.length} ${known.length === 1 ? 'file' : 'files'}`;
  const why = [...reasons].sort(([, a], [, b]) => b - a).map(([reason, count]) => `${count} ${reason}`);
  const all = encoded === 0 ? 'all can be copied' : '';
  const some = [
    copied > 0 ? `${copied} can be copied` : '',
    `${copied > 0 ? encoded : 'all'} ${copied > 0 && encoded === 1 ? 'is' : 'are'} encoded (${why.join(', ')})`,
  ].filter(Boolean);
  const { width, height, frameRate } = layout;
  return `${files}, ${width} × ${height} at ${rateText(frameRate)} frames a second: ${all || some.join(', ')}`;
}
