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
  /** Whether parts of a picture may be coded as fields. */
  isAdaptive: boolean;
  /** Pixels, cropped. */
  width: number;
  height: number;
  sampleAspectRatio: Ratio;
  /** What is said of the colour; null where nothing is. */
  signal: VideoSignal | null;
  /** Bits of frame_num in slices. */
  frameNumBits: number;
  /** Whether frame_num may skip numbers, as where layers of a stream were removed. */
  allowsFrameNumGaps: boolean;
}

/** video_signal_type of E.1.1; the code points are those of ITU-T H.273, 2 where one is not specified. */
export interface VideoSignal {
  isFull: boolean;
  primaries: number;
  transfer: number;
  matrix: number;
}

/** Where parts of a set lie in its payload, in bits; those of the VUI are null where it has none. */
export interface SequencePositions {
  /** frame_cropping_flag */
  cropping: number;
  /** left, right, top, bottom, in units. */
  crop: [number, number, number, number];
  /** Pixels in a unit. */
  cropUnit: [x: number, y: number];
  /** vui_parameters_present_flag */
  usability: number;
  /** overscan_info_present_flag */
  overscan: number | null;
  /** video_signal_type_present_flag, and the end of what it announces. */
  signal: [from: number, to: number] | null;
}

/** Without the emulation_prevention_three_byte after each 00 00. */
export function withoutEmulationPrevention(nal: Uint8Array): Uint8Array {
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
export const parseSequenceParameters = (nal: Uint8Array): SequenceParameters | null =>
  locateSequenceParameters(withoutEmulationPrevention(nal.subarray(1)))?.sequence ?? null;

/** The same for its payload, with the positions of its parts. */
export function locateSequenceParameters(
  payload: Uint8Array,
): { sequence: SequenceParameters; positions: SequencePositions } | null {
  try {
    return read(new BitReader(payload));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function read(bits: BitReader): { sequence: SequenceParameters; positions: SequencePositions } | null {
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
  const frameNumBits = bits.unsigned() + 4; // log2_max_frame_num_minus4
  if (frameNumBits > 16) return null;
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
  const allowsFrameNumGaps = bits.flag(); // gaps_in_frame_num_value_allowed_flag
  const widthInMacroblocks = bits.unsigned() + 1;
  const heightInMapUnits = bits.unsigned() + 1;
  const frameMbsOnly = bits.flag();
  const isAdaptive = !frameMbsOnly && bits.flag(); // mb_adaptive_frame_field_flag
  bits.flag(); // direct_8x8_inference_flag
  const fieldFactor = frameMbsOnly ? 1 : 2;
  const cropUnit: [number, number] = [
    !separatePlanes && (chromaFormat === 1 || chromaFormat === 2) ? 2 : 1,
    (!separatePlanes && chromaFormat === 1 ? 2 : 1) * fieldFactor,
  ];
  const cropping = bits.position;
  const crop: [number, number, number, number] = [0, 0, 0, 0];
  if (bits.flag()) for (let i = 0; i < 4; i++) crop[i] = bits.unsigned();
  const width = widthInMacroblocks * 16 - (crop[0] + crop[1]) * cropUnit[0];
  const height = heightInMapUnits * 16 * fieldFactor - (crop[2] + crop[3]) * cropUnit[1];
  if (width <= 0 || height <= 0) return null;
  const positions: SequencePositions = {
    cropping,
    crop,
    cropUnit,
    usability: bits.position,
    overscan: null,
    signal: null,
  };
  let sampleAspectRatio: Ratio = [1, 1];
  let signal: VideoSignal | null = null;
  if (bits.flag()) {
    if (bits.flag()) sampleAspectRatio = readAspectRatio(bits);
    positions.overscan = bits.position;
    if (bits.flag()) bits.flag(); // overscan_info_present_flag, overscan_appropriate_flag
    const from = bits.position;
    if (bits.flag()) signal = readSignal(bits);
    positions.signal = [from, bits.position];
  }
  const kind = {
    id,
    profile,
    constraints,
    level,
    chromaFormat,
    bitDepth,
    frameMbsOnly,
    isAdaptive,
    frameNumBits,
    allowsFrameNumGaps,
  };
  return { sequence: { ...kind, width, height, sampleAspectRatio, signal }, positions };
}

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

type ProfileAndLevel = Pick<SequenceParameters, 'profile' | 'constraints' | 'level'>;

/** e.g. "H.264 High 4.0" */
export function h264Name({ profile, constraints, level }: ProfileAndLevel): string {
  const constrained = profile === 66 && (constraints & 0x40) !== 0 ? 'Constrained ' : '';
  return `H.264 ${constrained}${profileNames[profile] ?? `profile ${profile}`} ${(level / 10).toFixed(1)}`;
}

/** RFC 6381, 3.3: e.g. "avc1.640028" */
export function h264CodecString({ profile, constraints, level }: SequenceParameters): string {
  return `avc1.${[profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
