/** JPEG files and their RTP payloads, transport stream packets, and what is written of them. */
import assert from 'node:assert/strict';
import { Millis, PacketNumber } from '../../../src/base/units.js';
import { JpegAssembler } from '../../../src/receiver/jpeg-assembler.js';
import { buildJpeg, JpegRefused, parseJpeg } from '../../../src/wire/jpeg-file.js';
import { matroskaHeader, matroskaPicture } from '../../../src/wire/matroska.js';
import { PES_HEADER_LENGTH_PTS_DTS, PesCutter, StreamId, tsPacketsFor, writePesHeader } from '../../../src/wire/pes.js';
import { crc32Mpeg, patPacket, pmtPacket } from '../../../src/wire/psi.js';
import {
  JpegType,
  parseJpegPayload,
  QUANTIZATION_HEADER_LENGTH,
  QUANTIZATION_TABLES_LENGTH,
  writeJpegHeader,
  writeQuantizationHeader,
} from '../../../src/wire/rtp-jpeg.js';
import {
  hasAdaptationField,
  Pid,
  payloadStart,
  pidOf,
  shiftCounters,
  shiftTimes,
  startsRandomAccess,
  TS_PACKET_LENGTH,
  timedPesStart,
} from '../../../src/wire/ts.js';
import { Choices, type FuzzTarget } from '../target.js';

function checkFile(file: Buffer): void {
  try {
    const parts = parseJpeg(file);
    const { quantizationTables: tables, scan, ...format } = parts;
    assert.deepEqual(parseJpeg(buildJpeg({ ...format, tables }, scan)), parts);
    matroskaPicture(Millis(file.length), file);
    matroskaHeader({ ...format, frameRate: 25, name: file.toString('latin1') });
  } catch (error) {
    if (!(error instanceof JpegRefused)) throw error;
  }
}

function checkPayload(payload: Buffer): void {
  const parsed = parseJpegPayload(payload);
  if (parsed === null) return;
  const again = Buffer.alloc(payload.length + QUANTIZATION_HEADER_LENGTH);
  let at = writeJpegHeader(again, 0, parsed);
  if (parsed.tables !== null) at = writeQuantizationHeader(again, at, parsed.tables);
  else if (parsed.fragmentOffset === 0) at += 4; // A header without tables: zeros.
  at += parsed.data.copy(again, at);
  assert.deepEqual(parseJpegPayload(again.subarray(0, at)), parsed);
}

/** Payloads, each with its length before it, as the packets of pictures. */
function checkPictures(input: Buffer): void {
  const assembler = new JpegAssembler({ width: 20, height: 12 });
  let n = 0;
  for (let at = 0; at + 3 <= input.length; ) {
    const [head, length] = [input[at]!, input.readUInt16BE(at + 1) % 1_500];
    n += head & 0x40 ? 2 : 1;
    const frame = assembler.push(PacketNumber(n), {
      ...{ marker: (head & 0x80) !== 0, payloadType: 26, sequenceNumber: 0, timestamp: head & 0x07, ssrc: 1 },
      payload: input.subarray(at + 3, at + 3 + length),
    });
    at += 3 + length;
    if (frame === null) continue;
    assert.ok(frame.width > 0 && frame.height > 0 && frame.n <= n && frame.jpeg.length <= input.length + 1_000);
  }
}

/** Times are shifted and shifted back; nothing beside them changes, not even with a header that ends with its packet. */
function checkTransport(input: Buffer): void {
  const count = Math.floor(input.length / TS_PACKET_LENGTH);
  const whole = input.subarray(0, count * TS_PACKET_LENGTH);
  startsRandomAccess(whole);
  for (let i = 0; i < count; i++) {
    const at = i * TS_PACKET_LENGTH;
    assert.ok(payloadStart(whole, at) <= TS_PACKET_LENGTH && timedPesStart(whole, at) < TS_PACKET_LENGTH);
    // Each packet alone, between two others: a change of a neighbour is seen.
    const alone = Buffer.alloc(3 * TS_PACKET_LENGTH, 0x11);
    whole.copy(alone, TS_PACKET_LENGTH, at, at + TS_PACKET_LENGTH);
    shiftTimes(alone, TS_PACKET_LENGTH, 1, 123_456_789);
    shiftCounters(alone, TS_PACKET_LENGTH, 1, { pat: 1, pmt: 2, video: 3, audio: 4 });
    for (const [from, to] of [
      [0, TS_PACKET_LENGTH],
      [2 * TS_PACKET_LENGTH, 3 * TS_PACKET_LENGTH],
    ] as const) {
      assert.ok(
        alone.subarray(from, to).every((byte) => byte === 0x11),
        'a neighbour was changed',
      );
    }
    assert.equal(pidOf(alone, TS_PACKET_LENGTH), pidOf(whole, at));
    assert.equal(hasAdaptationField(alone, TS_PACKET_LENGTH), hasAdaptationField(whole, at));
  }
}

