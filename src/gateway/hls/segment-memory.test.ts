import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeStation } from '../../../test/support/fake-catalogue.js';
import { Problem } from '../../base/problem.js';
import { Ticks90k } from '../../base/units.js';
import type { Chunk } from '../source.js';
import { SegmentMemory, type SegmentMemoryOptions, type TakenSegment } from './segment-memory.js';

const chunk = (time: number, text: string, randomAccess = false): Chunk => ({
  time: Ticks90k(time),
  data: Buffer.from(text),
  randomAccess,
});

/** A station with a random access point every hundred ticks: `[100]`, `150 `, `[200]`, … */
function open(options?: SegmentMemoryOptions) {
  const station = new FakeStation();
  const put = (...hundreds: number[]) =>
    station.put(...hundreds.flatMap((at) => [chunk(at, `[${at}]`, true), chunk(at + 50, `${at + 50} `)]));
  const memory = new SegmentMemory(options);
  const take = (from: number, to = from + 100, client?: string) => {
    const bounds = { from: Ticks90k(from), to: Ticks90k(to), within: Ticks90k(100) };
    return memory.take({ source: station, key: String(from), client, ...bounds });
  };
  return { station, put, take };
}

async function textOf(taken: TakenSegment): Promise<string> {
  let text = '';
  for await (const part of taken.parts()) text += String(part);
  taken.close();
  return text;
}

const settled = async () => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

test('a segment starts at a random access point and ends before one', async () => {
  const { put, take } = open();
  put(100, 200, 300);
  assert.equal(await textOf(take(60, 160)), '[100]150 ');
  assert.equal(await textOf(take(100, 300)), '[100]150 [200]250 ');
});

test('all takers of a segment share one reading, during it and afterwards', async () => {
  const { station, put, take } = open();
  put(100);
  const early = take(100);
  await early.begun;
  assert.equal(early.length, null);
  const late = take(100);
  const texts = Promise.all([textOf(early), textOf(late)]);
  await settled();
  put(200);
  assert.deepEqual(await texts, ['[100]150 ', '[100]150 ']);
  const later = take(100);
  assert.equal(later.length, 9);
  assert.equal(await textOf(later), '[100]150 ');
  assert.equal(station.starts.length, 1);
  assert.equal(station.readers.size, 0);
});

test('a reading ends with its last taker, and starts again for the next one', async () => {
  const { station, put, take } = open();
  put(100);
  const [one, other] = [take(100), take(100)];
  await one.begun;
  one.close();
  one.close();
  await settled();
  assert.equal(station.readers.size, 1);
  other.close();
  await settled();
  assert.equal(station.readers.size, 0);
  put(200);
  assert.equal(await textOf(take(100)), '[100]150 ');
  assert.equal(station.starts.length, 2);
});

test('the most recently taken segments are kept, as many as fit', async () => {
  const { station, put, take } = open({ mostKept: 20 });
  put(100, 200, 300, 400);
  for (const from of [100, 200, 100, 300]) await textOf(take(from)); // Nine bytes each.
  assert.equal(station.starts.length, 3);
  await textOf(take(100));
  assert.equal(station.starts.length, 3);
  await textOf(take(200));
  assert.equal(station.starts.length, 4);
});

test('one network leaves room for others, and has it again when it has taken its segments', async () => {
  const { put, take } = open({ mostTaken: 20, mostKept: 0 });
  put(100, 200, 300, 400, 500);
  const of = (client: string, from: number) => take(from, from + 100, client);
  const greedy = [of('a', 100), of('a', 200)];
  await settled();
  assert.throws(() => of('a', 300), Problem);
  assert.equal(await textOf(of('b', 100)), '[100]150 ', 'what is there');
  assert.equal(await textOf(of('b', 300)), '[300]350 ');
  for (const each of greedy) each.close();
  assert.equal(await textOf(of('a', 300)), '[300]350 ');
});

test('segments that are requested at once are read only while there is room', async () => {
  const { station, put, take } = open({ mostTaken: 10, mostReadings: 1 });
  put(100, 200, 300, 400, 500);
  const taken = [100, 200, 300, 400].map((from) => take(from, from + 100, 'a'));
  const begun = await Promise.allSettled(taken.map((each) => each.begun));
  assert.deepEqual(
    begun.map(({ status }) => status),
    ['fulfilled', 'rejected', 'rejected', 'rejected'],
  );
  assert.equal(station.starts.length, 1);
});

test('segments with takers are not evicted; beyond the limit no other segment is read', async () => {
  const { station, put, take } = open({ mostKept: 0, mostTaken: 10 });
  put(100, 200, 300, 400);
  const [one, two] = [take(100), take(200)];
  await settled();
  assert.throws(() => take(300), Problem);
  assert.equal(await textOf(take(100)), '[100]150 ');
  one.close();
  assert.equal(await textOf(take(300)), '[300]350 ');
  assert.equal(await textOf(two), '[200]250 ');
  assert.equal(station.starts.length, 3);
});

test('no more than the limit are read at once, the others after them', async () => {
  const { station, put, take } = open({ mostReadings: 1 });
  put(100, 200);
  const texts = [textOf(take(200)), textOf(take(100)), textOf(take(150, 250))];
  await settled();
  assert.equal(station.starts.length, 1);
  put(300);
  assert.deepEqual(await Promise.all(texts), ['[200]250 ', '[100]150 ', '[200]250 ']);
});

test('a failed reading is reported to all of its takers, and not kept', async () => {
  const { station, put, take } = open();
  station.refusal = new Problem('usage', 'it does not reach back that far', 'Go on.');
  const taken = take(100);
  await assert.rejects(taken.begun, station.refusal);
  await assert.rejects(textOf(taken), station.refusal);
  taken.close();
  station.refusal = null;
  put(100);
  const begun = take(100);
  await begun.begun;
  const text = textOf(begun);
  await settled();
  const end = new Problem('station', 'it went off the air', 'Go on.');
  station.end(end);
  await assert.rejects(text, end);
  assert.equal(station.readers.size, 0);
});
