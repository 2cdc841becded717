import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { fakeReel } from '../../test/support/fake-reel.js';
import { flips } from '../../test/support/flips.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Ticks90k } from '../base/units.js';
import type { StationFormat } from '../wire/station-format.js';
import { TS_GROUP_LENGTH } from '../wire/ts.js';
import { writeJpegIndex } from './jpeg-reel.js';
import { bitrateOf, parseManifest, type ReelManifest } from './manifest.js';
import { closeReel } from './open-reel.js';
import { ReelDamage, readReel } from './read-reel.js';
import { ReelFile } from './reel.js';
import { sealReel } from './seal-reel.js';
import { writeTsIndex } from './ts-reel.js';

const formats = ['h264', 'jpeg'] as const;

/** A folder whose files fit together; the packets are zeros. */
function wholeReel(context: TestContext, format: StationFormat): string {
  const folder = scratchFolder(context);
  const { manifest } = fakeReel({ times: [0], duration: 1, format }).data;
  let facts: Partial<ReelManifest>;
  if (format === 'h264') {
    const curve = { times: [0, 900, 9_000].map(Ticks90k), counts: [0, 70, 140] };
    writeTsIndex(folder, { curve, randomAccess: [0, 8], groups: 20, duration: Ticks90k(9_000), peakToAverage: 1 });
    facts = { duration: Ticks90k(9_000), packets: 20, bytes: 20 * TS_GROUP_LENGTH };
  } else {
    writeJpegIndex(folder, {
      lengths: Uint32Array.of(150, 9_000),
      duration: Ticks90k(6_000),
      packets: 8,
      peakToAverage: 1,
    });
    facts = { duration: Ticks90k(6_000), packets: 8, bytes: 9_150 };
  }
  writeFileSync(join(folder, ReelFile.packets[format]), Buffer.alloc(facts.bytes!));
  const { id: _, ...known } = manifest;
  const whole = { ...known, ...facts, randomAccessInterval: 900 };
  writeFileSync(
    join(folder, ReelFile.manifest),
    JSON.stringify({ ...whole, bitrate: bitrateOf(whole as ReelManifest) }),
  );
  return folder;
}

const isDamage = (error: unknown) => error instanceof ReelDamage;

