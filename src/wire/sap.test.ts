import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import { decodeSap, encodeSap, type SapPacket, sapHashOf } from './sap.js';
import { writeSdp } from './sdp.js';

const sdp = 'v=0\r\no=- 1 2 IN IP4 239.1.2.3\r\ns=x\r\n';
const hash = sapHashOf(sdp).toString(16).padStart(4, '0');
const type = Buffer.from('application/sdp\0').toString('hex');

/** Both directions, except for `onlyRead`: announcements of others that we do not write. */
const cases: { name: string; bytes: string; value: SapPacket; onlyRead?: boolean }[] = [
  {
    name: 'an announcement',
    bytes: `20 00 ${hash} ef010203 ${type} ${Buffer.from(sdp).toString('hex')}`,
    value: { deletion: false, hash: sapHashOf(sdp), source: '239.1.2.3', sdp },
  },
  {
    name: 'a deletion, of the o= line alone',
    bytes: `24 00 ${hash} ef010203 ${type} ${Buffer.from('o=- 1 2 IN IP4 239.1.2.3\r\n').toString('hex')}`,
    value: { deletion: true, hash: sapHashOf(sdp), source: '239.1.2.3', sdp: 'o=- 1 2 IN IP4 239.1.2.3\r\n' },
  },
  {
    name: 'an announcement without payload type',
    bytes: `20 00 1234 0a000001 ${Buffer.from(sdp).toString('hex')}`,
    value: { deletion: false, hash: 0x1234, source: '10.0.0.1', sdp },
    onlyRead: true,
  },
  {
    name: 'an announcement with authentication and an IPv6 source',
    bytes: `30 01 1234 ${'00'.repeat(16)} deadbeef ${type} ${Buffer.from(sdp).toString('hex')}`,
    value: { deletion: false, hash: 0x1234, source: undefined, sdp },
    onlyRead: true,
  },
];

for (const { name, bytes, value, onlyRead } of cases) {
  const datagram = Buffer.from(bytes.replaceAll(' ', ''), 'hex');
  test(`${name} is read`, () => assert.deepEqual(decodeSap(datagram), value));
  if (onlyRead) continue;
  test(`${name} is written`, () =>
    assert.deepEqual(encodeSap({ sdp, source: '239.1.2.3', deletion: value.deletion }), datagram));
}

test('other versions, encryption, compression and other payloads are refused', () => {
  const datagram = encodeSap({ sdp, source: '239.1.2.3' });
  for (const first of [0x00, 0x40, 0x22, 0x21]) {
    datagram[0] = first;
    assert.equal(decodeSap(datagram), null);
  }
  assert.equal(decodeSap(Buffer.from('2000123400000000', 'hex')), null);
  assert.equal(decodeSap(Buffer.from('20ff123400000000', 'hex')), null);
  assert.equal(decodeSap(Buffer.concat([datagram.subarray(0, 8), Buffer.from('text/plain\0x')])), null);
});

test('the hash changes with the description and is never 0', () => {
  assert.notEqual(sapHashOf('a'), sapHashOf('b'));
  for (let n = 0; n < 200_000; n++) if (sapHashOf(String(n)) === 0) assert.fail(`hash 0 for ${n}`);
});

test('the announcement of any station stays below 1 kB', () => {
  const name = fc.string({ unit: 'grapheme', minLength: 150, maxLength: 200 });
  fc.assert(
    fc.property(name, (name) => {
      const text = writeSdp(makeStation(1, { name: name.slice(0, 200) }), { ttl: 255, source: '192.168.100.100' });
      assert.ok(encodeSap({ sdp: text, source: '239.255.255.255' }).length < 1024);
    }),
  );
});

test('random bytes never throw', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => void decodeSap(Buffer.from(bytes))));
  const damaged = fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 5 });
  fc.assert(
    fc.property(damaged, (changes) => {
      const datagram = encodeSap({ sdp, source: '239.1.2.3' });
      for (const [at, value] of changes) datagram[at] = value;
      void decodeSap(datagram);
    }),
  );
});
