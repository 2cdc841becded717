/** The options that commands share, and how their values are parsed. */
import { InvalidArgumentError, Option } from 'commander';
import { Millis } from '../base/units.js';
import { parseMoment } from '../contract/time-text.js';
import { COMMON_DELAY } from '../contract/timing.js';
import {
  type CommonSettings,
  commonSettings,
  defaultMediaSettings,
  encoderNames,
  LANGUAGE,
  LEAST_CRF,
  type MediaSettings,
  MOST_CRF,
  MOST_SUBTITLES,
  presets,
} from '../media/settings.js';
import type { Preferences } from '../server/preferences.js';
import { stationFormats } from '../wire/station-format.js';

/** A parser of whole numbers from `least` to `most`. */
export const wholeNumber =
  ({ least, most }: { least: number; most: number }) =>
  (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It is a whole number from ${least} to ${most}.`);
  };

const timeUnits = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

/** "30s", "500ms", "2m", "1h", "90" (seconds) to milliseconds. */
export function duration(text: string): Millis {
  const [, number, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text.trim()) ?? [];
  const value = Number(number) * (timeUnits.get(unit) ?? 0);
  if (value > 0) return Millis(value);
  throw new InvalidArgumentError('It is a time such as 30s, 2m or 1h.');
}

const rateUnits = new Map([
  ['', 1],
  ['k', 1e3],
  ['M', 1e6],
  ['G', 1e9],
]);

/** "500M", "1.5G", "800k", "64000" to bit/s. */
export function bitrate(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([kMG])?$/.exec(text.trim()) ?? [];
  const value = Number(number) * (rateUnits.get(unit) ?? 0);
  if (value > 0) return value;
  throw new InvalidArgumentError('It is a number of bits a second such as 500M or 1G.');
}

export function languages(text: string): string[] {
  const tags = text.split(',').map((tag) => tag.trim());
  if (tags.length <= 16 && tags.every((tag) => LANGUAGE.test(tag))) return tags;
  throw new InvalidArgumentError('It is a list of languages such as en,de or pt-BR.');
}

function subtitleLanguages(text: string): string[] {
  if (text.trim() === 'none') return [];
  const tags = languages(text);
  if (tags.length <= MOST_SUBTITLES) return tags;
  throw new InvalidArgumentError(`There are at most ${MOST_SUBTITLES}.`);
}

function lufs(text: string): number {
  const value = Number(text.replace('−', '-'));
  if (text.trim() !== '' && value >= -40 && value <= -10) return value;
  throw new InvalidArgumentError('It is a number from -40 to -10, such as -23.');
}

function frameRate(text: string): number | 'source' {
  if (text === 'source') return text;
  const value = Number(text);
  if (value >= 1 && value <= 120) return value;
  throw new InvalidArgumentError('It is a number from 1 to 120, or "source".');
}

function pictureSize(text: string): { width: number; height: number } {
  const [, width, height] = (/^(\d{2,4})[x×](\d{2,4})$/.exec(text.trim()) ?? []).map(Number);
  const isSide = (side = 0) => side >= 16 && side <= 8_192 && side % 2 === 0;
  if (isSide(width) && isSide(height)) return { width: width!, height: height! };
  throw new InvalidArgumentError('It is two even numbers from 16 to 8192, such as 1920x1080.');
}

function stationRate(text: string): number {
  const value = Number(text);
  if (value >= 5 && value <= 60) return value;
  throw new InvalidArgumentError('It is a number from 5 to 60.');
}

function encodedBitrate(text: string): number {
  const value = bitrate(text);
  if (value >= 100_000 && value <= 200_000_000) return Math.round(value);
  throw new InvalidArgumentError('It is from 100k to 200M.');
}

/** A moment in the past (Unix epoch); see contract/time-text.ts. */
export function pastMoment(text: string): Millis {
  const moment = parseMoment(text, Millis(Date.now()));
  if (moment !== null) return moment;
  throw new InvalidArgumentError('It is a moment in the past such as 20:15, 2026-03-01T20:15 or -10m.');
}

/** For options that may be given several times. */
export const append = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

export const interfaceOption = () =>
  new Option('-i, --interface <name>', 'network interface, by name or address').env('MSC_INTERFACE');
export const keyOption = () =>
  new Option(
    '--key <file>',
    'believe and answer only those who have the same key, a secret that msc key makes (default: everybody)',
  ).env('MSC_KEY');
export const alsoOption = () =>
  new Option('--also <name>', 'a second interface to receive on: the first copy of each packet counts').argParser(
    append,
  );
export const jsonOption = () => new Option('--json', 'results as JSON on standard output').default(false);
export const quietOption = () => new Option('-q, --quiet', 'errors only').default(false);
export const storeOption = () =>
  new Option('--store <folder>', 'folder of the reels (default: in the user’s cache folder)');
export const configOption = () =>
  new Option(
    '--config <folder>',
    'folder of the operator’s password and tokens (default: in the user’s configuration folder)',
  ).env('MSC_CONFIG');
export const controlPortOption = () =>
  new Option('--control-port <port>', 'UDP port for viewers’ requests, 0 for any free one')
    .argParser(wholeNumber({ least: 0, most: 65_535 }))
    .default(5601);
export const delayOption = () =>
  new Option(
    '--delay <time>',
    `show each picture this long after its time stamp, in step with all other viewers (default: ${COMMON_DELAY}ms)`,
  ).argParser(duration);
export const momentOption = (flags: string) =>
  new Option(flags, 'begin with what was on the air at 20:15, at 2026-03-01T20:15, or 10 minutes ago: -10m').argParser(
    pastMoment,
  );

/** How media are prepared. */
export const mediaOptions = () => [
  storeOption(),
  new Option(
    '--format <format>',
    'what goes on the air: h264 with sound; hevc with sound, for screens that take it; or JPEG frames',
  )
    .choices(stationFormats)
    .default(defaultMediaSettings.format),
  new Option('--fps <rate>', 'frames a second of JPEG stations, or "source"')
    .argParser(frameRate)
    .default(defaultMediaSettings.fps),
  new Option('--max-gop <time>', 'encode video whose random access points are further apart than this')
    .argParser(duration)
    .default(defaultMediaSettings.maxGop, `${defaultMediaSettings.maxGop / 1000}s`),
  new Option('--max-bitrate <rate>', 'encode video with more bit/s than this in its busiest second')
    .argParser(bitrate)
    .default(defaultMediaSettings.maxBitrate, `${defaultMediaSettings.maxBitrate / 1e6}M`),
  new Option('--titles <source>', 'what items are called by: the file’s name, or the title tag in it')
    .choices(['file', 'tag'])
    .default('file'),
  new Option('--slide <time>', 'how long each photo or slide stands')
    .argParser(duration)
    .default(defaultMediaSettings.slide, `${defaultMediaSettings.slide / 1000}s`),
  new Option('--fade <time>', 'how long each photo or slide fades in from the one before it, such as 1s')
    .argParser(duration)
    .default(defaultMediaSettings.fade, 'none'),
  new Option(
    '--size <pixels>',
    'size of the pictures, such as 1920x1080 (default: that of most of the time)',
  ).argParser(pictureSize),
  new Option('--rate <frames>', 'frames a second, such as 25 or 29.97 (default: that of most of the time)').argParser(
    stationRate,
  ),
  new Option('--bitrate <rate>', 'most bit/s of pictures that are encoded (default: by size and rate)').argParser(
    encodedBitrate,
  ),
  new Option('--crf <number>', 'quality of pictures that are encoded, from 12 (best) to 35')
    .argParser(wholeNumber({ least: LEAST_CRF, most: MOST_CRF }))
    .default(defaultMediaSettings.crf),
  new Option(
    '--preset <preset>',
    'how x264 or x265 encodes; auto: the best that is twice as fast here as the film plays',
  )
    .choices(presets)
    .default(defaultMediaSettings.preset),
  new Option(
    '--encoder <encoder>',
    'what encodes stations of h264: x264, or hardware where it works; auto: any that does',
  )
    .choices(encoderNames)
    .default(defaultMediaSettings.encoder),
  new Option(
    '--audio <languages>',
    'languages of the sound, such as en,de: the first is the main sound, the others are tracks beside it',
  ).argParser(languages),
  new Option('--ac3', 'carry the AC-3 or E-AC-3 of films as it is, in a track beside the main sound'),
  new Option(
    '--channels <layout>',
    'stereo: mix sound of more channels down, speech at its level; 5.1: keep it also where it is encoded',
  ).choices(['stereo', '5.1']),
  new Option('--subtitles <languages>', 'languages of the subtitles to carry, such as en,de (default: none)').argParser(
    subtitleLanguages,
  ),
  new Option(
    '--burn-subtitles',
    'draw subtitles into the pictures instead: the first language of --subtitles, or what the film prefers',
  ),
  new Option('--spectrum', 'show a moving spectrum with songs and other sound alone'),
  new Option('--loudness <LUFS>', 'bring the sound of all items to this loudness, such as -23 (EBU R 128)').argParser(
    lufs,
  ),
];

export const preferencesOf = (flags: Preferences): Preferences => ({
  titles: flags.titles,
  size: flags.size,
  rate: flags.rate,
  bitrate: flags.bitrate,
  audio: flags.audio,
  ac3: flags.ac3,
  channels: flags.channels,
  subtitles: flags.subtitles,
  burnSubtitles: flags.burnSubtitles,
  spectrum: flags.spectrum,
  loudness: flags.loudness,
});

export const settingsOf = (flags: CommonSettings): MediaSettings => ({
  ...defaultMediaSettings,
  ...commonSettings(flags),
});
