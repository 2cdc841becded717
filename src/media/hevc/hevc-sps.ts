/** The sequence parameter set of H.265: properties of the pictures. ITU-T H.265, 7.3.2.2, 7.3.3 and E.2.1. */

import { BitReader } from '../../wire/bit-reader.js';
import { withoutEmulationPrevention } from '../../wire/emulation-prevention.js';
import type { Sequence } from '../copy/picture-codec.js';
import { editSet, type SequenceEdit, type SequencePositions, type SetSyntax } from '../nal/sequence-edit.js';
import { readUsability } from '../nal/usability.js';
import { NAL_HEADER } from './hevc-nal.js';

export interface SequenceParameters extends Sequence {
  id: number;
  /** general_tier_flag: the High tier. */
  isHighTier: boolean;
  /** Sub-layers, of which the higher ones may be left out; pictures refer to those of lower ones. */
  subLayers: number;
}

/** Reads an SPS NAL unit, with its header; null when it is damaged. */
export const parseSequenceParameters = (nal: Uint8Array): SequenceParameters | null =>
  locate(withoutEmulationPrevention(nal.subarray(NAL_HEADER)))?.sequence ?? null;

/** chroma_loc, neutral_chroma, field_seq, frame_field_info, default_display_window, timing and bitstream_restriction. */
const FURTHER_FLAGS = 7;
const syntax: SetSyntax = { header: NAL_HEADER, furtherFlags: FURTHER_FLAGS, locate };

/** The NAL unit with `edit` applied; see `editSet`. */
export const editSequenceParameters = (nal: Buffer, edit: SequenceEdit): Buffer | null => editSet(nal, edit, syntax);

