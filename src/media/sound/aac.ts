/**
 * AAC's two headers.
 *
 * AudioSpecificConfig, the extradata of MP4 and Matroska (ISO/IEC 14496-3, 1.6.2.1):
 *
 *     audioObjectType:5 | samplingFrequencyIndex:4 | channelConfiguration:4
 *     frameLengthFlag:1 | dependsOnCoreCoder:1 | extensionFlag:1 | …
 *
 * ADTS, before every frame of a transport stream (ISO/IEC 13818-7, 6.2):
 *
 *     syncword:12 = FFF | ID:1 | layer:2 = 0 | protection_absent:1
 *     profile:2 | sampling_frequency_index:4 | private:1 | channel_configuration:3 | original, home:2
 *     copyright:2 | aac_frame_length:13 | adts_buffer_fullness:11 | number_of_raw_data_blocks_in_frame:2
 */
import { BitReader } from '../../wire/bit-reader.js';

/** AAC-LC; ADTS writes it less one. */
const LOW_COMPLEXITY = 2;
/** samplingFrequencyIndex of 48,000 Hz. */
const INDEX_48K = 3;
/** syncExtensionType of backward compatible SBR. */
const SBR_EXTENSION = 0x2b7;

export const ADTS_HEADER_LENGTH = 7;
/** aac_frame_length has 13 bits. */
const LONGEST_ADTS_FRAME = 0x1fff;

/**
 * Channels of an AudioSpecificConfig whose frames go on air as they are: AAC-LC of 1,024 samples at 48 kHz in 1 to 6
 * channels without SBR. Null of any other.
 */
export function channelsOfConfig(config: Uint8Array): number | null {
  if (config.length < 2) return null;
  const bits = new BitReader(config);
  if (bits.read(5) !== LOW_COMPLEXITY || bits.read(4) !== INDEX_48K) return null;
  const channels = bits.read(4);
  // frameLengthFlag (960 samples), dependsOnCoreCoder, extensionFlag
  if (channels < 1 || channels > 6 || bits.read(3) !== 0) return null;
  // A sync extension with sbrPresentFlag
  if (config.length >= 5 && bits.read(11) === SBR_EXTENSION && bits.read(5) === 5 && bits.flag()) return null;
  return channels;
}

/** Whether these are the bytes of an ADTS frame and not of a raw one. */
export const isAdts = (frame: Uint8Array): boolean =>
  frame.length > ADTS_HEADER_LENGTH && frame[0] === 0xff && (frame[1]! & 0xf6) === 0xf0;

/** Channels of an ADTS frame that goes on air as it is; null of any other. */
export function channelsOfAdts(frame: Uint8Array): number | null {
  if (!isAdts(frame)) return null;
  const bits = new BitReader(frame.subarray(2, ADTS_HEADER_LENGTH));
  if (bits.read(2) !== LOW_COMPLEXITY - 1 || bits.read(4) !== INDEX_48K) return null;
  bits.read(1);
  const channels = bits.read(3);
  bits.read(4);
  const length = bits.read(13);
  bits.read(11);
  const blocks = bits.read(2) + 1;
  return channels >= 1 && channels <= 6 && length === frame.length && blocks === 1 ? channels : null;
}

const SINGLE_CHANNEL_ELEMENT = 0;
const CHANNEL_PAIR_ELEMENT = 1;

/**
 * Whether ics_reserved_bit of the first element is set, ISO/IEC 14496-3, 4.4.2.7 (table 4.6): decoders warn of it and do not
 * call it an error.
 */
export function hasReservedBit(frame: Uint8Array): boolean {
  const raw = frame.subarray(isAdts(frame) ? ADTS_HEADER_LENGTH : 0);
  if (raw.length < 3) return false;
  const bits = new BitReader(raw);
  const element = bits.read(3); // id_syn_ele
  if (element !== SINGLE_CHANNEL_ELEMENT && element !== CHANNEL_PAIR_ELEMENT) return false;
  bits.read(4); // element_instance_tag
  // common_window: ics_info comes before global_gain
  if (element === SINGLE_CHANNEL_ELEMENT || !bits.flag()) bits.read(8);
  return bits.flag();
}

/** Writes the header of a frame of `length` bytes of AAC; returns false where it would be too long for ADTS. */
export function writeAdtsHeader(out: Buffer, options: { channels: number; length: number }): boolean {
  const { channels, length } = options;
  const frameLength = ADTS_HEADER_LENGTH + length;
  if (frameLength > LONGEST_ADTS_FRAME) return false;
  out[0] = 0xff; // syncword
  out[1] = 0xf1; // syncword, ID = 0 (MPEG-4), layer, protection_absent
  // profile, sampling_frequency_index, private_bit, channel_configuration
  out[2] = ((LOW_COMPLEXITY - 1) << 6) | (INDEX_48K << 2) | (channels >> 2);
  out[3] = ((channels & 3) << 6) | (frameLength >> 11); // …, original, home, copyright, aac_frame_length
  out[4] = (frameLength >> 3) & 0xff;
  out[5] = ((frameLength & 7) << 5) | 0x1f; // adts_buffer_fullness = 7FF: variable rate
  out[6] = 0xfc; // …, number_of_raw_data_blocks_in_frame = 1
  return true;
}

/** A raw frame with its header. */
export function adtsFrame(raw: Buffer, channels: number): Buffer {
  const frame = Buffer.allocUnsafe(ADTS_HEADER_LENGTH + raw.length);
  if (!writeAdtsHeader(frame, { channels, length: raw.length })) throw new RangeError('an AAC frame of over 8 kB');
  raw.copy(frame, ADTS_HEADER_LENGTH);
  return frame;
}
