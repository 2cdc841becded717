/** Feedback and retransmissions as decoded by a program that knows the RFCs and not this project. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, PacketNumber, Ticks90k } from '../src/base/units.js';
import { encodeFeedback, type Feedback } from '../src/wire/feedback.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../src/wire/retransmission.js';
import { writeRtpHeader } from '../src/wire/rtp.js';
import { dissect } from './support/dissect.js';
import { without } from './support/tools.js';

const skip = without('tshark');

const feedback: Feedback = {
  sender: 0x1111_1111,
  media: 0x2222_2222,
  cookie: Buffer.alloc(16, 7),
  missing: [PacketNumber(0x1_fffe), PacketNumber(0x1_ffff), PacketNumber(0x2_000e), PacketNumber(0x2_000f)],
  copies: 2,
  flow: { number: 5, credit: PacketNumber(0x2_0000_0000) },
  report: {
    received: 1_000,
    lost: 3,
    unrepaired: 1,
    fractionLost: 0.25,
    highest: PacketNumber(0x1_0001_0002),
    jitter: Ticks90k(90),
    buffer: Millis(1_500),
    delay: Millis(-1),
  },
};

test('tshark finds a receiver report, a NACK and an APP packet in feedback', { skip }, (context) => {
  const [datagram, ...more] = encodeFeedback(feedback);
  assert.equal(more.length, 0);
  const expected = {
    'rtcp.pt': ['201', '205', '204'],
    'rtcp.length_check': ['1'],
    'rtcp.senderssrc': ['0x11111111', '0x11111111'],
    'rtcp.mediassrc': ['0x22222222'],
    'rtcp.ssrc.identifier': ['0x22222222', '0x11111111'],
    'rtcp.ssrc.fraction': ['64'],
    'rtcp.ssrc.cum_nr': ['3'],
    'rtcp.ssrc.high_cycles': ['1'],
    'rtcp.ssrc.high_seq': ['2'],
    'rtcp.ssrc.jitter': ['90'],
    // A number and the bits that follow it, then those that they stand for.
    'rtcp.rtpfb.nack_pid': ['65534', '65535', '65550', '15'],
    'rtcp.app.subtype': ['1'],
    'rtcp.app.name': ['MSC1'],
  };
  assert.deepEqual(dissect(context, datagram!, 'rtcp', Object.keys(expected)), expected);
});

test('tshark finds an empty receiver report in feedback without one', { skip }, (context) => {
  const [datagram] = encodeFeedback({ ...feedback, missing: [], report: null });
  const expected = {
    'rtcp.pt': ['201', '204'],
    'rtcp.rc': ['0'],
    'rtcp.length_check': ['1'],
    'rtcp.app.name': ['MSC1'],
  };
  assert.deepEqual(dissect(context, datagram!, 'rtcp', Object.keys(expected)), expected);
});

test('tshark finds the packet’s number in the header extension of a retransmission', { skip }, (context) => {
  const datagram = Buffer.concat([Buffer.alloc(RETRANSMISSION_OVERHEAD + 12), Buffer.from('payload')]);
  const n = 0x12_3456_789a;
  writeRtpHeader(datagram, RETRANSMISSION_OVERHEAD, true, 33, n, 0x1_0000_0005, 0x2222_2222);
  writeRetransmission(datagram, RETRANSMISSION_OVERHEAD, PacketNumber(n), 7);
  const expected = {
    'rtp.version': ['2'],
    'rtp.marker': ['1'],
    'rtp.p_type': ['97'],
    'rtp.seq': ['7'],
    'rtp.timestamp': ['5'],
    'rtp.ssrc': ['0x22222222'],
    'rtp.ext.rfc5285.id': ['1'],
    'rtp.ext.rfc5285.len': ['7'],
    'rtp.ext.rfc5285.data': ['0000123456789a'],
    'rtp.payload': [`789a${Buffer.from('payload').toString('hex')}`],
  };
  assert.deepEqual(dissect(context, datagram, 'rtp', Object.keys(expected)), expected);
});
