/**
 * The spool: elementary streams on disk and, in memory, a few numbers for each access unit. Media fills it, the
 * multiplexer reads it. This file loads no FFmpeg, so that the parent process may import it.
 */

import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import type { TransportFormat } from '../wire/station-format.js';
import type { FurtherStream, MediaProperties, MediaSettings, Ratio } from './settings.js';
import type { SubtitleFile } from './subtitles/subtitle-files.js';

/** When frame `index`, counted from 0, begins at a constant frame rate. */
export const frameTime = (index: number, [numerator, denominator]: Ratio): Ticks90k =>
  Ticks90k(Math.round((index * TICKS_PER_SECOND * denominator) / numerator));

/** Access units from the first on. */
export interface AccessUnitReader {
  /** Copies the next access unit, which has `length` bytes, to `offset` of `out`. Throws when it cannot be read. */
  read(out: Buffer, offset: number, length: number): void;
  close(): void;
}

/** Pictures of H.264 or H.265 in decoding order. */
export interface SpooledVideo {
  /** Opens the Annex B access units; each begins with an access unit delimiter. */
  open(): AccessUnitReader;
  /** Bytes of each access unit. */
  sizes: Uint32Array;
  /** Ticks: presentation time of each access unit; the picture shown first has 0. */
  pts: Float64Array;
  /** 1 where the access unit is a random access point, with its parameter sets. */
  randomAccess: Uint8Array;
  /** The end of the picture shown last. */
  duration: Ticks90k;
  /** From DTS to PTS of a picture that is not reordered; at least what these pictures need. */
  reorderDelay: Ticks90k;
}

/** Samples a channel in an AAC frame, and the frame's length at 48 kHz: 1,024 × 90,000 / 48,000. */
export const AAC_FRAME_SAMPLES = 1_024;
export const AAC_FRAME_TICKS = Ticks90k(1_920);
/** The one sampling rate on air, Hz. */
export const AUDIO_RATE = 48_000;

/** AAC-LC in ADTS, or another codec. */
export interface SpooledAudio {
  /** Frames one after another. */
  path: string;
  /** Length of each; absent: AAC_FRAME_TICKS. */
  frame?: Ticks90k;
  /** Bytes of each frame; empty where there is no sound at all. */
  sizes: Uint32Array;
  /** Of the first frame, relative to the first picture; may be negative. */
  start: Ticks90k;
  /** One frame of silence with the same parameters, to pad with. */
  silence: Buffer;
}

/** A stream beside pictures and main sound. */
export type SpooledFurther =
  | { stream: FurtherStream & { kind: 'sound' }; audio: SpooledAudio }
  | { stream: FurtherStream & { kind: 'subtitles' }; pages: SubtitlePages };

/** Pages of DVB subtitles in the order of their times, at most some seconds apart; the first is at 0, the last clears the screen. */
export type SubtitlePages = {
  /** From the first picture on. */
  pts: Ticks90k;
  /** PES data: as it lies behind the PES header. */
  data: Buffer;
}[];

/**
 * A reel has the number of frames nearest to its `duration`, their time stamps spread over it evenly, so that joins have no
 * gap or overlap. That stretches or squeezes its sound by at most half a frame, 10.7 ms of AAC. Sound that begins at `start` is
 * put where it is in time in the middle of the reel: at both ends it is then off by at most 16 ms. `frame`: the length of one.
 */
export function placeSound(options: { start: Ticks90k; duration: Ticks90k; frame?: Ticks90k }): {
  /** Frames in the reel. */
  count: number;
  /** The frame of the reel in whose place the first frame of the sound is. */
  first: number;
  /** Farthest that a frame is off its time. */
  mostOff: Ticks90k;
} {
  const { start, duration, frame = AAC_FRAME_TICKS } = options;
  const count = Math.max(1, Math.round(duration / frame));
  const first = Math.round(start / frame + (count - duration / frame) / 2);
  const atBegin = first * frame - start;
  const atEnd = atBegin + duration - count * frame;
  return { count, first, mostOff: Ticks90k(Math.max(Math.abs(atBegin), Math.abs(atEnd))) };
}

/** JPEG files, one after another. */
export interface SpooledFrames {
  path: string;
  /** Bytes of each file. */
  sizes: Uint32Array;
}

export type Spool =
  | {
      format: TransportFormat;
      video: SpooledVideo;
      /** Bits of a sample of the pictures; absent: 8. */
      bitDepth?: 10;
      audio: SpooledAudio;
      /** Language of the main sound, where there are further streams and it is known. */
      language?: string;
      /** In the order of their PIDs; absent where there are none. */
      further?: SpooledFurther[];
      properties: MediaProperties;
      poster?: Poster;
    }
  | {
      format: 'jpeg';
      frames: SpooledFrames;
      frameRate: Ratio;
      duration: Ticks90k;
      properties: MediaProperties;
      poster?: Poster;
    };

/** The spool of a transport stream. */
export type FilmSpool = Exclude<Spool, { format: 'jpeg' }>;

/** A JPEG file, where it is not taken from the source; null where none can be made. */
type Poster = Buffer | null;

export interface SpoolOptions {
  /** The media file. */
  source: string;
  /** The picture that a still picture fades in from: another file; null where there is none. */
  before?: string | null;
  /** Files of the pages of a source that has some. */
  pages?: readonly string[];
  /** An existing folder for the elementary streams. */
  folder: string;
  settings: MediaSettings;
  /** Files with subtitles beside the source that may be used; none by default. */
  subtitleFiles?: readonly SubtitleFile[];
  /** The cover beside a song; null or absent: there is none. */
  cover?: string | null;
  /** Called at times with the share done, 0 to 1; with less than before where work only goes on. */
  onProgress(done: number): void;
}
