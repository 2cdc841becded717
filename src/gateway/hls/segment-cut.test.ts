import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Ticks90k } from '../../base/units.js';
import type { Chunk } from '../source.js';
import { SegmentCut } from './segment-cut.js';

const LENGTH = 100;

const cut = (chunks: readonly Chunk[], from: number, to: number, within: number) => {
  const segment = new SegmentCut({ from: Ticks90k(from), to: Ticks90k(to), within: Ticks90k(within) });
  const cut = chunks.flatMap((chunk) => segment.push(chunk));
  return { cut, isWhole: segment.isWhole };
};

/** Chunks from time 0 on, at these distances. */
const streams = fc
  .array(fc.record({ step: fc.integer({ min: 1, max: 40 }), randomAccess: fc.boolean() }), { minLength: 50 })
  .map((steps) => {
    let time = 0;
    return steps.map(({ step, randomAccess }, i): Chunk => {
      time += i === 0 ? 0 : step;
      return { time: Ticks90k(time), randomAccess: randomAccess && i % 3 === 0, data: Buffer.from(`${i}`) };
    });
  });

test('consecutive segments have each chunk once, and start at random access points where possible', () => {
  fc.assert(
    fc.property(streams, (chunks) => {
      const last = Math.floor(chunks.at(-1)!.time / LENGTH) - 2;
      const all: Chunk[] = [];
      for (let k = 0; k <= last; k++) {
        const segment = cut(chunks, k * LENGTH, (k + 1) * LENGTH, LENGTH);
        assert.ok(segment.isWhole);
        all.push(...segment.cut);
        const own = chunks.filter(({ time }) => time >= k * LENGTH && time < (k + 1) * LENGTH);
        const begins = own.find(({ randomAccess }) => randomAccess) ?? own[0];
        assert.equal(segment.cut[0], begins);
      }
      assert.deepEqual(all, all.length === 0 ? [] : chunks.slice(chunks.indexOf(all[0]!)).slice(0, all.length));
    }),
  );
});

test('a segment with known bounds equals one whose random access points are searched', () => {
  fc.assert(
    fc.property(streams, fc.nat(8), (chunks, k) => {
      const found = cut(chunks, k * LENGTH, (k + 1) * LENGTH, LENGTH);
      fc.pre(found.isWhole && found.cut.length > 0);
      const end = chunks.indexOf(found.cut.at(-1)!) + 1;
      const known = cut(chunks, found.cut[0]!.time, chunks[end]!.time, 0);
      assert.deepEqual(known, found);
    }),
  );
});
