/** The sequence parameter set of H.264: properties of the pictures. ITU-T H.264, 7.3.2.1.1 and E.1.1. */

import { reduce } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { BitReader } from './bit-reader.js';

export interface SequenceParameters {
  id: number;
  profile: number;
  /** constraint_set0_flag is the highest bit. */
  constraints: number;
  /** Ten times the level: 40 is 4.0. */
  level: number;
  /** 1 is 4:2:0. */
  chromaFormat: number;
  bitDepth: number;
  /** False where pictures may be coded as fields. */
  frameMbsOnly: boolean;
  /** Pixels, cropped. */
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
}

/** Without the emulation_prevention_three_byte after each 00 00. */
function withoutEmulationPrevention(nal: Uint8Array): Uint8Array {
  const out = new Uint8Array(nal.length);
  let length = 0;
  let zeros = 0;
  for (const byte of nal) {
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    out[length++] = byte;
  }
  return out.subarray(0, length);
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

/** Profiles whose parameter sets hold chroma format and bit depth. */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Reads an SPS NAL unit, first byte included; null when it is damaged. */
export function parseSequenceParameters(nal: Uint8Array): SequenceParameters | null {
  try {
    return read(nal);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(nal: Uint8Array): SequenceParameters | null {
  const bits = new BitReader(withoutEmulationPrevention(nal.subarray(1)));
  const profile = bits.read(8);
  const constraints = bits.read(8);
  const level = bits.read(8);
  const id = bits.unsigned();
  let chromaFormat = 1;
  let separatePlanes = false;
  let bitDepth = 8;
  if (highProfiles.has(profile)) {
    chromaFormat = bits.unsigned();
    if (chromaFormat === 3) separatePlanes = bits.flag();
    // bit_depth_luma_minus8, bit_depth_chroma_minus8
    bitDepth = 8 + Math.max(bits.unsigned(), bits.unsigned());
    bits.flag(); // qpprime_y_zero_transform_bypass_flag
    if (bits.flag()) skipScalingLists(bits, chromaFormat === 3 ? 12 : 8);
  }
  bits.unsigned(); // log2_max_frame_num_minus4
  const orderType = bits.unsigned(); // pic_order_cnt_type
  if (orderType === 0) {
    bits.unsigned(); // log2_max_pic_order_cnt_lsb_minus4
  } else if (orderType === 1) {
    bits.flag(); // delta_pic_order_always_zero_flag
    bits.signed(); // offset_for_non_ref_pic
    bits.signed(); // offset_for_top_to_bottom_field
    const cycle = bits.unsigned(); // num_ref_frames_in_pic_order_cnt_cycle
    if (cycle > 255) return null;
    for (let i = 0; i < cycle; i++) bits.signed();
  }
  bits.unsigned(); // max_num_ref_frames
  bits.flag(); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.unsigned() + 1;
  const heightInMapUnits = bits.unsigned() + 1;
  const frameMbsOnly = bits.flag();
  if (!frameMbsOnly) bits.flag(); // mb_adaptive_frame_field_flag
  bits.flag(); // direct_8x8_inference_flag
  let width = widthInMacroblocks * 16;
  const fieldFactor = frameMbsOnly ? 1 : 2;
  let height = heightInMapUnits * 16 * fieldFactor;
  if (bits.flag()) {
    const unitX = !separatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1;
    const unitY = (!separatePlanes && chromaFormat === 1 ? 2 : 1) * fieldFactor;
    // left, right, top, bottom
    width -= (bits.unsigned() + bits.unsigned()) * unitX;
    height -= (bits.unsigned() + bits.unsigned()) * unitY;
  }
  if (width <= 0 || height <= 0) return null;
  const sampleAspectRatio = bits.flag() && bits.flag() ? readAspectRatio(bits) : ([1, 1] as Ratio);
  return { id, profile, constraints, level, chromaFormat, bitDepth, frameMbsOnly, width, height, sampleAspectRatio };
}

function readAspectRatio(bits: BitReader): Ratio {
  const index = bits.read(8);
  if (index !== EXTENDED_SAR) return sampleAspectRatios[index] ?? [1, 1];
  const width = bits.read(16);
  const height = bits.read(16);
  return width > 0 && height > 0 ? reduce([width, height]) : [1, 1];
}

function skipScalingLists(bits: BitReader, count: number): void {
  for (let list = 0; list < count; list++) {
    if (!bits.flag()) continue;
    let last = 8;
    let next = 8;
    for (let i = 0; i < (list < 6 ? 16 : 64); i++) {
      if (next !== 0) next = (last + bits.signed() + 256) % 256;
      last = next === 0 ? last : next;
    }
  }
}

const profileNames: Record<number, string> = {
  66: 'Baseline',
  77: 'Main',
  88: 'Extended',
  100: 'High',
  110: 'High 10',
};

/** e.g. "H.264 High 4.0" */
export function h264Name({ profile, constraints, level }: SequenceParameters): string {
  const constrained = profile === 66 && (constraints & 0x40) !== 0 ? 'Constrained ' : '';
  return `H.264 ${constrained}${profileNames[profile] ?? `profile ${profile}`} ${(level / 10).toFixed(1)}`;
}

/** RFC 6381, 3.3: e.g. "avc1.640028" */
export function h264CodecString({ profile, constraints, level }: SequenceParameters): string {
  return `avc1.${[profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
