/** Settings of a preparation and properties of its result: the part of media that parent processes use. No FFmpeg. */
import { z } from 'zod';
import { Millis, Ticks90k } from '../base/units.js';
import { MOST_SOUND_TRACKS, MOST_SUBTITLES, type StationFormat, stationFormats } from '../wire/station-format.js';
import { MOST_FURTHER } from '../wire/ts.js';

const count = z.int().nonnegative();
const positive = z.int().positive().max(0x7fff_ffff);
/** Pixels: as many as H.264 can count. */
export const pixels = positive.max(65_536);
/** Texts that are announced on the network, which has the same limit. */
const text = z.string().max(200);
/** A duration in ticks of 90 kHz. */
export const ticksSchema = count.transform(Ticks90k);

/** Numerator and denominator, both positive, in lowest terms. */
export type Ratio = [numerator: number, denominator: number];
export const ratioSchema = z.tuple([positive, positive]).transform((value): Ratio => value);
/** Frames a second, from one in a quarter of an hour to the fastest of cameras. */
export const frameRateSchema = ratioSchema.refine(
  ([frames, seconds]) => frames / seconds > 0.001 && frames / seconds < 2_000,
);

export const formatSchema = z.enum(stationFormats);

export { MOST_SOUND_TRACKS, MOST_SUBTITLES };

