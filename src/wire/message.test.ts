import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import {
  type AnyMessage,
  decodeMessage,
  encodeMessage,
  MAX_MESSAGE_LENGTH,
  MESSAGE_HEADER_LENGTH,
  message,
  readHeader,
  SEAL_LENGTH,
} from './message.js';

const cookie = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const noCookie = '00'.repeat(16);
const hex = (text: string): string => Buffer.from(text).toString('hex');

/** Both directions: the value, and its bytes. */
const burst = { flow: 3, from: 2 ** 40, time: 0.5 };
const tuned = { station: makeStation(2), next: 2 ** 52, serverTime: 1.5, members: 2, burst };
const replaying = { flow: 1, from: 7, time: 1.5, next: 9, serverTime: 2.5, oldest: 0 };

const cases: { name: string; value: AnyMessage; bytes: string }[] = [
  {
    name: 'START without cookie',
    value: message('start', 0xfedcba98, {}),
    bytes: `4d534331 01 00 0000 0000 0000 fedcba98 ${noCookie} ${hex('{}')}`,
  },
  {
    name: 'START for a later page',
    value: message('start', 1, {}, { cookie, page: 258 }),
    bytes: `4d534331 01 00 0102 0000 0000 00000001 ${cookie.toString('hex')} ${hex('{}')}`,
  },
  {
    name: 'TUNE',
    value: message('tune', 2, { station: 'news' }, { cookie }),
    bytes: `4d534331 02 00 0000 0000 0000 00000002 ${cookie.toString('hex')} ${hex('{"station":"news"}')}`,
  },
  {
    name: 'CHANGE',
    value: message('change', 3, { station: 'kino-ö' }, { cookie }),
    bytes: `4d534331 03 00 0000 0000 0000 00000003 ${cookie.toString('hex')} ${hex('{"station":"kino-ö"}')}`,
  },
  ...(['pause', 'resume', 'exit', 'keepalive'] as const).map((type, index) => ({
    name: type.toUpperCase(),
    value: message(type, 0xffffffff, {}, { cookie }),
    bytes: `4d534331 0${4 + index} 00 0000 0000 0000 ffffffff ${cookie.toString('hex')} ${hex('{}')}`,
  })),
  {
    name: 'CHALLENGE',
    value: message('challenge', 4, { server: 'hall', controlPort: 5601, stations: 2 }, { cookie }),
    bytes: `4d534331 81 00 0000 0000 0000 00000004 ${cookie.toString('hex')} ${hex('{"server":"hall","controlPort":5601,"stations":2}')}`,
  },
  {
    name: 'STATIONS',
    value: message('stations', 5, [makeStation(1)], { cookie, page: 1, pages: 2, revision: 0x0304 }),
    bytes: `4d534331 82 00 0001 0002 0304 00000005 ${cookie.toString('hex')} ${hex(JSON.stringify([makeStation(1)]))}`,
  },
  {
    name: 'TUNED',
    value: message('tuned', 6, tuned, { cookie }),
    bytes: `4d534331 83 00 0000 0000 0000 00000006 ${cookie.toString('hex')} ${hex(JSON.stringify(tuned))}`,
  },
  {
    name: 'TUNE with a burst',
    value: message('tune', 9, { station: 'news', burst: { flow: 3 } }, { cookie }),
    bytes: `4d534331 02 00 0000 0000 0000 00000009 ${cookie.toString('hex')} ${hex('{"station":"news","burst":{"flow":3}}')}`,
  },
  {
    name: 'REPLAY from an item’s beginning',
    value: message('replay', 10, { flow: 1, speed: 8, from: { kind: 'time', time: 1.5, item: true } }, { cookie }),
    bytes: `4d534331 08 00 0000 0000 0000 0000000a ${cookie.toString('hex')} ${hex(
      '{"flow":1,"speed":8,"from":{"kind":"time","time":1.5,"item":true}}',
    )}`,
  },
  {
    name: 'REPLAYING',
    value: message('replaying', 11, replaying, { cookie }),
    bytes: `4d534331 86 00 0000 0000 0000 0000000b ${cookie.toString('hex')} ${hex(JSON.stringify(replaying))}`,
  },
  {
    name: 'OK',
    value: message('ok', 7, {}, { cookie }),
    bytes: `4d534331 84 00 0000 0000 0000 00000007 ${cookie.toString('hex')} ${hex('{}')}`,
  },
  {
    name: 'ERROR',
    value: message('error', 8, { code: 'busy', message: 'full' }, { cookie }),
    bytes: `4d534331 85 00 0000 0000 0000 00000008 ${cookie.toString('hex')} ${hex('{"code":"busy","message":"full"}')}`,
  },
];

for (const { name, value, bytes } of cases) {
  const datagram = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  test(`${name} is written as drawn`, () => assert.deepEqual(encodeMessage(value), datagram));
  test(`${name} is read as written`, () => assert.deepEqual(decodeMessage(datagram), value));
}

