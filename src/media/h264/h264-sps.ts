/** The sequence parameter set of H.264: properties of the pictures. ITU-T H.264, 7.3.2.1.1 and E.1.1. */

import { BitReader } from '../../wire/bit-reader.js';
import { withoutEmulationPrevention } from '../../wire/emulation-prevention.js';
import type { Sequence } from '../copy/picture-codec.js';
import { editSet, type SequenceEdit, type SequencePositions, type SetSyntax } from '../nal/sequence-edit.js';
import { readUsability } from '../nal/usability.js';

export interface SequenceParameters extends Sequence {
  id: number;
  /** constraint_set0_flag is the highest bit. */
  constraints: number;
  /** False where pictures may be coded as fields. */
  frameMbsOnly: boolean;
  /** Whether parts of a picture may be coded as fields. */
  isAdaptive: boolean;
  /** Bits of frame_num in slices. */
  frameNumBits: number;
  /** Whether frame_num may skip numbers, as where layers of a stream were removed. */
  allowsFrameNumGaps: boolean;
}

/** Profiles whose parameter sets hold chroma format and bit depth. */
const highProfiles = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

/** Reads an SPS NAL unit, first byte included; null when it is damaged. */
export const parseSequenceParameters = (nal: Uint8Array): SequenceParameters | null =>
  locateSequenceParameters(withoutEmulationPrevention(nal.subarray(1)))?.sequence ?? null;

/** chroma_loc, timing, nal_hrd, vcl_hrd, pic_struct and bitstream_restriction. */
const FURTHER_FLAGS = 6;
const syntax: SetSyntax = { header: 1, furtherFlags: FURTHER_FLAGS, locate: locateSequenceParameters };

/** The NAL unit with `edit` applied; see `editSet`. */
export const editSequenceParameters = (nal: Buffer, edit: SequenceEdit): Buffer | null => editSet(nal, edit, syntax);

/** The same for its payload, with the positions of its parts. */
function locateSequenceParameters(
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
  const croppingEnd = bits.position;
  const { sampleAspectRatio, signal, overscan, signalAt } = readUsability(bits);
  const positions: SequencePositions = {
    ...{ cropping, croppingEnd, crop, cropUnit },
    ...{ usability: croppingEnd, overscan, signal: signalAt },
  };
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
  const fields = isAdaptive ? 'mixed' : frameMbsOnly ? 'none' : 'apart';
  const texts = { name: h264Name(kind), codecString: h264CodecString(kind) };
  return { sequence: { ...kind, ...texts, fields, width, height, sampleAspectRatio, signal }, positions };
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
export function h264CodecString({ profile, constraints, level }: ProfileAndLevel): string {
  return `avc1.${[profile, constraints, level].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`;
}