for (const format of formats) {
  test(`${format}: a reel whose files fit together is opened`, async (context) => {
    const folder = wholeReel(context, format);
    const reel = await readReel(folder);
    assert.equal(reel.position(reel.packetCount), reel.data.manifest.bytes);
    closeReel(reel);
  });

  test(`${format}: a reel without one of its files, or with a folder in its place, is damaged`, async (context) => {
    for (const file of [ReelFile.manifest, ReelFile.index, ReelFile.packets[format]]) {
      const folder = wholeReel(context, format);
      rmSync(join(folder, file));
      await assert.rejects(readReel(folder), isDamage, `without ${file}`);
      mkdirSync(join(folder, file));
      await assert.rejects(readReel(folder), isDamage, `${file} is a folder`);
    }
  });

  test(`${format}: a reel with a file of any other length is damaged`, async (context) => {
    const folder = wholeReel(context, format);
    for (const file of [ReelFile.index, ReelFile.manifest, ReelFile.packets[format]]) {
      const path = join(folder, file);
      const whole = readFileSync(path);
      const lengths = file.startsWith('packets') ? [0, 1, whole.length - 1] : whole.keys();
      for (const length of lengths) {
        truncateSync(path, length);
        await assert.rejects(readReel(folder), isDamage, `${length} of ${whole.length} bytes of ${file}`);
        writeFileSync(path, whole);
      }
      writeFileSync(path, Buffer.concat([whole, Buffer.alloc(4, 1)]));
      await assert.rejects(readReel(folder), isDamage, `${file} goes on`);
      writeFileSync(path, whole);
    }
  });

  test(`${format}: a manifest with a property missing, of another type or out of range is damaged`, async (context) => {
    const folder = wholeReel(context, format);
    const path = join(folder, ReelFile.manifest);
    const whole = JSON.parse(readFileSync(path, 'utf8'));
    const inside = (key: string) => (whole[key] instanceof Object && !Array.isArray(whole[key]) ? whole[key] : {});
    const paths = Object.keys(whole)
      .filter((key) => key !== 'id')
      .flatMap((key) => [[key], ...Object.keys(inside(key)).map((inner) => [key, inner])]);
    for (const [key, inner] of paths) {
      for (const value of [undefined, {}, -1, 1e300, [-1, 0]]) {
        const manifest = structuredClone(whole);
        const holder = inner === undefined ? manifest : manifest[key!];
        holder[inner ?? key!] = value;
        writeFileSync(path, JSON.stringify(manifest));
        await assert.rejects(readReel(folder), isDamage, `${key} ${inner ?? ''} ${JSON.stringify(value)}`);
      }
    }
    for (const text of ['', 'null', '[]', '{', '"reel"']) {
      writeFileSync(path, text);
      await assert.rejects(readReel(folder), isDamage, text);
    }
  });

  test(`${format}: with any change of index and manifest, a reel is damaged or its answers lie within its files`, async (context) => {
    const folder = wholeReel(context, format);
    const files = [ReelFile.index, ReelFile.manifest];
    const whole = files.map((file) => readFileSync(join(folder, file)));
    const change = fc.record({
      file: fc.nat(files.length - 1),
      changes: fc.array(fc.tuple(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(255)), {
        minLength: 1,
        maxLength: 4,
      }),
    });
    await fc.assert(
      fc.asyncProperty(change, async ({ file, changes }) => {
        files.forEach((name, i) => {
          const bytes = Buffer.from(whole[i]!);
          if (i === file) for (const [share, value] of changes) bytes[Math.floor(share * bytes.length)] = value;
          writeFileSync(join(folder, name), bytes);
        });
        const reel = await readReel(folder).catch((error) => {
          assert.ok(error instanceof ReelDamage, error);
          return null;
        });
        if (reel === null) return;
        const { bytes } = reel.data.manifest;
        for (let n = 0; n < reel.packetCount; n++) {
          const due = reel.due(n);
          assert.ok(due >= 0 && due < reel.duration && (n === 0 || due >= reel.due(n - 1)));
          assert.ok(reel.at(due) >= n);
          assert.ok(reel.position(n) < reel.position(n + 1) && reel.position(n + 1) <= bytes);
          const random = reel.randomAccessBefore(n);
          assert.ok(random >= 0 && random <= n);
        }
        closeReel(reel);
      }),
      { numRuns: 500 },
    );
  });
}

for (const format of formats) {
  test(`${format}: with any one bit of its properties or its index changed, a sealed reel is damaged`, async (context) => {
    const folder = wholeReel(context, format);
    await sealReel(folder, basename(folder));
    closeReel(await readReel(folder));
    const manifest = readFileSync(join(folder, ReelFile.manifest));
    for (const flipped of flips(manifest)) assert.equal(typeof parseManifest(basename(folder), flipped), 'string');
    const path = join(folder, ReelFile.index);
    for (const flipped of flips(readFileSync(path))) {
      writeFileSync(path, flipped);
      await assert.rejects(readReel(folder), isDamage);
    }
  });

  test(`${format}: with any one bit of its properties changed, a reel of an earlier release is damaged or can be announced`, (context) => {
    const folder = wholeReel(context, format);
    for (const flipped of flips(readFileSync(join(folder, ReelFile.manifest)))) {
      const parsed = parseManifest(basename(folder), flipped);
      if (typeof parsed === 'string') continue;
      const { properties, bitrate, duration, randomAccessInterval } = parsed.manifest;
      const [frames, seconds] = properties.frameRate;
      assert.ok(Math.round((frames / seconds) * 1_000) >= 1 && properties.width <= 65_536);
      assert.ok(Number.isFinite(bitrate) && randomAccessInterval <= duration);
      for (const text of [properties.aspectRatio, properties.videoCodec]) assert.ok(text.length <= 200);
    }
  });
}

