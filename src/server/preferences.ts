/** How a station's items are called and laid out: a server's defaults, and what single stations have instead. */
import { z } from 'zod';
import { tidyFrameRate } from '../media/ratio.js';
import { LANGUAGE, type MediaSettings, MOST_SUBTITLES } from '../media/settings.js';
import { carriedLanguages } from '../media/subtitles/carried.js';
import type { LayoutRequest } from './layout-choice.js';

/** Pixels of a side: an even number, as 4:2:0 needs it. */
const side = z.int().min(16).max(8_192).multipleOf(2);

/** RFC 5646, or the three letters of ISO 639-2. */
const language = z.string().regex(LANGUAGE, { error: 'it is a language such as en, pt-BR or ger' });

export const preferenceFields = {
  /** What items are called by: their file's name, or the title in its metadata. NAME.nfo beside a file comes first. */
  titles: z.enum(['file', 'tag']).optional(),
  /** Pixels of the pictures; default those of most of the station's time. */
  size: z.strictObject({ width: side, height: side }).optional(),
  /** Frames a second, such as 25 or 29.97; default that of most of the station's time. */
  rate: z.number().min(5).max(60).optional(),
  /** Most bit/s of pictures that are encoded; default by size and rate. */
  bitrate: z.int().min(100_000).max(200_000_000).optional(),
  /**
   * Languages of the sound, such as `en` or `ger`, the preferred one first: it is the main sound, and the others are tracks
   * beside it, three at most. Default the file's own choice, one track.
   */
  audio: z.array(language).max(16).optional(),
  /** Whether AC-3 or E-AC-3 of the files is carried as it is, in a track beside the main sound. */
  ac3: z.boolean().optional(),
  /**
   * `stereo`: sound of more channels is mixed down, speech at its level; `5.1`: it keeps its channels also where it is encoded.
   * Default: 5.1 is kept where it is copied.
   */
  channels: z.enum(['stereo', '5.1']).optional(),
  /** Languages of the subtitles that are carried; default none. */
  subtitles: z.array(language).max(MOST_SUBTITLES).optional(),
  /** Whether the first of them that a film has, or what the film prefers, is drawn into its pictures instead. */
  burnSubtitles: z.boolean().optional(),
  /** Whether songs and other sound alone are shown with a moving spectrum. */
  spectrum: z.boolean().optional(),
  /** Loudness of every item by EBU R 128, LUFS, such as -23; default that of the source. */
  loudness: z.number().min(-40).max(-10).optional(),
};

const preferencesSchema = z.object(preferenceFields);
export type Preferences = z.output<typeof preferencesSchema>;

/** The preferences of a station: its own, or else its server's. */
export function preferencesOf(own: Preferences, usual: Preferences): Preferences {
  return {
    titles: own.titles ?? usual.titles,
    size: own.size ?? usual.size,
    rate: own.rate ?? usual.rate,
    bitrate: own.bitrate ?? usual.bitrate,
    audio: own.audio ?? usual.audio,
    ac3: own.ac3 ?? usual.ac3,
    channels: own.channels ?? usual.channels,
    subtitles: own.subtitles ?? usual.subtitles,
    burnSubtitles: own.burnSubtitles ?? usual.burnSubtitles,
    spectrum: own.spectrum ?? usual.spectrum,
    loudness: own.loudness ?? usual.loudness,
  };
}

const channelCounts = { stereo: 2, '5.1': 6 } as const;

/** `settings` with what the preferences say of how media are prepared. */
export const settingsFor = (settings: MediaSettings, preferences: Preferences): MediaSettings => ({
  ...settings,
  bitrate: preferences.bitrate,
  languages: preferences.audio ?? [],
  ac3: preferences.ac3 ?? false,
  channels: preferences.channels === undefined ? null : channelCounts[preferences.channels],
  subtitles: preferences.subtitles ?? [],
  burnSubtitles: preferences.burnSubtitles ?? false,
  spectrum: preferences.spectrum ?? false,
  loudness: preferences.loudness ?? null,
});

export const requestOf = ({
  size,
  rate,
  audio,
  ac3,
  channels,
  subtitles = [],
  burnSubtitles = false,
}: Preferences): LayoutRequest => ({
  size,
  languages: audio,
  ac3,
  subtitles: carriedLanguages({ subtitles, burnSubtitles, target: null }),
  channels: channels && channelCounts[channels],
  rate: rate === undefined ? undefined : tidyFrameRate([Math.round(rate * 1_000), 1_000]),
});

/** What of the layout is asked for, as part of a station's identity; empty where nothing is. */
export const requestText = ({ size, rate }: Preferences): string =>
  size || rate ? JSON.stringify([size && [size.width, size.height], rate]) : '';
