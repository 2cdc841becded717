/** Captions of CEA-608 in pictures of H.264, which FFmpeg's program cannot make. */
import { readFileSync, writeFileSync } from 'node:fs';

/** The pairs of characters that come with each picture, as cc_data_1 and cc_data_2 with odd parity. */
export type CaptionPair = [number, number];

/** nal_unit_type of ITU-T H.264, table 7-1. */
const SLICES = new Set([1, 5]);
const SEI = 6;

/**
 * A message of user data registered by ITU-T T.35 (ITU-T H.264, D.1.6) with the cc_data of ATSC A/53 part 4, 6.2.3:
 *
 *     country B5 | provider 0031 | "GA94" | type 03 | 1 process_cc 0 cc_count | FF | marker, valid, type | pair | FF
 */
function captionMessage([first, second]: CaptionPair): Buffer {
  const payload = [0xb5, 0x00, 0x31, ...Buffer.from('GA94'), 0x03, 0x41, 0xff, 0xfc, first, second, 0xff];
  // No byte sequence of it needs emulation prevention but 00 00 03, which it does not hold.
  return Buffer.from([0, 0, 0, 1, SEI, 4, payload.length, ...payload, 0x80]);
}

/** Writes the stream of H.264 in Annex B form at `from`, a slice a picture and in the order shown, with pairs for its pictures. */
export function addCaptions(from: string, to: string, pairOf: (picture: number) => CaptionPair): void {
  const stream = readFileSync(from);
  const parts: Buffer[] = [];
  let picture = 0;
  let done = 0;
  for (let at = stream.indexOf('000001', 0, 'hex'); at >= 0; at = stream.indexOf('000001', at + 3, 'hex')) {
    if (!SLICES.has(stream[at + 3]! & 0x1f)) continue;
    // zero_byte
    const start = stream[at - 1] === 0 ? at - 1 : at;
    parts.push(stream.subarray(done, start), captionMessage(pairOf(picture++)));
    done = start;
  }
  writeFileSync(to, Buffer.concat([...parts, stream.subarray(done)]));
}
