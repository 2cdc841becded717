/** H.264 whose frames are coded as two fields (PAFF), which x264 does not make: samples as they are, in Main profile. */
import { BitWriter } from '../../src/media/nal/bit-writer.js';
import { withEmulationPrevention } from '../../src/wire/emulation-prevention.js';

export interface FieldFilm {
  /** Pixels; multiples of 16 and of 32. */
  width: number;
  height: number;
  frames: number;
  /** Y′ of a column in all lines of a field, from 1 to 254; fields count from 0, top ones first. */
  lumaOf(field: number, x: number): number;
}

const MACROBLOCK = 16;
const FRAME_NUMBERS = 16;
const ORDER_COUNTS = 256;
const GREY = 128;
const I_PCM = 25;
/** slice_type: all slices of the picture are I. */
const ALL_INTRA = 7;

/** A NAL unit behind its start code: `header` is nal_ref_idc and nal_unit_type, `bits` its beginning, `rest` whole bytes behind it. */
function nal(header: number, bits: BitWriter, rest: Uint8Array = new Uint8Array()): Buffer {
  const payload = withEmulationPrevention(Buffer.concat([bits.bytes, rest]));
  return Buffer.concat([Buffer.from([0, 0, 0, 1, header]), payload]);
}

/** ITU-T H.264, 7.3.2.1.1 */
function sequenceParameters({ width, height }: FieldFilm): Buffer {
  const bits = new BitWriter();
  for (const value of [77, 0, 30]) bits.write(value, 8); // profile_idc, constraint flags, level_idc
  bits.unsigned(0); // seq_parameter_set_id
  bits.unsigned(Math.log2(FRAME_NUMBERS) - 4); // log2_max_frame_num_minus4
  bits.unsigned(0); // pic_order_cnt_type
  bits.unsigned(Math.log2(ORDER_COUNTS) - 4); // log2_max_pic_order_cnt_lsb_minus4
  bits.unsigned(1); // max_num_ref_frames
  bits.flag(false); // gaps_in_frame_num_value_allowed_flag
  bits.unsigned(width / MACROBLOCK - 1); // pic_width_in_mbs_minus1
  bits.unsigned(height / MACROBLOCK / 2 - 1); // pic_height_in_map_units_minus1
  bits.flag(false); // frame_mbs_only_flag
  bits.flag(false); // mb_adaptive_frame_field_flag
  bits.flag(true); // direct_8x8_inference_flag
  bits.flag(false); // frame_cropping_flag
  bits.flag(false); // vui_parameters_present_flag
  bits.flag(true); // rbsp_stop_one_bit
  return nal(0x67, bits);
}

/** ITU-T H.264, 7.3.2.2 */
function pictureParameters(): Buffer {
  const bits = new BitWriter();
  bits.unsigned(0); // pic_parameter_set_id
  bits.unsigned(0); // seq_parameter_set_id
  bits.write(0, 2); // entropy_coding_mode_flag, bottom_field_pic_order_in_frame_present_flag
  for (let i = 0; i < 3; i++) bits.unsigned(0); // num_slice_groups_minus1, num_ref_idx_l0 and l1_default_active_minus1
  bits.write(0, 3); // weighted_pred_flag, weighted_bipred_idc
  for (let i = 0; i < 3; i++) bits.unsigned(0); // pic_init_qp_minus26, pic_init_qs_minus26, chroma_qp_index_offset
  bits.write(0b100, 3); // deblocking_filter_control_present_flag, constrained_intra_pred_flag, redundant_pic_cnt_present_flag
  bits.flag(true); // rbsp_stop_one_bit
  return nal(0x68, bits);
}

/** A field of macroblocks of the type I_PCM: slice_header (7.3.3) and slice_data (7.3.4). */
function fieldPicture({ width, height, lumaOf }: FieldFilm, field: number, group: number): Buffer {
  const frame = Math.floor(field / 2) % group;
  const isBottom = field % 2 === 1;
  const isIdr = frame === 0 && !isBottom;
  const bits = new BitWriter();
  bits.unsigned(0); // first_mb_in_slice
  bits.unsigned(ALL_INTRA); // slice_type
  bits.unsigned(0); // pic_parameter_set_id
  bits.write(frame % FRAME_NUMBERS, Math.log2(FRAME_NUMBERS)); // frame_num
  bits.flag(true); // field_pic_flag
  bits.flag(isBottom); // bottom_field_flag
  if (isIdr) bits.unsigned(Math.floor(field / 2 / group) % 2); // idr_pic_id
  bits.write((2 * frame + (isBottom ? 1 : 0)) % ORDER_COUNTS, Math.log2(ORDER_COUNTS)); // pic_order_cnt_lsb
  bits.write(0, isIdr ? 2 : 1); // dec_ref_pic_marking
  bits.unsigned(0); // slice_qp_delta
  bits.unsigned(1); // disable_deblocking_filter_idc
  bits.unsigned(I_PCM); // mb_type, then zeros to the end of the byte
  const next = new BitWriter();
  next.unsigned(I_PCM);
  const chroma = Buffer.alloc(2 * (MACROBLOCK / 2) ** 2, GREY);
  const row = Array.from({ length: width / MACROBLOCK }, (_, column) => {
    const line = Uint8Array.from({ length: MACROBLOCK }, (_, x) => lumaOf(field, column * MACROBLOCK + x));
    return Buffer.concat([...new Array<Uint8Array>(MACROBLOCK).fill(line), chroma]);
  });
  const macroblocks = new Array<Buffer[]>(height / 2 / MACROBLOCK).fill(row).flat();
  const data = macroblocks.flatMap((each, i) => (i === 0 ? [each] : [next.bytes, each]));
  return nal(isIdr ? 0x65 : 0x61, bits, Buffer.concat([...data, Buffer.from([0x80])]));
}

/** The stream in Annex B form, with an IDR picture each `group` frames, 100 at most. */
export function fieldStream(film: FieldFilm, group: number): Buffer {
  const parts: Buffer[] = [];
  for (let field = 0; field < 2 * film.frames; field++) {
    if (field % 2 === 0) parts.push(Buffer.from([0, 0, 0, 1, 9, 0xf0]));
    if (field % (2 * group) === 0) parts.push(sequenceParameters(film), pictureParameters());
    parts.push(fieldPicture(film, field, group));
  }
  return Buffer.concat(parts);
}
