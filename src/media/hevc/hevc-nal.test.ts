import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { AccessUnits } from '../copy/access-units.js';
import { hevc } from './hevc-codec.js';
import { isWithinLevel } from './hevc-level.js';
import { parseExtradata } from './hevc-nal.js';

const videoSet = Buffer.from('40010c01ffff01600000030090000003000003001e9598', 'hex');
const sequenceSet = Buffer.from(
  '42010101600000030090000003000003001ea0142061f26595952930bc05a02000000300200000030321',
  'hex',
);
const pictureSet = Buffer.from('4401c172b46240', 'hex');
const sets = [videoSet, sequenceSet, pictureSet];

const prefixed = (type: number, set: Buffer) => [0x80 | type, 0, 1, set.length >> 8, set.length & 0xff, ...set];
/** An HEVCDecoderConfigurationRecord with the three sets. */
const record = Buffer.from([
  ...[1, 1, 0x60, 0, 0, 0, 0x90, 0, 0, 0, 0, 0, 30, 0xf0, 0, 0xfc, 0xfd, 0xf8, 0xf8, 0, 0, 0x0f],
  ...[3, ...prefixed(32, videoSet), ...prefixed(33, sequenceSet), ...prefixed(34, pictureSet)],
]);

const startCode = Buffer.from([0, 0, 0, 1]);
const annexB = (...units: Buffer[]) => Buffer.concat(units.flatMap((unit) => [startCode, unit]));

test('extradata of H.265 in either form give their parameter sets', () => {
  assert.deepEqual(parseExtradata(record), { nalLengthSize: 4, parameterSets: sets });
  assert.deepEqual(parseExtradata(annexB(...sets)), { nalLengthSize: 0, parameterSets: sets });
  assert.deepEqual(parseExtradata(null), { nalLengthSize: 0, parameterSets: [] });
});

test('extradata of H.265 that are cut off anywhere, or any bytes, never throw', () => {
  for (let length = 1; length < record.length; length++) {
    assert.equal(parseExtradata(record.subarray(0, length)), null, `${length} bytes`);
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      parseExtradata(Buffer.from(bytes));
    }),
  );
});

/** A slice: type, and first_slice_segment_in_pic_flag; of a random access point its flag; the first picture parameter set. */
const slice = (type: number, isFirst = true) =>
  Buffer.from([type << 1, 1, (isFirst ? 0x80 : 0) | (type >= 16 ? 0x20 : 0x40) | 0x0f, 0x55]);
const [trail, rasl, radl, idr, cra] = [1, 8, 6, 20, 21];
const endOfSequence = Buffer.from([0x48, 1]);

const unitsOf = (bytes: Buffer): number[] => {
  const types: number[] = [];
  for (let at = bytes.indexOf(startCode); at >= 0; at = bytes.indexOf(startCode, at + 4))
    types.push(bytes[at + 4]! >> 1);
  return types;
};

test('parameter sets are written before each random access point, and a delimiter before each access unit', () => {
  const units = new AccessUnits(hevc, { nalLengthSize: 0, parameterSets: sets });
  assert.equal(units.parse(annexB(slice(idr), slice(idr, false))), 'random access');
  assert.deepEqual(unitsOf(units.copy()), [35, 32, 33, 34, 20, 20]);
  assert.equal(units.parse(annexB(slice(trail))), 'other');
  assert.deepEqual(unitsOf(units.copy()), [35, 1]);
  assert.equal(units.size, units.copy().length);
  // Layers for other decoders, filler and delimiters are left out; further metadata stay.
  const layer = Buffer.from([1 << 1, (1 << 3) | 1, 0x80]);
  const others = [
    Buffer.from([0x46, 1, 0x50]),
    Buffer.from([0x4e, 1, 5]),
    slice(cra),
    layer,
    Buffer.from([0x4c, 1, 0xff]),
  ];
  assert.equal(units.parse(annexB(...others)), 'random access');
  assert.deepEqual(unitsOf(units.copy()), [35, 32, 33, 34, 39, 21]);
});

test('leading pictures are known, and those that no decoder shows', () => {
  const units = new AccessUnits(hevc, { nalLengthSize: 0, parameterSets: sets });
  const seen = (...nals: Buffer[]) => {
    units.parse(annexB(...nals));
    return [units.leading, units.isNeverShown];
  };
  assert.deepEqual(seen(slice(idr)), ['no', false]);
  assert.deepEqual(seen(slice(radl)), ['decodable', false]);
  assert.deepEqual(seen(slice(cra)), ['no', false]);
  assert.deepEqual(seen(slice(rasl)), ['skipped', false]);
  seen(slice(trail), endOfSequence);
  assert.deepEqual(seen(slice(cra)), ['no', false]);
  assert.deepEqual(unitsOf(units.copy()).at(-1), 17, 'it begins a sequence');
  assert.deepEqual(seen(slice(rasl)), ['skipped', true]);
  seen(slice(cra));
  units.beginSequence();
  assert.equal(unitsOf(units.copy()).at(-1), 17);
  assert.equal(units.size, units.copy().length);
});

test('a picture without its first slice, or its parameter set, is damaged', () => {
  const units = new AccessUnits(hevc, { nalLengthSize: 0, parameterSets: sets });
  assert.equal(units.parse(annexB(slice(trail, false))), 'damaged');
  assert.equal(units.parse(annexB(Buffer.from([trail << 1, 1, 0x9f, 0x55]))), 'damaged');
  assert.equal(units.parse(annexB(Buffer.from([0x80 | (trail << 1), 1, 0xcf]))), 'damaged');
  assert.equal(units.parse(annexB(Buffer.from([0x4e, 1, 5]))), 'no picture');
});

test('access units of any bytes never throw, and what is written is parsed alike', () => {
  const nal = fc.uint8Array({ minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(fc.array(nal, { maxLength: 6 }), fc.constantFrom(0, 4), (nals, nalLengthSize) => {
      const units = new AccessUnits(hevc, { nalLengthSize, parameterSets: sets });
      const bytes = nals.map((each) => Buffer.from(each));
      const prefix = (each: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, each.length]), each]);
      const kind = units.parse(nalLengthSize === 0 ? annexB(...bytes) : Buffer.concat(bytes.map(prefix)));
      const written = units.copy();
      assert.equal(units.size, written.length);
      if (kind === 'damaged' || nals.some((each) => each.at(-1) === 0 || Buffer.from(each).includes(startCode))) return;
      const again = new AccessUnits(hevc, { nalLengthSize: 0, parameterSets: sets });
      if (nals.every((each) => !Buffer.from(each).includes(startCode.subarray(1))))
        assert.equal(again.parse(written), kind);
    }),
  );
});

test('level 5.2 has 2160p at 120 pictures a second', () => {
  assert.ok(isWithinLevel({ width: 3_840, height: 2_160 }, 120));
  assert.ok(isWithinLevel({ width: 4_096, height: 2_176 }));
  assert.ok(!isWithinLevel({ width: 4_096, height: 2_304 }));
  assert.ok(!isWithinLevel({ width: 3_840, height: 2_160 }, 150));
  assert.ok(!isWithinLevel({ width: 8_448, height: 100 }));
});
