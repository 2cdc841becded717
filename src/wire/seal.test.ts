import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import { type AnyMessage, encodeMessage, MAX_MESSAGE_LENGTH, message, START_LENGTH } from './message.js';
import { messageKey, Seals } from './seal.js';
import { paginate } from './station-pages.js';

const key = messageKey(Buffer.from('sixteen bytes or more'));
const seals = new Seals(key);
const server = { address: '10.0.0.1', port: 5601 };
const cookie = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
const hex = (text: string): string => Buffer.from(text).toString('hex');

test('the key of messages follows from the secret by HKDF-SHA256', () => {
  // Computed with Python's hmac, like the seals below.
  assert.equal(Buffer.from(key).toString('hex'), 'a3aa74bb2a04f43850814bd373500f8cef3e5b05c56e597a77f2a84cb43bc361');
});

/** Both directions: the value, and its bytes. */
const cases: { name: string; value: AnyMessage; bytes: string }[] = [
  {
    name: 'START',
    value: message('start', 1, {}, { cookie }),
    bytes: `4d534331 01 01 0000 0000 0000 00000001 ${cookie.toString('hex')} ${hex('{}')} 2bb6dfc7809436b1f3fc3f48080ebd5e`,
  },
  {
    name: 'TUNE',
    value: message('tune', 2, { station: 'news' }, { cookie }),
    bytes: `4d534331 02 01 0000 0000 0000 00000002 ${cookie.toString('hex')} ${hex('{"station":"news"}')} fcf918223780e97dbe63f901434bc8d4`,
  },
  {
    name: 'CHALLENGE',
    value: message('challenge', 4, { server: 'hall', controlPort: 5601, stations: 2 }, { cookie }),
    bytes: `4d534331 81 01 0000 0000 0000 00000004 ${cookie.toString('hex')} ${hex('{"server":"hall","controlPort":5601,"stations":2}')} 05681ed45f876ccfabe5f8541c1bc111`,
  },
  {
    name: 'ERROR',
    value: message('error', 8, { code: 'busy', message: 'full' }, { cookie }),
    bytes: `4d534331 85 01 0000 0000 0000 00000008 ${cookie.toString('hex')} ${hex('{"code":"busy","message":"full"}')} 57faacb0ed6f1c976d10efabfd7e4121`,
  },
];

for (const { name, value, bytes } of cases) {
  const datagram = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  test(`a sealed ${name} is written as drawn`, () => assert.deepEqual(seals.encode(value, server), datagram));
  test(`a sealed ${name} is read as written`, () => {
    assert.deepEqual(seals.read(datagram, server), { kind: 'message', message: value });
  });
}

const tune = message('tune', 2, { station: 'news' }, { cookie });
const foreign = (mismatch: string) => ({ kind: 'foreign', type: 'tune', requestId: 2, mismatch });

test('a message is believed only as to or from the server that it was sealed for', () => {
  const sealed = seals.encode(tune, server);
  for (const other of [
    { ...server, address: '10.0.0.2' },
    { ...server, port: 5602 },
  ]) {
    assert.deepEqual(seals.read(sealed, other), foreign('other-key'));
  }
});

test('between two keys, and between a key and none, nothing is believed, and the reason is known', () => {
  const other = new Seals(messageKey(Buffer.from('sixteen bytes or mora')));
  const none = new Seals(null);
  assert.deepEqual(other.read(seals.encode(tune, server), server), foreign('other-key'));
  assert.deepEqual(none.read(seals.encode(tune, server), server), foreign('we-have-no-key'));
  assert.deepEqual(seals.read(none.encode(tune, server), server), foreign('it-has-no-key'));
  assert.deepEqual(none.read(none.encode(tune, server), server), { kind: 'message', message: tune });
});

test('a request without a cookie is not sealed: the server reads no more than its header', () => {
  const start = message('start', 1, {});
  const query = seals.encode(start, server, { minLength: START_LENGTH });
  assert.deepEqual(query, encodeMessage(start, { minLength: START_LENGTH }));
});

test('padding stands between body and seal', () => {
  const padded = seals.encode(tune, server, { minLength: 300 });
  assert.equal(padded.length, 300);
  assert.deepEqual(seals.read(padded, server), { kind: 'message', message: tune });
});

test('a full page fits one datagram with its seal, and not one byte more', () => {
  const [body] = paginate(Array.from({ length: 9 }, (_, i) => makeStation(i + 1)));
  assert.ok(seals.encode(message('stations', 1, body!, { pages: 2 }), server).length <= MAX_MESSAGE_LENGTH);
  const filler = (length: number) => message('error', 1, { code: 'busy', message: 'x'.repeat(length) });
  const frame = JSON.stringify(filler(0).body).length;
  assert.equal(seals.encode(filler(1_352 - frame), server).length, MAX_MESSAGE_LENGTH);
  assert.throws(() => seals.encode(filler(1_353 - frame), server), RangeError);
  assert.throws(() => encodeMessage(filler(1_353 - frame)), RangeError);
});

test('a message with any bit changed is not believed', () => {
  for (const { value } of cases) {
    const sealed = seals.encode(value, server);
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert.notEqual(seals.read(changed, server)?.kind, 'message', `${value.type}, bit ${bit}`);
    }
  }
});

test('changed, cut, extended and invented messages are never believed, and nothing throws', () => {
  const genuine = cases.map(({ value }) => seals.encode(value, server));
  const changes = fc.array(fc.tuple(fc.nat(1_399), fc.nat(255)), { maxLength: 8 });
  const bent = fc
    .tuple(fc.constantFrom(...genuine), changes, fc.nat(1_400), fc.uint8Array({ maxLength: 40 }))
    .map(([sealed, changes, end, more]) => {
      const copy = Buffer.concat([sealed.subarray(0, end), more]);
      for (const [at, byte] of changes) if (copy.length > 0) copy[at % copy.length] = byte;
      return copy;
    });
  const invented = fc.uint8Array({ maxLength: 1_500 }).map((bytes) => Buffer.from(bytes));
  fc.assert(
    fc.property(fc.oneof(bent, invented), (datagram) => {
      if (genuine.some((each) => each.equals(datagram))) return;
      assert.notEqual(seals.read(datagram, server)?.kind, 'message');
    }),
    { numRuns: 3_000 },
  );
});

test('a key has 32 bytes', () => assert.throws(() => new Seals(new Uint8Array(16)), RangeError));
