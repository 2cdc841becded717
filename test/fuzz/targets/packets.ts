/** RTP, retransmissions, parity and feedback: what is decoded is encoded and decoded again, and the same. */
import assert from 'node:assert/strict';
import { Millis, PacketNumber, Ticks90k } from '../../../src/base/units.js';
import { emptyFec, FEC_HEADER_LENGTH, FEC_PARITY_AT, readFec, writeFecHeaders } from '../../../src/wire/fec.js';
import { decodeFeedback, encodeFeedback, type Feedback, feedbackCookie, isRtcp } from '../../../src/wire/feedback.js';
import {
  emptyRetransmission,
  RETRANSMISSION_OVERHEAD,
  readRetransmission,
  writeRetransmission,
} from '../../../src/wire/retransmission.js';
import { emptyRtp, parseRtp, RTP_HEADER_LENGTH, readRtp, writeRtpHeader } from '../../../src/wire/rtp.js';
import type { FuzzTarget } from '../target.js';

/** Bytes before and behind a datagram in its buffer, as in a batch. */
const MARGIN = 40;

function inBatch(datagram: Buffer): Buffer {
  const buffer = Buffer.alloc(datagram.length + 2 * MARGIN, 0xa5);
  datagram.copy(buffer, MARGIN);
  return buffer;
}

function checkRtp(datagram: Buffer): void {
  const buffer = inBatch(datagram);
  const fields = emptyRtp();
  if (!readRtp(buffer, MARGIN, MARGIN + datagram.length, fields)) {
    assert.equal(parseRtp(datagram), null);
    return;
  }
  const { marker, payloadType, sequenceNumber, timestamp, ssrc, start, end } = fields;
  assert.ok(start >= MARGIN + RTP_HEADER_LENGTH && start <= end && end <= MARGIN + datagram.length);
  const again = Buffer.alloc(RTP_HEADER_LENGTH + end - start);
  writeRtpHeader(again, 0, marker, payloadType, sequenceNumber, timestamp, ssrc);
  buffer.copy(again, RTP_HEADER_LENGTH, start, end);
  assert.deepEqual(parseRtp(again), parseRtp(datagram));
  if (datagram[0] === 0x80) assert.deepEqual(again, datagram);
}

function checkRetransmission(datagram: Buffer): void {
  const buffer = inBatch(datagram);
  const fields = emptyRetransmission();
  if (!readRetransmission(buffer, MARGIN, MARGIN + datagram.length, fields)) return;
  const { marker, n, sequenceNumber, timestamp, ssrc, start, end } = fields;
  assert.ok(Number.isSafeInteger(n) && n >= 0 && start <= end && end <= MARGIN + datagram.length);
  const again = Buffer.alloc(RETRANSMISSION_OVERHEAD + RTP_HEADER_LENGTH + end - start);
  const payload = writeRtpHeader(again, RETRANSMISSION_OVERHEAD, marker, 33, n, timestamp, ssrc);
  buffer.copy(again, payload, start, end);
  assert.equal(writeRetransmission(again, RETRANSMISSION_OVERHEAD, n, sequenceNumber), 0);
  if (datagram[0] === 0x90) assert.deepEqual(again, datagram);
}

function checkFec(datagram: Buffer): void {
  const buffer = inBatch(datagram);
  const fields = emptyFec();
  if (!readFec(buffer, MARGIN, MARGIN + datagram.length, fields)) return;
  const again = Buffer.alloc(FEC_PARITY_AT);
  assert.equal(writeFecHeaders(again, 0, fields), RTP_HEADER_LENGTH + FEC_HEADER_LENGTH);
  const twice = emptyFec();
  assert.ok(readFec(again, 0, again.length, twice));
  assert.deepEqual(twice, fields);
}

function checkFeedback(datagram: Buffer): void {
  const buffer = inBatch(datagram);
  const end = MARGIN + datagram.length;
  const feedback = decodeFeedback(buffer, MARGIN, end);
  const cookie = feedbackCookie(buffer, MARGIN, end);
  if (feedback === null) return;
  assert.ok(isRtcp(buffer, MARGIN, end));
  assert.deepEqual(cookie, feedback.cookie, 'both readers find the same cookie');
  const parts = encodeFeedback(feedback).map((part) => decodeFeedback(part, 0, part.length));
  assert.ok(parts.every((part) => part !== null));
  assert.deepEqual({ ...parts[0], missing: parts.flatMap((part) => part!.missing) }, feedback);
}

const checks = [checkRtp, checkRetransmission, checkFec, checkFeedback];
const withCheck = (check: number, datagram: Buffer): Buffer => Buffer.concat([Buffer.from([check]), datagram]);

function seeds(): Buffer[] {
  const rtp = Buffer.alloc(RTP_HEADER_LENGTH + 20, 3);
  writeRtpHeader(rtp, 0, true, 33, 65_535, 0xffff_fff0, 77);
  const repair = Buffer.alloc(RETRANSMISSION_OVERHEAD + RTP_HEADER_LENGTH + 8);
  const n = PacketNumber(950_000_000_000);
  writeRtpHeader(repair, RETRANSMISSION_OVERHEAD, false, 33, n, 5, 77);
  writeRetransmission(repair, RETRANSMISSION_OVERHEAD, n, 9);
  const parity = Buffer.alloc(FEC_PARITY_AT + 20, 6);
  writeFecHeaders(parity, 0, { ...emptyFec(), step: 5, count: 10, base: 65_530, second: 33, lengths: 1_316 });
  const report = {
    ...{ received: 1_000, lost: 10, unrepaired: 1, fractionLost: 0.25, highest: n },
    ...{ jitter: Ticks90k(90), buffer: Millis(200), delay: Millis(-3) },
  };
  const missing = [0, 1, 2, 17, 40, 5_000, 60_000].map((i) => PacketNumber(n + i));
  const base: Omit<Feedback, 'missing' | 'flow' | 'report'> = {
    ...{ sender: 1, media: 77, cookie: Buffer.alloc(16, 7), copies: 2 },
  };
  const feedbacks = [
    { ...base, missing, flow: { number: 4, credit: n }, report },
    { ...base, missing: [], flow: null, report: null },
  ];
  return [
    ...[rtp, Buffer.concat([Buffer.from([0xb1]), rtp.subarray(1)])].map((each) => withCheck(0, each)),
    withCheck(1, repair),
    withCheck(2, parity),
    ...feedbacks.flatMap(encodeFeedback).map((each) => withCheck(3, each)),
  ];
}

export const target: FuzzTarget = {
  ...{ name: 'packets', block: 1, largest: 1_300, seeds },
  tokens: ['MSC1', Buffer.from([0xbe, 0xde, 0, 2, 0x16]), Buffer.from([0x81, 0xc9]), Buffer.from([0x81, 0xcd])],
  // Each bit of a feedback's mask is a packet to name.
  mostWork: (length) => 1_000 + 200 * length,
  run: (input) => {
    if (input.length > 0) checks[input[0]! % checks.length]!(input.subarray(1));
  },
};
