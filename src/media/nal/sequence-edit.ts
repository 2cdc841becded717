/** Sequence parameter sets that say what otherwise only the container knows: cropping, pixel shape, colour. */

import { withEmulationPrevention, withoutEmulationPrevention } from '../../wire/emulation-prevention.js';
import type { Crop } from '../pictures/cropping.js';
import type { Ratio } from '../settings.js';
import { BitWriter } from './bit-writer.js';
import type { VideoSignal } from './usability.js';

/** Where parts of a set lie in its payload, in bits; those of the VUI are null where it has none. */
export interface SequencePositions {
  /** frame_cropping_flag of H.264, conformance_window_flag of H.265; and behind the cropping. */
  cropping: number;
  croppingEnd: number;
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

/** How the sets of a codec are read and written. */
export interface SetSyntax {
  /** Bytes of the NAL unit's header. */
  header: number;
  /** Flags at the end of a VUI, behind video_signal_type, each of which announces more. */
  furtherFlags: number;
  /** Null where the set is damaged. */
  locate(payload: Uint8Array): {
    sequence: { sampleAspectRatio: Ratio; signal: VideoSignal | null };
    positions: SequencePositions;
  } | null;
}

/** What the set has to say; null leaves it as it is. */
export interface SequenceEdit {
  /** In addition to what the set itself crops. */
  crop: Crop | null;
  sampleAspectRatio: Ratio | null;
  /** For what the set itself does not say. */
  signal: VideoSignal | null;
}

const UNSPECIFIED = 2;

/** What the set says, and `other` where it says nothing; null where that is the same. */
function signalWith(own: VideoSignal | null, other: VideoSignal | null): VideoSignal | null {
  if (other === null) return null;
  const fill = (code: number | undefined, otherCode: number): number =>
    code === undefined || code === UNSPECIFIED ? otherCode : code;
  const filled: VideoSignal = {
    isFull: own?.isFull ?? other.isFull,
    primaries: fill(own?.primaries, other.primaries),
    transfer: fill(own?.transfer, other.transfer),
    matrix: fill(own?.matrix, other.matrix),
  };
  const before = own ?? { isFull: false, primaries: UNSPECIFIED, transfer: UNSPECIFIED, matrix: UNSPECIFIED };
  const isSame =
    filled.isFull === before.isFull &&
    filled.primaries === before.primaries &&
    filled.transfer === before.transfer &&
    filled.matrix === before.matrix;
  return isSame ? null : filled;
}

/**
 * The NAL unit with `edit` applied. Null where the set is damaged or cannot say it: cropping has units of two pixels, those
 * of a sample of colour, or more.
 */
export function editSet(nal: Buffer, edit: SequenceEdit, syntax: SetSyntax): Buffer | null {
  const payload = withoutEmulationPrevention(nal.subarray(syntax.header));
  const found = syntax.locate(payload);
  if (found === null) return null;
  const { sequence, positions } = found;
  const crop = croppingWith(positions, edit.crop);
  if (crop === null) return null;
  const signal = signalWith(sequence.signal, edit.signal);
  if (edit.crop === null && edit.sampleAspectRatio === null && signal === null) return nal;
  const out = new BitWriter();
  out.copy(payload, 0, positions.cropping);
  const isCropped = crop.some((units) => units > 0);
  out.flag(isCropped); // frame_cropping_flag
  if (isCropped) for (const units of crop) out.unsigned(units);
  out.copy(payload, positions.croppingEnd, positions.usability);
  const { sampleAspectRatio } = sequence;
  const { furtherFlags } = syntax;
  writeUsability(out, payload, { sampleAspectRatio, positions, furtherFlags, edit: { ...edit, signal } });
  return Buffer.concat([nal.subarray(0, syntax.header), withEmulationPrevention(out.bytes)]);
}

/** Left, right, top and bottom in units; null where a sum is no multiple of one. */
function croppingWith({ crop, cropUnit }: SequencePositions, more: Crop | null): number[] | null {
  if (more === null) return crop;
  const [x, y] = cropUnit;
  const units = [more.left / x, more.right / x, more.top / y, more.bottom / y].map((value, i) => crop[i]! + value);
  return units.every(Number.isInteger) ? units : null;
}

/** vui_parameters_present_flag, vui_parameters and rbsp_trailing_bits. */
function writeUsability(
  out: BitWriter,
  payload: Uint8Array,
  {
    sampleAspectRatio,
    positions,
    furtherFlags,
    edit,
  }: { sampleAspectRatio: Ratio; positions: SequencePositions; furtherFlags: number; edit: SequenceEdit },
): void {
  const end = endOfPayload(payload);
  const { usability, overscan, signal } = positions;
  const hasUsability = overscan !== null && signal !== null;
  if (edit.sampleAspectRatio === null && edit.signal === null) {
    out.copy(payload, usability, end);
    return;
  }
  out.flag(true); // vui_parameters_present_flag
  const aspect = edit.sampleAspectRatio ?? (hasUsability ? null : sampleAspectRatio);
  if (aspect === null) {
    out.copy(payload, usability + 1, overscan!);
  } else {
    out.flag(true); // aspect_ratio_info_present_flag
    out.write(EXTENDED_SAR, 8);
    for (const side of aspect) out.write(side, 16);
  }
  if (hasUsability) out.copy(payload, overscan, signal[0]);
  else out.flag(false); // overscan_info_present_flag
  if (edit.signal) writeSignal(out, edit.signal);
  else if (hasUsability) out.copy(payload, signal[0], signal[1]);
  else out.flag(false); // video_signal_type_present_flag
  if (hasUsability) {
    out.copy(payload, signal[1], end);
    return;
  }
  out.write(0, furtherFlags);
  out.copy(payload, usability + 1, end);
}

const EXTENDED_SAR = 255;
const UNSPECIFIED_FORMAT = 5;

function writeSignal(out: BitWriter, { isFull, primaries, transfer, matrix }: VideoSignal): void {
  out.flag(true); // video_signal_type_present_flag
  out.write(UNSPECIFIED_FORMAT, 3); // video_format
  out.flag(isFull); // video_full_range_flag
  out.flag(true); // colour_description_present_flag
  for (const code of [primaries, transfer, matrix]) out.write(code, 8);
}

/** Behind rbsp_stop_one_bit, the last bit that is set. */
function endOfPayload(payload: Uint8Array): number {
  let last = payload.length - 1;
  while (last > 0 && payload[last] === 0) last--;
  const zeros = 31 - Math.clz32(payload[last]! & -payload[last]!);
  return last * 8 + 8 - zeros;
}
