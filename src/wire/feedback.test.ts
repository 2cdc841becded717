import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber, Ticks90k } from '../base/units.js';
import {
  decodeFeedback,
  encodeFeedback,
  type Feedback,
  type FeedbackReport,
  feedbackCookie,
  isRtcp,
  MOST_COPIES,
} from './feedback.js';

const cookie = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const plain: Feedback = {
  sender: 0x1111_1111,
  media: 0x2222_2222,
  cookie,
  missing: [],
  copies: 1,
  flow: null,
  report: null,
};
const report: FeedbackReport = {
  received: 1_000,
  lost: 3,
  unrepaired: 1,
  fractionLost: 0.25,
  highest: PacketNumber(0x1_0000_0002),
  jitter: Ticks90k(90),
  buffer: Millis(1_500),
  delay: Millis(-1),
};

const cases: { name: string; value: Feedback; bytes: string }[] = [
  {
    name: 'a flow’s credit',
    value: { ...plain, flow: { number: 5, credit: PacketNumber(0x1_0000_0009) } },
    bytes: `80c90001 11111111
      80cc000d 11111111 4d534331 ${cookie.toString('hex')} 22222222 00000005 0000000100000009 0000000000000000 01000000`,
  },
  {
    name: 'missing packets on both sides of 65,536',
    value: { ...plain, missing: [0x1_fffe, 0x1_ffff, 0x2_000e, 0x2_000f].map(PacketNumber), copies: 2 },
    bytes: `80c90001 11111111
      81cd0004 11111111 22222222 fffe8001 000f0000
      80cc000d 11111111 4d534331 ${cookie.toString('hex')} 22222222 00000000 0000000000000000 000000000001fffe 02000000`,
  },
  {
    name: 'a report',
    value: { ...plain, report },
    bytes: `81c90007 11111111 22222222 40000003 00000002 0000005a 00000000 00000000
      81cc0017 11111111 4d534331 ${cookie.toString('hex')} 22222222 00000000 0000000000000000 0000000000000000 01000000
      0000000100000002 00000000000003e8 0000000000000003 0000000000000001 000005dc ffffffff`,
  },
];

for (const { name, value, bytes } of cases) {
  const expected = Buffer.from(bytes.replaceAll(/\s/g, ''), 'hex');
  test(`${name} is encoded`, () => {
    assert.deepEqual(
      encodeFeedback(value).map((each) => each.toString('hex')),
      [expected.toString('hex')],
    );
  });
  test(`${name} is decoded`, () => assert.deepEqual(decodeFeedback(expected, 0, expected.length), value));
}

const counts = fc.oneof(
  fc.nat(200_000),
  fc.nat(2 ** 31 - 1).map((n) => n + 2 ** 40),
);
const numbers = counts.map(PacketNumber);
const plainObject = { noNullPrototype: true } as const;
const reports = fc.record(
  {
    received: counts,
    lost: fc.nat(0x7f_ffff),
    unrepaired: fc.nat(),
    fractionLost: fc.nat(255).map((n) => n / 256),
    highest: numbers,
    jitter: fc.nat().map(Ticks90k),
    buffer: fc.nat().map(Millis),
    delay: fc.integer().map(Millis),
  },
  plainObject,
);
const feedbacks = fc.record(
  {
    sender: fc.nat(),
    media: fc.nat(),
    cookie: fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes)),
    missing: fc
      .tuple(counts, fc.array(fc.oneof(fc.integer({ min: 1, max: 20 }), fc.nat(100_000)), { maxLength: 900 }))
      .map(([first, steps]) => steps.map((step) => (first += step + 1)).map(PacketNumber)),
    copies: fc.integer({ min: 1, max: MOST_COPIES }),
    flow: fc.option(fc.record({ number: fc.integer({ min: 1, max: 0xffff_ffff }), credit: numbers }, plainObject)),
    report: fc.option(reports),
  },
  plainObject,
);

test('encoded feedback is decoded, from as many datagrams as it takes, each of which fits any path', () => {
  fc.assert(
    fc.property(feedbacks, (feedback) => {
      const datagrams = encodeFeedback(feedback);
      for (const datagram of datagrams) assert.ok(datagram.length <= 1_200);
      const decoded = datagrams.map((datagram) => {
        assert.ok(isRtcp(datagram, 0, datagram.length));
        assert.deepEqual(feedbackCookie(datagram, 0, datagram.length), feedback.cookie);
        const one = decodeFeedback(datagram, 0, datagram.length);
        assert.ok(one);
        return one;
      });
      const missing = decoded.flatMap((one) => one.missing);
      assert.deepEqual({ ...decoded[0], missing }, feedback);
      for (const other of decoded.slice(1)) assert.deepEqual([other.flow, other.report], [null, null]);
    }),
  );
});

test('random bytes are decoded as null or as feedback that can be encoded again, and nothing throws', () => {
  const valid = fc
    .tuple(feedbacks, fc.nat(1_199), fc.uint8Array({ minLength: 1, maxLength: 4 }))
    .map(([feedback, at, bytes]) => {
      const [datagram] = encodeFeedback(feedback);
      Buffer.from(bytes).copy(datagram!, at % datagram!.length);
      return datagram;
    });
  const random = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(valid, random), (bytes) => {
      const cookie = feedbackCookie(bytes!, 0, bytes!.length);
      const decoded = decodeFeedback(bytes!, 0, bytes!.length);
      if (decoded === null) return;
      assert.deepEqual(cookie, decoded.cookie);
      const again = encodeFeedback(decoded).map((each) => decodeFeedback(each, 0, each.length));
      assert.deepEqual(
        again.flatMap((each) => each?.missing),
        decoded.missing,
      );
    }),
    { numRuns: 500 },
  );
});

test('feedback is read at its place in a buffer', () => {
  for (const { value } of cases) {
    const [datagram] = encodeFeedback(value);
    const bytes = Buffer.concat([Buffer.alloc(5, 0xff), datagram!, Buffer.alloc(7, 0xff)]);
    const end = 5 + datagram!.length;
    assert.ok(isRtcp(bytes, 5, end));
    assert.deepEqual(feedbackCookie(bytes, 5, end), cookie);
    assert.deepEqual(decodeFeedback(bytes, 5, end), value);
  }
});

test('a truncated datagram is refused', () => {
  for (const { value } of cases) {
    const [datagram] = encodeFeedback(value);
    for (let length = 0; length < datagram!.length; length++) assert.equal(decodeFeedback(datagram!, 0, length), null);
  }
});
