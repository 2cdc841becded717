/**
 * The cost of stations and sessions that nothing is due for, in one process and with fakes: one tick of Unicast, and the
 * list of stations with the items on air.
 */

import { Millis, PacketNumber, Ticks90k } from '../src/base/units.js';
import { emptyBatch } from '../src/net/sender.js';
import { Station } from '../src/station/station.js';
import { StationCounters } from '../src/threads/station-counters.js';
import { Directory } from '../src/unicast/directory.js';
import { retransmissionMemory } from '../src/unicast/packet-writer.js';
import { Unicast } from '../src/unicast/unicast.js';
import { encodeFeedback } from '../src/wire/feedback.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { fakeReader, fakeReel } from '../test/support/fake-reel.js';
import { finish } from './support/benchmark.js';
import { outOption, readOptions } from './support/options.js';
import { shown, spread } from './support/stats.js';

const options = readOptions(
  'Cost of stations and sessions for which nothing is due, in one process with fakes.',
  outOption,
);

const NOON = 1_795_000_000_000;
const SAMPLES = 15;
const TICKS = 500;
const LISTS = 50;
/** Time from one list to the next, ms. */
const LIST_PERIOD = 500;
const COOKIE = Buffer.alloc(16);
const SECOND = 90_000;
const nothing = () => undefined;

/** Items of 100 to 119 s with a packet a second. */
const itemsOf = (count: number) =>
  Array.from({ length: count }, (_, tag) => {
    const seconds = 100 + tag;
    const times = Array.from({ length: seconds }, (_, i) => i * SECOND);
    return { name: `Film ${tag}`, reel: fakeReel({ times, duration: seconds * SECOND, tag }) };
  });

/** Microseconds that one of `count` calls takes: its spread over several samples. */
function timed(count: number, call: () => void): string {
  const samples: number[] = [];
  for (let sample = -1; sample < SAMPLES; sample++) {
    const began = performance.now();
    for (let i = 0; i < count; i++) call();
    const each = ((performance.now() - began) * 1_000) / count;
    if (sample >= 0) samples.push(each); // The first warms up.
  }
  return shown(spread(samples), 2);
}

/** Stations, and sessions that have reported once, spread over them evenly. */
function idleUnicast(stations: number, sessions: number): Unicast {
  let destinations = 0;
  let tunedTo = '';
  const batch = emptyBatch({ capacity: 64, buffer: retransmissionMemory(64) });
  const unicast = new Unicast({
    sender: { batch, addDestination: () => destinations++, removeDestination: nothing, send: nothing },
    reader: fakeReader(),
    bring: nothing,
    budget: { total: 1e9 },
    accepts: () => ({ station: tunedTo }),
    countWork: nothing,
    members: () => ({ sessions: sessions / stations, addresses: 1 }),
    onReadError: nothing,
    onFault: nothing,
    now: Millis(NOON),
  });
  const items = itemsOf(1);
  for (let i = 0; i < stations; i++) {
    const station = new Station({ items, ssrc: i });
    unicast.add({ id: `${i}`, station, group: '239.1.1.1', port: 5004, bitrate: 5e6, now: Millis(NOON) });
  }
  const fields = {
    ...{ received: 1, lost: 0, unrepaired: 0, fractionLost: 0, highest: PacketNumber(1) },
    ...{ jitter: Ticks90k(0), buffer: Millis(0), delay: Millis(0) },
  };
  for (let i = 0; i < sessions; i++) {
    const media = i % stations;
    tunedTo = `${media}`;
    const feedback = { sender: i, media, cookie: COOKIE, missing: [], copies: 1, flow: null, report: fields };
    for (const bytes of encodeFeedback(feedback)) {
      unicast.feedback(bytes, 0, bytes.length, { address: '192.0.2.1', port: i }, Millis(NOON));
    }
  }
  return unicast;
}

const ticks = [
  [1, 0],
  [1_000, 0],
  [1_000, 10_000],
].map(([stations, sessions]) => {
  const unicast = idleUnicast(stations!, sessions!);
  let now = NOON;
  return { stations: stations!, sessions: sessions!, µs: timed(TICKS, () => unicast.tick(Millis(now++))) };
});

const lists = [1, 20].map((count) => {
  let now = NOON;
  const directory = new Directory(() => Millis(now), nothing);
  const items = itemsOf(count);
  for (let i = 0; i < 1_000; i++) {
    const info = { id: `${i}`, number: i, name: `Station ${i}` } as StationInfo;
    // Each begins its items at another one, so that their changes are spread.
    const station = new Station({ items: items.map((_, at) => items[(at + i) % count]!), ssrc: i });
    directory.add({ id: info.id, info, station: station.data, progress: new StationCounters().shared }, station);
  }
  const list = () => {
    directory.stations();
    now += LIST_PERIOD;
  };
  return { stations: 1_000, 'items each': count, µs: timed(LISTS, list) };
});
finish({
  tables: [
    ['One tick of Unicast without anything due: median (least–most)', ticks],
    ['A list of stations with their items on air, every 500 ms: median (least–most)', lists],
  ],
  data: { ticks, lists },
  out: options.out,
});