/** A language tag of RFC 5646 with at most a script and a region. */
export const LANGUAGE = /^[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?$/i;

/** Codecs of sound that a station can have beside AAC. */
export const dolbyCodecs = ['ac-3', 'e-ac-3'] as const;
export type DolbyCodec = (typeof dolbyCodecs)[number];

/** An elementary stream beside pictures and main sound. Kinds to come have other literals. */
export const furtherStreamSchema = z.discriminatedUnion('kind', [
  /** At 48 kHz. Tracks of AAC-LC come first. */
  z.strictObject({
    kind: z.literal('sound'),
    /** Absent: AAC-LC. */
    codec: z.enum(dolbyCodecs).optional(),
    /** RFC 5646, without a region. */
    language: z.string().regex(LANGUAGE),
    channels: positive.max(6),
  }),
  /** DVB subtitles (ETSI EN 300 743). */
  z.strictObject({
    kind: z.literal('subtitles'),
    /** RFC 5646, without a region. */
    language: z.string().regex(LANGUAGE),
  }),
]);
export type FurtherStream = z.infer<typeof furtherStreamSchema>;

/** The format shared by all items of a station; the reel of one of them sets it. */
export const stationLayoutSchema = z.object({
  /** Pixels, as coded. */
  width: pixels,
  height: pixels,
  /** Width of a pixel divided by its height. */
  sampleAspectRatio: ratioSchema,
  /** Frames a second. */
  frameRate: frameRateSchema,
  /** Audio channels, 1 to 6; 0 where the format carries none. */
  channels: count.max(6),
  /** From DTS to PTS of a picture that is not reordered: the longest that any picture of the station needs. */
  reorderDelay: ticksSchema,
  /** Bits of a sample of the pictures; absent: 8. */
  bitDepth: z.literal(10).optional(),
  /** Language of the main sound, RFC 5646 without a region; only where there are further streams, and it is known. */
  language: z.string().regex(LANGUAGE).optional(),
  /** Elementary streams beside pictures and main sound, in the order of their PIDs; absent where there are none. */
  further: z.array(furtherStreamSchema).min(1).max(MOST_FURTHER).optional(),
});
export type StationLayout = z.infer<typeof stationLayoutSchema>;

/** Properties of a reel's contents, and how they were made from the source. */
export const mediaPropertiesSchema = z.object({
  /** Pixels, as coded. */
  width: pixels,
  height: pixels,
  sampleAspectRatio: ratioSchema,
  /** Of the picture as displayed, e.g. "16:9". */
  aspectRatio: text,
  /** Frames a second; the average where it varies. */
  frameRate: frameRateSchema,
  /** e.g. "H.264 High 4.0" */
  videoCodec: text,
  /** e.g. "AAC-LC 5.1" */
  audioCodec: text.nullable(),
  /** RFC 6381, e.g. "avc1.640028,mp4a.40.2" */
  codecs: text,
  video: z.enum(['copied', 'encoded']),
  /** How encoded pictures were made, e.g. "x264 faster, CRF 21, at most 8 Mbit/s, groups of 2 s"; missing in copied ones. */
  encoding: text.optional(),
  audio: z.enum(['copied', 'encoded', 'silent', 'none']),
  /** Audio channels; 0 where the format carries none. */
  channels: count.max(6),
  /** Integrated loudness of the source's sound by EBU R 128, LUFS, where it was measured. */
  loudness: z.number().min(-100).max(100).optional(),
  /** Why it was encoded, one phrase; empty when all was copied. */
  reason: z.string(),
  /** Lines for the log, e.g. that the file is cut off. */
  notes: z.array(z.string()),
  /** The title in the file's own metadata. */
  title: z.string().nullable(),
});
export type MediaProperties = z.infer<typeof mediaPropertiesSchema>;

/** Presets of x264, from the quickest to the best: each level of H.264 that they need, receivers have. */
export const x264Presets = ['veryfast', 'faster', 'fast', 'medium'] as const;
export type X264Preset = (typeof x264Presets)[number];
export const presets = ['auto', ...x264Presets] as const;

/** Encoders of graphics hardware. */
export const hardwareNames = ['nvenc', 'qsv', 'vaapi', 'videotoolbox'] as const;
export type HardwareName = (typeof hardwareNames)[number];
export const encoderNames = ['x264', 'auto', ...hardwareNames] as const;
export type EncoderName = (typeof encoderNames)[number];

/** Why that encoder cannot be had for stations of that format; null where it can. */
export const encoderFault = ({ format, encoder }: Pick<MediaSettings, 'format' | 'encoder'>): string | null =>
  format === 'hevc' && encoder !== 'x264'
    ? `stations of hevc are encoded by x265: an encoder (${encoder}) can be chosen for h264 only`
    : null;

/** Constant rate factors of x264 that make sense: from what nobody tells from the source to what everybody does. */
export const LEAST_CRF = 12;
export const MOST_CRF = 35;

/** How a source is prepared. */
export interface MediaSettings {
  format: StationFormat;
  /** `jpeg` only: frames a second, or those of the source. */
  fps: number | 'source';
  /** Not of `jpeg`: pictures are copied when random access points are at most this far apart. */
  maxGop: Millis;
  /** Languages of the sound, RFC 5646, the preferred one first; none where the file decides. */
  languages: string[];
  /** Whether a track of AC-3 or E-AC-3 is carried as it is, beside the main one. */
  ac3: boolean;
  /** 2: sound of more channels is mixed down; 6: 5.1 stays also where it is encoded; null: 5.1 stays where it is copied. */
  channels: 2 | 6 | null;
  /** Languages of the subtitles, RFC 5646, the preferred one first; none where they are left out. */
  subtitles: string[];
  /** Whether the first of them that the source has is drawn into the pictures; without languages, what the file prefers. */
  burnSubtitles: boolean;
  /** Integrated loudness of the sound by EBU R 128, LUFS; null for that of the source. */
  loudness: number | null;
  /** Whether a moving spectrum is shown with sound alone. */
  spectrum: boolean;
  /** How long a picture stands that is an item of its own. */
  slide: Millis;
  /** How long it fades in from the picture before it, as a part of that time; 0: it does not. */
  fade: Millis;
  /** Not of `jpeg`: pictures are copied when their busiest second has at most this many bits, and encoded with at most as many. */
  maxBitrate: number;
  /** Not of `jpeg`: most bit/s of pictures that are encoded; undefined: by their size and rate. */
  bitrate?: number;
  /** Not of `jpeg`: the encoder's preset, as x264 names them; `auto` is the best one with which this machine is twice as fast as the film plays. */
  preset: (typeof presets)[number];
  /** Not of `jpeg`: quality of pictures that are encoded, as x264's constant rate factor; the lower, the better. */
  crf: number;
  /** `h264` only: what encodes films; `auto` is any hardware that works. Where hardware does not, it is x264, with a note. */
  encoder: EncoderName;
  /** Not of `jpeg`: what is copied is decoded as well, to find damage within; without it, only what shows it by its structure. */
  decodeCheck?: boolean;
  /** The layout that one of the station's files set; null for that file. */
  target: StationLayout | null;
}

/** The settings where the caller gives none. */
export const defaultMediaSettings: MediaSettings = {
  format: 'h264',
  fps: 30,
  // x264's default is a key picture every 250: 10.4 s at 24 frames a second.
  maxGop: Millis(12_000),
  languages: [],
  ac3: false,
  channels: null,
  subtitles: [],
  burnSubtitles: false,
  loudness: null,
  spectrum: false,
  slide: Millis(10_000),
  fade: Millis(0),
  // More than the 40 Mbit/s of a Blu-ray disc. Intra-coded camera files of hundreds overload receivers, and a server of many.
  maxBitrate: 50e6,
  preset: 'auto',
  crf: 21,
  encoder: 'x264',
  target: null,
};

/** Films that `msc` makes itself: colour bars with a running clock, and the still picture "Back soon". */
export type GeneratedFilm = 'test-card' | 'slate';

/** The settings that a server has for all its stations; the others are those of a station, a film or a layout. */
export type CommonSettings = Pick<
  MediaSettings,
  'format' | 'fps' | 'maxGop' | 'maxBitrate' | 'slide' | 'fade' | 'crf' | 'preset' | 'encoder'
>;

/** Those of `from`, without anything else that it has. */
export const commonSettings = (from: CommonSettings): CommonSettings => {
  const { format, fps, maxGop, maxBitrate, slide, fade, crf, preset, encoder } = from;
  return { format, fps, maxGop, maxBitrate, slide, fade, crf, preset, encoder };
};
