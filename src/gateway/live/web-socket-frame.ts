/**
 * The head of a WebSocket message with media, so that the media is sent without copying it: one frame (RFC 6455, section
 * 5.2) with the header of live-frame.ts and the media. A server's frames are not masked.
 *
 *     FIN 1 = 1, RSV 3 = 0, opcode 4 = 2 (binary) | MASK 1 = 0, Payload len 7 | [Extended payload length 16 or 64]
 */
import { type FrameHeader, LIVE_HEADER_LENGTH, writeFrameHeader } from '../../wire/live-frame.js';

const FIN_BINARY = 0x82;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/** The bytes before `length` bytes of media. */
export function mediaHead(header: FrameHeader, length: number): Buffer {
  const payload = LIVE_HEADER_LENGTH + length;
  const extended = payload < LENGTH_16 ? 0 : payload <= 0xffff ? 2 : 8;
  const head = Buffer.allocUnsafe(2 + extended + LIVE_HEADER_LENGTH);
  head[0] = FIN_BINARY;
  if (extended === 0) head[1] = payload;
  else if (extended === 2) {
    head[1] = LENGTH_16;
    head.writeUInt16BE(payload, 2);
  } else {
    head[1] = LENGTH_64;
    head.writeUInt32BE(0, 2); // Buffers are shorter than 4 GiB.
    head.writeUInt32BE(payload, 6);
  }
  writeFrameHeader(new DataView(head.buffer, head.byteOffset + 2 + extended, LIVE_HEADER_LENGTH), header);
  return head;
}
