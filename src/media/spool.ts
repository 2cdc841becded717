/**
 * What preparation hands to the multiplexer: elementary streams on disk and, in memory, a few numbers an access unit.
 * Types only, so that anybody may import them; what fills a spool is in the files beside this one, which load FFmpeg.
 */

import type { Millis, Ticks90k } from '../base/units.js';
import type { StationFormat } from '../wire/station-info.js';

/** Numerator and denominator, both positive, in lowest terms. */
export type Ratio = [numerator: number, denominator: number];

/** What every item of a station has in common; the first item sets it. */
export interface StationLayout {
  /** Pixels, as coded. */
  width: number;
  height: number;
  /** Width of a pixel by its height. */
  sampleAspectRatio: Ratio;
  /** Frames a second. */
  frameRate: Ratio;
  /** Of the sound: 1 to 6; 0 where the format carries none. */
  channels: number;
  /** From DTS to PTS of a picture that is not reordered: the most that any picture of the station needs. */
  reorderDelay: Ticks90k;
}

export interface MediaSettings {
  format: StationFormat;
  /** `jpeg` only: frames a second, or those of the source. */
  fps: number | 'source';
  /** `h264` only: pictures are copied when random access points are at most this far apart. */
  maxGop: Millis;
  /** The format that the station's first item set; null for the first. */
  target: StationLayout | null;
}

/** What a caller leaves open. */
export const defaultMediaSettings: MediaSettings = {
  format: 'h264',
  fps: 30,
  // x264 puts a key picture every 250 unless told otherwise: 10.4 s at 24 frames a second.
  maxGop: 12_000,
  target: null,
};

/** Access units from the first on. */
export interface AccessUnitReader {
  /** Copies the next access unit, which has `length` bytes, to `offset` of `out`. Throws when it cannot be had. */
  read(out: Buffer, offset: number, length: number): void;
  close(): void;
}

/** H.264 in decoding order. */
export interface SpooledVideo {
  /** Annex B access units, one after another; each begins with an access unit delimiter. Opened when they are muxed. */
  open(): AccessUnitReader;
  /** Bytes of each access unit. */
  sizes: Uint32Array;
  /** Ticks90k of each access unit; the picture shown first has 0. */
  pts: Float64Array;
  /** 1 where the access unit is an IDR picture, with its parameter sets. */
  randomAccess: Uint8Array;
  /** The end of the picture shown last. */
  duration: Ticks90k;
  /** From DTS to PTS of a picture that is not reordered; at least what these pictures need. */
  reorderDelay: Ticks90k;
}

/** Samples a channel in an AAC frame, and the frame's length at 48 kHz: 1,024 × 90,000 / 48,000. */
export const AAC_FRAME_SAMPLES = 1_024;
export const AAC_FRAME_TICKS: Ticks90k = 1_920;
/** The one sampling rate on air, Hz. */
export const AUDIO_RATE = 48_000;

/** AAC-LC in ADTS. */
export interface SpooledAudio {
  /** ADTS frames of `AAC_FRAME_TICKS` each, one after another. */
  path: string;
  /** Bytes of each frame; empty where there is no sound at all. */
  sizes: Uint32Array;
  /** Of the first frame, relative to the first picture; may be negative. */
  start: Ticks90k;
  /** One frame of silence with the same parameters, to pad with. */
  silence: Buffer;
}

/** JPEG files, one after another. */
export interface SpooledFrames {
  path: string;
  /** Bytes of each file. */
  sizes: Uint32Array;
}

export interface MediaProperties {
  /** Pixels, as coded. */
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
  /** Of the picture as displayed, e.g. "16:9". */
  aspectRatio: string;
  /** Frames a second; the average where it varies. */
  frameRate: Ratio;
  /** e.g. "H.264 High 4.0" */
  videoCodec: string;
  /** e.g. "AAC-LC 5.1" */
  audioCodec: string | null;
  /** RFC 6381, e.g. "avc1.640028,mp4a.40.2" */
  codecs: string;
  video: 'copied' | 'encoded';
  audio: 'copied' | 'encoded' | 'silent' | 'none';
  /** Of the sound; 0 where the format carries none. */
  channels: number;
  /** Why it was encoded, one phrase; empty when all was copied. */
  reason: string;
  /** What the listener of a log should know, e.g. that the file is cut off; empty when there is nothing. */
  notes: string[];
  /** The title in the file's own metadata. */
  title: string | null;
}

export type Spool =
  | { format: 'h264'; video: SpooledVideo; audio: SpooledAudio; properties: MediaProperties }
  | { format: 'jpeg'; frames: SpooledFrames; frameRate: Ratio; duration: Ticks90k; properties: MediaProperties };

export interface SpoolOptions {
  /** The media file. */
  source: string;
  /** An existing folder of the caller's, for the elementary streams. */
  folder: string;
  settings: MediaSettings;
  /** Called now and then with the part that is done, 0 to 1. */
  onProgress(done: number): void;
}