/** Of a set's payload, with the positions of its parts; null when it is damaged. */
function locate(payload: Uint8Array): { sequence: SequenceParameters; positions: SequencePositions } | null {
  try {
    return read(new BitReader(payload));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** SubWidthC and SubHeightC, by chroma_format_idc: table 6-1. */
const chromaUnits: readonly [x: number, y: number][] = [
  [1, 1],
  [2, 2],
  [2, 1],
  [1, 1],
];

/** Most of what the sets count, as the standard limits it. */
const MOST_SUB_LAYERS = 7;
const MOST_REFERENCE_SETS = 64;
const MOST_LONG_TERM = 32;
const MOST_POC_BITS = 16;

function read(bits: BitReader): { sequence: SequenceParameters; positions: SequencePositions } | null {
  bits.read(4); // sps_video_parameter_set_id
  const subLayers = bits.read(3) + 1; // sps_max_sub_layers_minus1
  if (subLayers > MOST_SUB_LAYERS) return null;
  bits.flag(); // sps_temporal_id_nesting_flag
  const tier = readProfileTierLevel(bits, subLayers);
  const id = bits.unsigned(); // sps_seq_parameter_set_id
  const chromaFormat = bits.unsigned();
  if (chromaFormat > 3) return null;
  const separatePlanes = chromaFormat === 3 && bits.flag();
  const codedWidth = bits.unsigned();
  const codedHeight = bits.unsigned();
  const cropUnit = separatePlanes ? ([1, 1] as [number, number]) : chromaUnits[chromaFormat]!;
  const cropping = bits.position;
  const crop: [number, number, number, number] = [0, 0, 0, 0];
  if (bits.flag()) for (let i = 0; i < 4; i++) crop[i] = bits.unsigned(); // conformance_window_flag
  const croppingEnd = bits.position;
  const width = codedWidth - (crop[0] + crop[1]) * cropUnit[0];
  const height = codedHeight - (crop[2] + crop[3]) * cropUnit[1];
  if (width <= 0 || height <= 0) return null;
  // bit_depth_luma_minus8, bit_depth_chroma_minus8
  const bitDepth = 8 + Math.max(bits.unsigned(), bits.unsigned());
  const pocBits = bits.unsigned() + 4; // log2_max_pic_order_cnt_lsb_minus4
  if (pocBits > MOST_POC_BITS) return null;
  const hasAll = bits.flag(); // sps_sub_layer_ordering_info_present_flag
  for (let i = hasAll ? 0 : subLayers - 1; i < subLayers; i++) {
    bits.unsigned(); // sps_max_dec_pic_buffering_minus1
    bits.unsigned(); // sps_max_num_reorder_pics
    bits.unsigned(); // sps_max_latency_increase_plus1
  }
  // Sizes of coding and transform blocks, and depths of their hierarchies.
  for (let i = 0; i < 6; i++) bits.unsigned();
  // scaling_list_enabled_flag, sps_scaling_list_data_present_flag
  if (bits.flag() && bits.flag()) skipScalingLists(bits);
  bits.read(2); // amp_enabled_flag, sample_adaptive_offset_enabled_flag
  if (bits.flag()) {
    bits.read(8); // pcm_sample_bit_depth_luma_minus1, pcm_sample_bit_depth_chroma_minus1
    bits.unsigned(); // log2_min_pcm_luma_coding_block_size_minus3
    bits.unsigned(); // log2_diff_max_min_pcm_luma_coding_block_size
    bits.flag(); // pcm_loop_filter_disabled_flag
  }
  if (!skipReferenceSets(bits)) return null;
  // long_term_ref_pics_present_flag
  if (bits.flag()) {
    const count = bits.unsigned(); // num_long_term_ref_pics_sps
    if (count > MOST_LONG_TERM) return null;
    for (let i = 0; i < count; i++) bits.read(pocBits + 1); // lt_ref_pic_poc_lsb_sps, used_by_curr_pic_lt_sps_flag
  }
  bits.read(2); // sps_temporal_mvp_enabled_flag, strong_intra_smoothing_enabled_flag
  const usability = bits.position;
  const { sampleAspectRatio, signal, overscan, signalAt } = readUsability(bits);
  const hasFields = signalAt !== null && readFieldSequence(bits);
  const { profile, isHighTier, level, codecString, isInterlaced } = tier;
  const sequence: SequenceParameters = {
    ...{ id, profile, isHighTier, level, subLayers, codecString },
    name: hevcName(tier),
    ...{ chromaFormat, bitDepth, width, height, sampleAspectRatio, signal },
    fields: hasFields || isInterlaced ? 'apart' : 'none',
  };
  const positions = { cropping, croppingEnd, crop, cropUnit, usability, overscan, signal: signalAt };
  return { sequence, positions };
}

/** field_seq_flag of the VUI, from the end of video_signal_type on. */
function readFieldSequence(bits: BitReader): boolean {
  // chroma_loc_info_present_flag, chroma_sample_loc_type_top_field, chroma_sample_loc_type_bottom_field
  if (bits.flag()) for (let i = 0; i < 2; i++) bits.unsigned();
  bits.flag(); // neutral_chroma_indication_flag
  return bits.flag();
}

interface Tier {
  profile: number;
  isHighTier: boolean;
  level: number;
}

/** general_constraint flags and reserved bits, bytes. */
const CONSTRAINT_BYTES = 6;
/** Bits of a sub-layer's profile. */
const SUB_LAYER_PROFILE = 88;

/** profile_tier_level, 7.3.3. */
function readProfileTierLevel(
  bits: BitReader,
  subLayers: number,
): Tier & { codecString: string; isInterlaced: boolean } {
  const space = bits.read(2); // general_profile_space
  const isHighTier = bits.flag(); // general_tier_flag
  const profile = bits.read(5); // general_profile_idc
  const compatibility = bits.read(32); // general_profile_compatibility_flags
  const constraints = Array.from({ length: CONSTRAINT_BYTES }, () => bits.read(8));
  const level = bits.read(8); // general_level_idc
  const present: [profile: boolean, level: boolean][] = [];
  for (let i = 1; i < subLayers; i++) present.push([bits.flag(), bits.flag()]);
  // reserved_zero_2bits, up to eight sub-layers
  if (subLayers > 1) for (let i = subLayers; i <= 8; i++) bits.read(2);
  for (const [hasProfile, hasLevel] of present) {
    if (hasProfile) for (let i = 0; i < SUB_LAYER_PROFILE; i += 8) bits.read(8);
    if (hasLevel) bits.read(8);
  }
  // general_progressive_source_flag, general_interlaced_source_flag
  const isInterlaced = (constraints[0]! & 0xc0) === 0x40;
  const codecString = hevcCodecString({ space, profile, compatibility, isHighTier, level, constraints });
  return { profile, isHighTier, level, codecString, isInterlaced };
}

/** scaling_list_data, 7.3.4. */
function skipScalingLists(bits: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      // scaling_list_pred_mode_flag
      if (!bits.flag()) {
        bits.unsigned(); // scaling_list_pred_matrix_id_delta
        continue;
      }
      if (size > 1) bits.signed(); // scaling_list_dc_coef_minus8
      for (let i = 0; i < Math.min(64, 1 << (4 + 2 * size)); i++) bits.signed(); // scaling_list_delta_coef
    }
  }
}