const good = encodeMessage(message('tune', 9, { station: 'news' }, { cookie }));
const changed = (offset: number, ...values: number[]): Buffer => {
  const copy = Buffer.from(good);
  copy.set(values, offset);
  return copy;
};
const withBody = (type: number, body: string | Buffer, page = 0, pages = 0): Buffer => {
  const header = Buffer.from(good.subarray(0, MESSAGE_HEADER_LENGTH));
  header[4] = type;
  header.writeUInt16BE(page, 6);
  header.writeUInt16BE(pages, 8);
  return Buffer.concat([header, Buffer.from(body)]);
};

const malformed: [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['a header cut short', good.subarray(0, MESSAGE_HEADER_LENGTH - 1)],
  ['a header without a body', good.subarray(0, MESSAGE_HEADER_LENGTH)],
  ['another magic', changed(0, 0x6d)],
  ['another version', changed(3, 0x32)],
  ['an unknown type', changed(4, 0x08)],
  ['a sealed message, of which only Seals reads the body', changed(5, 1)],
  ['a reserved bit', changed(5, 2)],
  ['JSON cut short', good.subarray(0, -1)],
  ['a body of another type', withBody(0x02, '{"station":7}')],
  ['a body without its field', withBody(0x02, '{}')],
  ['an array for an object', withBody(0x01, '[]')],
  ['null', withBody(0x01, 'null')],
  ['an id with a slash', withBody(0x02, '{"station":"../etc"}')],
  ['an endless id', withBody(0x02, `{"station":"${'a'.repeat(101)}"}`)],
  ['what is not UTF-8', withBody(0x02, Buffer.from([0x22, 0xff, 0x22]))],
  ['a page beyond the pages', withBody(0x82, '[]', 1, 1)],
  ['deep nesting', withBody(0x01, '['.repeat(1300))],
  ['a fraction of a packet', withBody(0x83, JSON.stringify({ ...tuned, next: 1.5 }))],
  ['a packet number whose sums are not exact', withBody(0x83, JSON.stringify({ ...tuned, next: 2 ** 52 + 1 }))],
  ['a time without a date', withBody(0x83, JSON.stringify({ ...tuned, serverTime: 8.64e15 }))],
  ['a time beyond all numbers', withBody(0x84, '{"serverTime":1e999}')],
  ['a burst from nowhere', withBody(0x83, JSON.stringify({ ...tuned, burst: { ...burst, time: -1 } }))],
  ['more sessions than a server has', withBody(0x83, JSON.stringify({ ...tuned, members: 65_536 }))],
  [
    'a station that no server can have',
    withBody(0x83, JSON.stringify({ ...tuned, station: { ...tuned.station, bitrate: 1e12 } })),
  ],
  ['a page of more stations than fit on one', withBody(0x82, `[${'0,'.repeat(5)}0]`, 0, 1)],
  ['more than 1,400 bytes', withBody(0x01, `{}${' '.repeat(MAX_MESSAGE_LENGTH)}`)],
];

for (const [name, datagram] of malformed) {
  test(`${name} is not a message`, () => assert.equal(decodeMessage(datagram), null));
}

test('padding follows the body and is not part of it', () => {
  const padded = encodeMessage(message('start', 1, {}), { minLength: 300 });
  assert.equal(padded.length, 300);
  assert.deepEqual(decodeMessage(padded), message('start', 1, {}));
});

test('unknown fields, which a later version may add, are ignored', () => {
  assert.deepEqual(decodeMessage(withBody(0x02, '{"station":"news","__proto__":{"x":1},"more":[1]}'))?.body, {
    station: 'news',
  });
});

test('a body too long for a datagram is refused', () => {
  assert.throws(() => encodeMessage(message('error', 1, { code: 'busy', message: 'x'.repeat(1353) })), RangeError);
});

test('a sealed message has room for its seal, which is not part of the body', () => {
  const tune = message('tune', 9, { station: 'news' }, { cookie });
  const sealed = encodeMessage(tune, { isSealed: true });
  assert.equal(sealed.length, good.length + SEAL_LENGTH);
  sealed.fill(0xff, good.length);
  assert.deepEqual(decodeMessage(sealed, { isSealed: true }), tune);
  assert.equal(decodeMessage(sealed), null);
  assert.equal(decodeMessage(good, { isSealed: true }), null);
  assert.equal(readHeader(sealed.subarray(0, MESSAGE_HEADER_LENGTH + SEAL_LENGTH - 1)), null);
});

test('the cookie does not share the memory of its datagram', () => {
  const datagram = Buffer.from(good);
  const decoded = decodeMessage(datagram);
  datagram.fill(0);
  assert.deepEqual(decoded?.cookie, cookie);
});

test('random bytes never throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => decodeMessage(Buffer.from(bytes)) === null));
});

test('a damaged message is refused, or can be written and read back the same', () => {
  const damaged = fc
    .tuple(
      fc.constantFrom(...cases.map(({ value }) => value)),
      fc.array(fc.tuple(fc.nat(1399), fc.nat(255)), { maxLength: 4 }),
      fc.option(fc.nat(1399)),
    )
    .map(([value, changes, end]) => {
      const bytes = encodeMessage(value);
      for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
      return end === null ? bytes : bytes.subarray(0, end);
    });
  fc.assert(
    fc.property(damaged, (bytes) => {
      const read = decodeMessage(bytes);
      if (read !== null) assert.deepEqual(decodeMessage(encodeMessage(read)), read);
    }),
    { numRuns: 2000 },
  );
});
