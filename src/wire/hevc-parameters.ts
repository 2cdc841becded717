/** HEVC as it lies in MPEG-TS (ITU-T H.265, annex B), and its parameter sets as MP4 has them (ISO/IEC 14496-15, 8.3.3). */
import { BitReader } from './bit-reader.js';
import { withoutEmulationPrevention } from './emulation-prevention.js';
import { NalList, splitAnnexB } from './nal-units.js';

/** nal_unit_type (table 7-1). */
export const HevcNal = { vps: 32, sps: 33, pps: 34, delimiter: 35, filler: 38 } as const;

export const nalTypeOf = (nal: Uint8Array): number => (nal[0]! >> 1) & 0x3f;

/** The NAL units of an access unit, without start codes and the zeros behind them. */
export function nalUnits(unit: Buffer): Buffer[] {
  const list = new NalList();
  splitAnnexB(unit, list);
  return Array.from({ length: list.count }, (_, i) => unit.subarray(list.starts[i], list.ends[i]));
}

/** Parameter sets of pictures. */
export interface HevcParameters {
  /** HEVCDecoderConfigurationRecord, which has them. */
  record: Buffer;
}

/** The parameter sets among NAL units; null where one kind is missing, or damaged. */
export function hevcParameters(units: readonly Buffer[]): HevcParameters | null {
  const [vps, sps, pps] = [HevcNal.vps, HevcNal.sps, HevcNal.pps].map((type) =>
    units.filter((unit) => nalTypeOf(unit) === type),
  ) as [Buffer[], Buffer[], Buffer[]];
  const format = sps[0] && formatOf(sps[0]);
  if (!format || vps.length === 0 || pps.length === 0) return null;
  const record = [
    Buffer.from([
      1, // configurationVersion
      ...format.profileTierLevel,
      ...[0xf0, 0], // min_spatial_segmentation_idc
      0xfc, // parallelismType: unknown
      0xfc | format.chroma,
      0xf8 | format.lumaDepth,
      0xf8 | format.chromaDepth,
      ...[0, 0], // avgFrameRate: unknown
      (format.subLayers << 3) | (format.isNested << 2) | 3, // lengthSizeMinusOne
      3, // numOfArrays
    ]),
    ...[vps, sps, pps].flatMap((sets, i) => [
      Buffer.from([0x80 | (HevcNal.vps + i), sets.length >> 8, sets.length & 0xff]), // array_completeness
      ...sets.flatMap((set) => [Buffer.from([set.length >> 8, set.length & 0xff]), set]),
    ]),
  ];
  return { record: Buffer.concat(record) };
}

interface Format {
  /** general_profile_space up to general_level_idc, 12 bytes. */
  profileTierLevel: Uint8Array;
  subLayers: number;
  isNested: number;
  chroma: number;
  /** bit_depth minus 8. */
  lumaDepth: number;
  chromaDepth: number;
}

/** The beginning of an SPS (7.3.2.2.1); null where it ends too early. */
function formatOf(sps: Buffer): Format | null {
  try {
    return readFormat(new BitReader(withoutEmulationPrevention(sps.subarray(2))));
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function readFormat(bits: BitReader): Format | null {
  bits.read(4); // sps_video_parameter_set_id
  const last = bits.read(3); // sps_max_sub_layers_minus1
  const isNested = bits.read(1);
  const profileTierLevel = Uint8Array.from({ length: 12 }, () => bits.read(8));
  const flags = Array.from({ length: last }, () => [bits.flag(), bits.flag()] as const);
  if (last > 0) bits.read(2 * (8 - last));
  for (const [hasProfile, hasLevel] of flags) {
    for (let byte = (hasProfile ? 11 : 0) + (hasLevel ? 1 : 0); byte > 0; byte--) bits.read(8);
  }
  bits.unsigned(); // sps_seq_parameter_set_id
  const chroma = bits.unsigned();
  if (chroma === 3) bits.flag();
  bits.unsigned(); // pic_width_in_luma_samples
  bits.unsigned();
  if (bits.flag()) for (let side = 0; side < 4; side++) bits.unsigned(); // conformance_window
  const [lumaDepth, chromaDepth] = [bits.unsigned(), bits.unsigned()];
  if (chroma > 3 || lumaDepth > 7 || chromaDepth > 7) return null;
  return { profileTierLevel, subLayers: last + 1, isNested, chroma, lumaDepth, chromaDepth };
}
