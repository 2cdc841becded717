import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeStation } from '../../test/support/stations.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { UnicastStats } from '../contract/server-view.js';
import { statsOf } from '../playout/stats.js';
import type { ServerEvent } from '../server/events.js';
import { StationCounters } from '../threads/station-counters.js';
import type { Output } from './output.js';
import { printEvents } from './serve-report.js';

/** Lines and JSON of the events. */
function printed(...events: ServerEvent[]) {
  const lines: string[] = [];
  const json: unknown[] = [];
  const output: Output = {
    print: (line) => lines.push(line),
    warn: ({ message }, station) => lines.push(`${station ?? '-'}: ${message}`),
    event: (value) => json.push(value),
    progress: (label, done) => lines.push(`${label} ${done}`),
    status: () => assert.fail('status'),
    endProgress: () => undefined,
  };
  const print = printEvents(output);
  for (const event of events) print(event);
  return { lines, json };
}

const station = { number: 2, id: 'lobby', name: 'Lobby' };

function statsAfter(packets: number) {
  const counters = new StationCounters();
  if (packets > 0) counters.countSent(packets, packets * 1_328);
  return statsOf([counters]);
}

test('preparing is a line, progress, and the notes about the reel', () => {
  const source = 'film.mp4';
  const { lines, json } = printed(
    { kind: 'preparing', station, source },
    { kind: 'progress', station, source, done: 0.5 },
    { kind: 'prepared', station, source, reel: 'a', notes: ['no sound'], encoded: 'HEVC' },
    { kind: 'prepared', station, source, reel: 'b', notes: [], encoded: null },
  );
  assert.deepEqual(lines, [
    '2 Lobby: preparing film.mp4',
    '2 Lobby: preparing film.mp4 0.5',
    '  film.mp4: no sound',
    '  film.mp4: encoded, because of HEVC',
  ]);
  assert.deepEqual(json, []);
});

test('a station on the air is a line with its twins, and an event', () => {
  const info = makeStation(1, { bitrate: 5e6 });
  const { lines, json } = printed({ kind: 'on-air', station: info, twins: ['north', 'south'], notes: [] });
  assert.match(lines[0]!, /^On the air: 1 .*, 5\.0 Mbit\/s, rtp:\/\/[\d.:]+, together with north, south$/);
  assert.deepEqual(json, [{ event: 'on-air', station: info, notes: [] }]);
});

test('notes of items are said once, also where their reels were in the store', () => {
  const source = 'new.mp4';
  const notes = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ item: `item ${i}`, reel: String(i), notes: [`note ${i}`] }));
  const { lines, json } = printed(
    { kind: 'prepared', station, source, reel: '0', notes: ['note 0'], encoded: null },
    { kind: 'on-air', station: makeStation(1), twins: [], notes: notes(2) },
    { kind: 'on-air', station: makeStation(1), twins: [], notes: notes(14) },
  );
  assert.deepEqual(
    lines.filter((line) => line.startsWith('  ')),
    [
      '  new.mp4: note 0',
      '  item 1: note 1',
      ...notes(12)
        .slice(2)
        .map(({ item, notes: [note] }) => `  ${item}: ${note}`),
      '  and notes on 2 more items: the operator’s page shows them',
    ],
  );
  assert.deepEqual((json[1] as { notes: unknown[] }).notes.length, 14, 'all for scripts');
});

test('what is left out of a folder is a line and an event', () => {
  const left = ['1 file that is no film is left out: a.zip', 'a folder is left out: b: may not be read (EACCES)'];
  const { lines, json } = printed({ kind: 'left-out', station, notes: left });
  assert.deepEqual(lines, [`2 Lobby: ${left.join('; ')}`]);
  assert.deepEqual(json, [{ event: 'left-out', station: 2, notes: left }]);
});

test('problems are printed with the number of their station', () => {
  const problem = new Problem('source', 'film.mp4: no such file', 'Check the path.');
  assert.deepEqual(printed({ kind: 'problem', problem, station }, { kind: 'problem', problem }).lines, [
    '2: film.mp4: no such file',
    '-: film.mp4: no such file',
  ]);
});

test('totals are an event, and at the end only where something was sent', () => {
  const stats = printed({ kind: 'stats', period: Millis(2_000), total: statsAfter(1_000), stations: [] });
  assert.match(stats.lines[0]!, /^0 on the air, 5\.3 Mbit\/s, nothing lost; late by/);
  assert.deepEqual(stats.json, [{ event: 'stats', seconds: 2, ...statsAfter(1_000), stations: [] }]);
  const end = printed({ kind: 'closed', total: statsAfter(3), stations: [] });
  assert.match(end.lines.join('\n'), /^Sent 3 packets: nothing lost; .*$/);
  assert.deepEqual(end.json, [{ event: 'off-air', ...statsAfter(3), stations: [] }]);
  assert.deepEqual(printed({ kind: 'closed', total: statsAfter(0), stations: [] }), { lines: [], json: [] });
});

test('counts of one have a singular noun', () => {
  const one = { ...statsAfter(1), droppedLate: 1, waits: 1 };
  const refused = { refusedPackets: 0, refusedFlows: 0 };
  const unicast = { repaired: 1, repairedForAll: 0, bursts: 1, replays: 1, ...refused } as UnicastStats;
  const { lines } = printed({ kind: 'closed', total: one, stations: [{ ...one, number: 1, id: 'lobby', unicast }] });
  assert.match(lines[0]!, /^Sent 1 packet: 1 packet dropped, .* \(the disk was not ready 1 time\);/);
  assert.equal(lines[1], 'To single viewers: 1 lost packet once more, 1 burst on tuning, 1 replay.');
});