/** What is cut into TS packets is put together again. */
function checkPes(input: Buffer): void {
  const choices = new Choices(input);
  const [flags, extra] = [choices.byte(), choices.below(4)];
  const pts = choices.uint16() * 2 ** 18;
  const data = choices.rest();
  const header = Buffer.alloc(PES_HEADER_LENGTH_PTS_DTS);
  const stream = flags & 1 ? StreamId.video : StreamId.audio;
  const length = writePesHeader(header, stream, data.length, pts, flags & 2 ? pts - 1 : null);
  const pes = Buffer.concat([header.subarray(0, length), data]);
  const isRandomAccess = (flags & 4) !== 0;
  // A packet has a byte at least, the first one the whole header.
  const most = Math.max(0, pes.length - PES_HEADER_LENGTH_PTS_DTS) + 1;
  const least = tsPacketsFor(pes.length, isRandomAccess);
  const packets = Math.max(least, Math.min(most, least + extra));
  const cutter = new PesCutter(Pid.video);
  cutter.begin(pes, packets, isRandomAccess);
  const out = Buffer.alloc(packets * TS_PACKET_LENGTH);
  for (let i = 0; i < packets; i++) cutter.write(out, i * TS_PACKET_LENGTH);
  assert.equal(cutter.packetsLeft, 0);
  const parts = Array.from({ length: packets }, (_, i) => {
    const at = i * TS_PACKET_LENGTH;
    return out.subarray(at + payloadStart(out, at), at + TS_PACKET_LENGTH);
  });
  assert.deepEqual(Buffer.concat(parts), pes);
}

const checks = [checkFile, checkPayload, checkPictures, checkTransport, checkPes];
const withCheck = (check: number, ...parts: Buffer[]): Buffer => Buffer.concat([Buffer.from([check]), ...parts]);

function seeds(): Buffer[] {
  const tables = Buffer.alloc(QUANTIZATION_TABLES_LENGTH, 16);
  const scan = Buffer.from('aabbff00ccdd', 'hex');
  const head = { typeSpecific: 0, fragmentOffset: 0, type: JpegType.yuv420, q: 200, width: 24, height: 16 };
  const first = Buffer.alloc(8 + QUANTIZATION_HEADER_LENGTH + scan.length);
  scan.copy(first, writeQuantizationHeader(first, writeJpegHeader(first, 0, head), tables));
  const second = Buffer.alloc(8 + scan.length);
  scan.copy(second, writeJpegHeader(second, 0, { ...head, fragmentOffset: scan.length }));
  const framed = (marker: number, payload: Buffer) =>
    Buffer.concat([Buffer.from([marker, payload.length >> 8, payload.length & 0xff]), payload]);
  const cutter = new PesCutter(Pid.video);
  const pes = Buffer.alloc(PES_HEADER_LENGTH_PTS_DTS + 100);
  writePesHeader(pes, StreamId.video, 100, 9_000, 0);
  cutter.begin(pes, 1, true);
  const ts = Buffer.alloc(TS_PACKET_LENGTH);
  cutter.write(ts, 0);
  const pcr = Buffer.alloc(TS_PACKET_LENGTH, 0xff);
  pcr.set([0x47, 0x01, 0x00, 0x20, 183, 0x10, 0, 0, 0, 1, 0x7e, 0]);
  assert.equal(crc32Mpeg(Uint8Array.from(patPacket().subarray(5, 21))), 0, 'a section and its CRC');
  return [
    withCheck(0, buildJpeg({ type: JpegType.yuv422, width: 24, height: 16, tables }, scan)),
    withCheck(1, first),
    withCheck(1, second),
    withCheck(2, framed(0x01, first), framed(0x81, second), framed(0x82, first)),
    withCheck(3, patPacket(), pmtPacket(), pcr, ts),
    withCheck(4, Buffer.from([7, 2, 1, 1]), Buffer.alloc(400, 5)),
  ];
}

export const target: FuzzTarget = {
  ...{ name: 'media', block: 1, largest: 3_000, seeds },
  tokens: ['ffd8', 'ffd9', 'ffda000c03', 'ffdb0043', 'ffc00011', 'ffc4', 'ffdd0004', '000001e0', '4740', '0080'].map(
    (hex) => Buffer.from(hex, 'hex'),
  ),
  mostWork: (length) => 20_000 + 100 * length,
  run: (input) => {
    if (input.length > 0) checks[input[0]! % checks.length]!(input.subarray(1));
  },
};
