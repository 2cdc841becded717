/** The beginning of the video usability information, which is the same in H.264 (E.1.1) and H.265 (E.2.1). */

import type { BitReader } from '../../wire/bit-reader.js';
import { reduce } from '../ratio.js';
import type { Ratio } from '../settings.js';

/** video_signal_type of E.1.1; the code points are those of ITU-T H.273, 2 where one is not specified. */
export interface VideoSignal {
  isFull: boolean;
  primaries: number;
  transfer: number;
  matrix: number;
}

/** What a VUI says, and where. */
export interface Usability {
  sampleAspectRatio: Ratio;
  /** Null where nothing is said of the colour. */
  signal: VideoSignal | null;
  /** overscan_info_present_flag; null without a VUI. */
  overscan: number | null;
  /** video_signal_type_present_flag, and the end of what it announces; null without a VUI. */
  signalAt: [from: number, to: number] | null;
}

/** Reads from vui_parameters_present_flag to the end of video_signal_type. */
export function readUsability(bits: BitReader): Usability {
  if (!bits.flag()) return { sampleAspectRatio: [1, 1], signal: null, overscan: null, signalAt: null };
  const sampleAspectRatio = bits.flag() ? readAspectRatio(bits) : ([1, 1] as Ratio);
  const overscan = bits.position;
  if (bits.flag()) bits.flag(); // overscan_info_present_flag, overscan_appropriate_flag
  const from = bits.position;
  const signal = bits.flag() ? readSignal(bits) : null;
  return { sampleAspectRatio, signal, overscan, signalAt: [from, bits.position] };
}

/** Table E-1: aspect_ratio_idc. */
const sampleAspectRatios: Ratio[] = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
];
const EXTENDED_SAR = 255;

function readSignal(bits: BitReader): VideoSignal {
  bits.read(3); // video_format
  const isFull = bits.flag();
  if (!bits.flag()) return { isFull, primaries: 2, transfer: 2, matrix: 2 };
  return { isFull, primaries: bits.read(8), transfer: bits.read(8), matrix: bits.read(8) };
}

function readAspectRatio(bits: BitReader): Ratio {
  const index = bits.read(8);
  if (index !== EXTENDED_SAR) return sampleAspectRatios[index] ?? [1, 1];
  const width = bits.read(16);
  const height = bits.read(16);
  return width > 0 && height > 0 ? reduce([width, height]) : [1, 1];
}