/** num_short_term_ref_pic_sets and st_ref_pic_set, 7.3.7; false where they are damaged. */
function skipReferenceSets(bits: BitReader): boolean {
  const count = bits.unsigned();
  if (count > MOST_REFERENCE_SETS) return false;
  /** NumDeltaPocs of the set before. */
  let before = 0;
  for (let set = 0; set < count; set++) {
    // inter_ref_pic_set_prediction_flag
    if (set > 0 && bits.flag()) {
      bits.flag(); // delta_rps_sign
      bits.unsigned(); // abs_delta_rps_minus1
      let pictures = 0;
      for (let i = 0; i <= before; i++) {
        // used_by_curr_pic_flag, use_delta_flag
        if (bits.flag() || bits.flag()) pictures++;
      }
      before = pictures;
    } else {
      before = bits.unsigned() + bits.unsigned(); // num_negative_pics, num_positive_pics
      if (before > MOST_REFERENCE_SETS) return false;
      for (let i = 0; i < before; i++) {
        bits.unsigned(); // delta_poc_s0_minus1 or delta_poc_s1_minus1
        bits.flag(); // used_by_curr_pic_s0_flag or used_by_curr_pic_s1_flag
      }
    }
  }
  return true;
}

const profileNames: Record<number, string> = { 1: 'Main', 2: 'Main 10', 3: 'Main Still Picture' };

/** e.g. "H.265 Main 10 4.0", with "High tier" behind it where it is of that. */
export function hevcName({ profile, isHighTier, level }: Tier): string {
  const name = profileNames[profile] ?? `profile ${profile}`;
  return `H.265 ${name} ${(level / 30).toFixed(1)}${isHighTier ? ' High tier' : ''}`;
}

/**
 * ISO/IEC 14496-15, E.3: e.g. "hvc1.1.6.L93.B0": profile, its compatibility flags with the first as the lowest bit, tier and level, and
 * the constraint flags up to the last byte that is not 0.
 */
function hevcCodecString(of: Tier & { space: number; compatibility: number; constraints: number[] }): string {
  const { space, profile, compatibility, isHighTier, level, constraints } = of;
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + (Math.floor(compatibility / 2 ** bit) % 2);
  const last = constraints.findLastIndex((byte) => byte !== 0);
  const hex = (value: number) => value.toString(16).toUpperCase();
  return [
    'hvc1',
    `${['', 'A', 'B', 'C'][space]}${profile}`,
    hex(reversed),
    `${isHighTier ? 'H' : 'L'}${level}`,
    ...constraints.slice(0, last + 1).map(hex),
  ].join('.');
}