test('the files of another reel, another version, random bytes and none at all are damage', async (context) => {
  const folder = wholeReel(context, 'h264');
  const other = wholeReel(context, 'h264');
  for (const each of [folder, other]) await sealReel(each, basename(each));
  const path = join(folder, ReelFile.manifest);
  const whole = readFileSync(path, 'utf8');
  const wrong = [
    readFileSync(join(other, ReelFile.manifest), 'utf8'),
    whole.replace('"version": 3', '"version": 4'),
    whole.replace('"version": 3', '"version": 2'),
    whole.replaceAll(/\s/g, ''),
    '\0'.repeat(whole.length),
    '',
  ];
  for (const text of wrong) {
    writeFileSync(path, text);
    await assert.rejects(readReel(folder), isDamage, text);
  }
});

test('a pipe in the place of a file is damage, and nobody waits for it', {
  skip: process.platform === 'win32' && 'needs pipes with names',
}, async (context) => {
  for (const file of [ReelFile.manifest, ReelFile.index, ReelFile.packets.h264]) {
    const folder = wholeReel(context, 'h264');
    rmSync(join(folder, file));
    execFileSync('mkfifo', [join(folder, file)]);
    await assert.rejects(readReel(folder), isDamage, file);
  }
});

const tsIndexes: [fault: string, numbers: number[]][] = [
  ['no corners', [0, 1, 0]],
  ['one corner', [1, 1, 0, 0, 0]],
  ['no random access point', [2, 0, 0, 9_000, 0, 140]],
  ['a random access point that is not the first packet', [2, 1, 0, 9_000, 0, 140, 1]],
  ['a random access point behind the last packet', [2, 2, 0, 9_000, 0, 140, 0, 20]],
  ['random access points out of order', [2, 3, 0, 9_000, 0, 140, 0, 8, 8]],
  ['times that do not begin at 0', [2, 1, 1, 9_000, 0, 140, 0]],
  ['times that end early', [2, 1, 0, 8_999, 0, 140, 0]],
  ['times that stand still', [4, 1, 0, 900, 900, 9_000, 0, 7, 14, 140, 0]],
  ['times that fall', [4, 1, 0, 900, 899, 9_000, 0, 7, 14, 140, 0]],
  ['counts that do not begin at 0', [2, 1, 0, 9_000, 7, 140, 0]],
  ['counts of fewer packets than the file has', [2, 1, 0, 9_000, 0, 133, 0]],
  ['counts of more packets than the file has', [2, 1, 0, 9_000, 0, 147, 0]],
  ['counts that fall', [3, 1, 0, 900, 9_000, 0, 147, 140, 0]],
  ['a number of corners beyond its end', [0xffff_ffff, 1, 0]],
];
const jpegIndexes: [fault: string, numbers: number[]][] = [
  ['no frames', [0]],
  ['fewer frames than its count', [3, 150, 9_000]],
  ['more frames than its duration', [3, 150, 4_500, 4_500]],
  ['a frame without bytes', [2, 0, 9_150]],
  ['frames of fewer bytes than the file has', [2, 150, 8_999]],
  ['frames of other packets than its count', [2, 1_400, 7_750]],
];
for (const [format, indexes] of [
  ['h264', tsIndexes],
  ['jpeg', jpegIndexes],
] as const) {
  for (const [fault, numbers] of indexes) {
    test(`${format}: an index with ${fault} is damaged`, async (context) => {
      const folder = wholeReel(context, format);
      const bytes = Buffer.alloc(numbers.length * 4);
      numbers.forEach((number, i) => void bytes.writeUInt32LE(number, i * 4));
      writeFileSync(join(folder, ReelFile.index), bytes);
      await assert.rejects(readReel(folder), isDamage);
    });
  }
}
