import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broadcast, StreamReader } from '../../test/support/broadcast.js';
import { Millis } from '../base/units.js';
import { SilentGroup } from './silent-group.js';

/** Looks every 100 ms until `end`; `onAirAt` answers what the server has said by then. Returns what was done, and when. */
function look(group: SilentGroup, quietSince: number, end: number, onAirAt: (now: number) => number | null) {
  const done: [string, number][] = [];
  for (let now = quietSince; now < end; now += 100) {
    const at = onAirAt(now);
    const what = group.look(Millis(quietSince), at === null ? null : Millis(at), Millis(now));
    if (what !== null) done.push([what, now]);
  }
  return done;
}

test('a group that stays silent while its station is on the air is joined again after 5 s, then less and less often', () => {
  const done = look(new SilentGroup(), 0, 300_000, (now) => now);
  const joined = done.filter(([what]) => what === 'join').map(([, at]) => Math.floor(at / 1_000));
  assert.deepEqual(joined, [5, 15, 35, 75, 135, 195, 255]);
});

test('the group of a station that is off the air is not joined again, and its server seldom asked', () => {
  const group = new SilentGroup();
  const done = look(group, 0, 300_000, () => 0);
  assert.ok(done.every(([what]) => what === 'ask'));
  assert.ok(done.length < 10, `${done.length}`);
  assert.deepEqual(
    look(group, 300_000, 304_900, (now) => now),
    [],
  );
});

test('a receiver whose membership a switch has lost receives again within six seconds, and says so once', async () => {
  const broadcast = new Broadcast({ fec: { columns: 5, rows: 4 } });
  await broadcast.tune();
  const reader = new StreamReader(broadcast);
  await reader.watch(Millis(1_000));
  for (let i = 0; i < 2; i++) {
    broadcast.isForwarded = false;
    await reader.watch(Millis(6_000));
    assert.equal(broadcast.isForwarded, true);
    await reader.watch(Millis(1_000));
    assert.ok(broadcast.next - reader.next! < 150, `${broadcast.next - reader.next!} packets behind`);
  }
  const said = broadcast.troubles.map(({ message }) => message);
  assert.equal(said.length, 1);
  assert.match(said[0]!, /^Nothing of Station 1 arrives from .* the group is joined again$/);
});
