import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LineUp } from './line-up.js';
import { planStation } from './station-plan.js';

const source = { name: 'film', path: 'film.mp4', files: ['film.mp4'], notes: [] };

function lineUpOf(...numbers: number[]) {
  const lineUp = new LineUp();
  const entries = numbers.map((number) =>
    lineUp.add(planStation({ config: {}, source, number, format: 'h264', others: lineUp.plans })),
  );
  return { lineUp, entries };
}

test('stations are listed by number, not in the order in which they were added', () => {
  const { lineUp } = lineUpOf(7, 2, 5);
  assert.deepEqual(
    lineUp.entries.map(({ plan }) => plan.number),
    [2, 5, 7],
  );
});

test('commands of a station are carried out one after another, those of another station do not wait for them', async () => {
  const { lineUp, entries } = lineUpOf(1, 2);
  const [first, second] = entries;
  const done: string[] = [];
  let release: () => void = () => undefined;
  const slow = lineUp.inTurn(first!, async () => {
    await new Promise<void>((resolve) => {
      release = resolve;
    });
    done.push('slow');
  });
  const next = lineUp.inTurn(first!, () => void done.push('next'));
  await lineUp.inTurn(second!, () => void done.push('other'));
  assert.deepEqual(done, ['other']);
  release();
  await Promise.all([slow, next]);
  assert.deepEqual(done, ['other', 'slow', 'next']);
});

test('a command that fails does not keep the next one', async () => {
  const { lineUp, entries } = lineUpOf(1);
  const [entry] = entries;
  await assert.rejects(
    lineUp.inTurn(entry!, () => Promise.reject(new Error('no'))),
    /no/,
  );
  assert.equal(await lineUp.inTurn(entry!, () => 'done'), 'done');
});

test('a command that waits for a station that is removed meanwhile is refused', async () => {
  const { lineUp, entries } = lineUpOf(1);
  const [entry] = entries;
  const removing = lineUp.inTurn(entry!, () => lineUp.delete(entry!));
  const late = lineUp.inTurn(entry!, () => assert.fail('carried out'));
  await removing;
  await assert.rejects(late, { name: 'Problem', code: 'station' });
  await assert.rejects(
    lineUp.inTurn(entry!, () => assert.fail('carried out')),
    { name: 'Problem', code: 'station' },
  );
});
