/** HEVC as it lies in MPEG-TS (ITU-T H.265, annex B), and its parameter sets as MP4 has them (ISO/IEC 14496-15, 8.3.3). */

/** nal_unit_type (table 7-1). */
export const HevcNal = { vps: 32, sps: 33, pps: 34, delimiter: 35, filler: 38 } as const;

export const nalTypeOf = (nal: Uint8Array): number => (nal[0]! >> 1) & 0x3f;

/** The NAL units of an access unit, without start codes and the zeros behind them. */
export function nalUnits(unit: Buffer): Buffer[] {
  const units: Buffer[] = [];
  let start = -1;
  for (let at = unit.indexOf(START_CODE); ; at = unit.indexOf(START_CODE, at + 3)) {
    if (start >= 0) {
      let end = at < 0 ? unit.length : at;
      while (end > start && unit[end - 1] === 0) end--;
      if (end - start >= 2) units.push(unit.subarray(start, end));
    }
    if (at < 0) return units;
    start = at + 3;
  }
}
const START_CODE = Buffer.from([0, 0, 1]);

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
  const bits = new Bits(sps.subarray(2));
  bits.skip(4); // sps_video_parameter_set_id
  const last = bits.take(3); // sps_max_sub_layers_minus1
  const isNested = bits.take(1);
  const profileTierLevel = Uint8Array.from({ length: 12 }, () => bits.take(8));
  const flags = Array.from({ length: last }, () => [bits.take(1), bits.take(1)] as const);
  if (last > 0) bits.skip(2 * (8 - last));
  for (const [hasProfile, hasLevel] of flags) bits.skip(88 * hasProfile + 8 * hasLevel);
  bits.golomb(); // sps_seq_parameter_set_id
  const chroma = bits.golomb();
  if (chroma === 3) bits.skip(1);
  bits.golomb(); // pic_width_in_luma_samples
  bits.golomb();
  if (bits.take(1)) for (let side = 0; side < 4; side++) bits.golomb(); // conformance_window
  const [lumaDepth, chromaDepth] = [bits.golomb(), bits.golomb()];
  if (bits.isBeyond || chroma > 3 || lumaDepth > 7 || chromaDepth > 7) return null;
  return { profileTierLevel, subLayers: last + 1, isNested, chroma, lumaDepth, chromaDepth };
}

/** Reads bits of a raw byte sequence payload; behind its end there are zeros. */
class Bits {
  readonly #bytes: number[] = [];
  #at = 0;

  constructor(nal: Uint8Array) {
    // emulation_prevention_three_byte (7.3.1.1)
    for (const [i, byte] of nal.entries()) if (byte !== 3 || i < 2 || nal[i - 1] || nal[i - 2]) this.#bytes.push(byte);
  }

  get isBeyond(): boolean {
    return this.#at > 8 * this.#bytes.length;
  }

  take(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      value = value * 2 + (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }

  skip(count: number): void {
    this.#at += count;
  }

  /** ue(v) (9.2). */
  golomb(): number {
    let zeros = 0;
    while (zeros < 32 && !this.isBeyond && this.take(1) === 0) zeros++;
    return 2 ** zeros - 1 + this.take(zeros);
  }
}
