import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FakeReelOptions, fakeReader, fakeReel, systemError } from '../../test/support/fake-reel.js';
import { begin } from '../../test/support/timeline.js';
import { Millis, millisToTicks, PacketNumber, Ticks90k, ticksToMillis } from '../base/units.js';
import { REPAIR_PORT_OFFSET } from '../contract/addresses.js';
import { FLOW_SILENCE } from '../contract/flow.js';
import type { FlowRequest } from '../control/flows.js';
import { emptyBatch } from '../net/sender.js';
import type { PayloadReader } from '../reel/payload-reader.js';
import { Station } from '../station/station.js';
import { MOST_PAST } from '../station/timeline.js';
import { encodeFeedback, type Feedback } from '../wire/feedback.js';
import { emptyRetransmission, readRetransmission } from '../wire/retransmission.js';
import { parseRtp } from '../wire/rtp.js';
import { FIRST_PACKETS } from './flow.js';
import { retransmissionMemory, type UnicastSender } from './packet-writer.js';
import { Unicast, type UnicastOptions } from './unicast.js';

const NOON = 1_795_000_000_000;
const COOKIE = Buffer.alloc(16, 5);
const CAPACITY = 64;
/** A packet every 2 ms, 30 s long; a random access point only where it begins. */
const times = Array.from({ length: 15_000 }, (_, i) => i * 180);
const reel: FakeReelOptions = { times, duration: 15_000 * 180 };

interface Sent {
  to: string;
  n: number;
  own: number;
  bytes: Buffer;
}

class RecordingSender implements UnicastSender {
  readonly batch = emptyBatch({ capacity: CAPACITY, buffer: retransmissionMemory(CAPACITY) });
  readonly destinations = new Map<number, string>();
  readonly sent: Sent[] = [];
  #next = 0;

  addDestination(address: string, port: number): number {
    this.destinations.set(this.#next, `${address}:${port}`);
    return this.#next++;
  }

  removeDestination(destination: number): void {
    assert.ok(this.destinations.delete(destination));
  }

  send(): void {
    const { buffer, offsets, lengths, destinations, count } = this.batch;
    const into = emptyRetransmission();
    for (let i = 0; i < count; i++) {
      const to = this.destinations.get(destinations[i]!);
      assert.ok(to, 'an unknown destination');
      const offset = offsets[i]!;
      assert.ok(readRetransmission(buffer, offset, offset + lengths[i]!, into));
      const bytes = Buffer.from(buffer.subarray(into.start, into.end));
      this.sent.push({ to, n: into.n, own: into.sequenceNumber, bytes });
    }
    this.batch.count = 0;
  }
}

/** Feedback with packet numbers that a test computes. */
interface Told extends Partial<Omit<Feedback, 'missing' | 'flow'>> {
  missing?: readonly number[];
  flow?: { number: number; credit: number };
}

/** A server with one station, whose clock is turned by hand. */
class Bench {
  now = NOON;
  readonly sender = new RecordingSender();
  readonly station: Station;
  readonly unicast: Unicast;
  readonly brought: number[] = [];
  readonly errors: string[] = [];
  readonly faults: unknown[] = [];
  members = 1;

  constructor(options: Partial<UnicastOptions> & { bitrate?: number; items?: FakeReelOptions[] } = {}) {
    const items = (options.items ?? [reel]).map((each, i) => ({ name: `${i}`, reel: fakeReel(each) }));
    this.station = new Station({ items, ssrc: 77 });
    this.unicast = new Unicast({
      sender: this.sender,
      reader: fakeReader(),
      bring: (_descriptor, position, length) => this.brought.push(position, length),
      budget: { total: 1e9 },
      accepts: (_from, cookie) => (cookie.equals(COOKIE) ? { station: 'one' } : null),
      countWork: () => undefined,
      members: () => ({ sessions: this.members, addresses: 1 }), // All clients are at one.
      onReadError: (id, { code, message }) => this.errors.push(`${id}: ${code}, ${message}`),
      onFault: (_id, error) => this.faults.push(error),
      now: this.time,
      ...options,
    });
    const { station, time: now } = this;
    const bitrate = options.bitrate ?? 5e6;
    this.unicast.add({ id: 'one', station, group: '239.1.1.1', port: 5004, bitrate, now });
  }

  get time(): Millis {
    return Millis(this.now);
  }

  client = (i: number) => ({ address: '10.0.0.9', port: i });

  receive(i: number, { missing = [], flow, ...feedback }: Told): void {
    const whole = {
      sender: i,
      media: 77,
      cookie: COOKIE,
      missing: missing.map(PacketNumber),
      copies: 1,
      flow: flow ? { number: flow.number, credit: PacketNumber(flow.credit) } : null,
      report: null,
      ...feedback,
    };
    for (const bytes of encodeFeedback(whole)) {
      this.unicast.feedback(bytes, 0, bytes.length, this.client(i), this.time);
    }
  }

  begin(i: number, request: Partial<FlowRequest>) {
    const whole = { flow: 1, speed: 10, from: { kind: 'live' as const }, ...request };
    return this.unicast.begin(this.client(i), 'one', whole, this.time);
  }

  /** Lets time pass, and returns the packets sent meanwhile. */
  run(until: number): Sent[] {
    const before = this.sender.sent.length;
    for (let next = this.unicast.tick(this.time); next <= until; next = this.unicast.tick(this.time)) {
      assert.ok(next > this.now, 'it returns a time that is not later');
      this.now = next;
    }
    this.now = until;
    this.unicast.tick(this.time);
    return this.sender.sent.slice(before);
  }

  stats = () => this.unicast.stats(this.time).one;
  at = (time: number) => this.station.at(millisToTicks(Millis(time)));
  packet = (n: number) => this.station.packets(PacketNumber(n), PacketNumber(n + 1), fakeReader())[0]!;
  due = (n: number) => ticksToMillis(this.station.due(PacketNumber(n)));
}

test('a missing packet is sent to the client that requested it, byte for byte as it was', () => {
  const bench = new Bench();
  const last = bench.at(NOON);
  bench.receive(1, { missing: [last - 400, last - 3, last - 2] });
  bench.receive(2, { missing: [last - 3], copies: 3 });
  const sent = bench.run(NOON + 10);
  assert.deepEqual(
    sent.map(({ to, n, own }) => [to, n, own]),
    [
      ['10.0.0.9:1', last - 400, 0],
      ['10.0.0.9:1', last - 3, 1],
      ['10.0.0.9:1', last - 2, 2],
      ['10.0.0.9:2', last - 3, 0],
      ['10.0.0.9:2', last - 3, 1],
      ['10.0.0.9:2', last - 3, 2],
    ],
  );
  for (const { n, bytes } of sent) {
    assert.deepEqual(bytes, parseRtp(bench.packet(n))?.payload);
  }
});

test('a packet that two hundred viewers miss is sent once, to the group', () => {
  const bench = new Bench();
  bench.members = 200;
  const missing = [bench.at(NOON) - 5];
  for (let i = 0; i < 200; i++) {
    bench.now = NOON + i / 10;
    bench.unicast.tick(bench.time);
    bench.receive(i, { missing });
  }
  bench.run(NOON + 100);
  assert.deepEqual(
    bench.sender.sent.map(({ to, n }) => [to, n]),
    [[`239.1.1.1:${5004 + REPAIR_PORT_OFFSET}`, missing[0]]],
  );
});

test('feedback with a bad cookie, about another station, or of random bytes is ignored', () => {
  const bench = new Bench();
  const missing = [bench.at(NOON)];
  bench.receive(1, { missing, cookie: Buffer.alloc(16) });
  bench.receive(2, { missing, media: 78 });
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      bench.unicast.feedback(Buffer.from(bytes), 0, bytes.length, bench.client(3), Millis(NOON));
    }),
  );
  assert.deepEqual(bench.run(NOON + 1_000), []);
});

test('packets before the reach of the station, or more than a second ahead, are not sent', () => {
  const bench = new Bench({ history: Millis(60_000) });
  const missing = [bench.at(NOON - 60_100), bench.at(NOON - 59_900), bench.at(NOON + 900), bench.at(NOON + 1_100)];
  bench.receive(1, { missing });
  assert.deepEqual(
    bench.run(NOON + 50).map(({ n }) => n),
    missing.slice(1, 3),
  );
});

test('a burst begins at the picture that is due, keeps its pace up to its credit, and is complete and in order', () => {
  const bench = new Bench();
  const start = bench.begin(1, {});
  assert.ok(typeof start === 'object');
  assert.equal(start.from, bench.station.randomAccessBefore(bench.at(NOON - 1_000)));
  assert.equal(start.time, bench.due(start.from));
  bench.unicast.tick(Millis(NOON));
  assert.equal(bench.sender.sent.length, FIRST_PACKETS);
  const first = bench.run(NOON + 100);
  const atPace = bench.at(start.time + 1_000) - start.from;
  assert.ok(Math.abs(bench.sender.sent.length - atPace) < 50, `${bench.sender.sent.length} of ${atPace}`);
  assert.ok(first.length > 0);
  bench.run(NOON + FLOW_SILENCE - 1);
  const end = bench.at(NOON + 1_000) + 1;
  assert.deepEqual(
    bench.sender.sent.map(({ n }) => n),
    Array.from({ length: end - start.from }, (_, i) => start.from + i),
  );
  assert.deepEqual(
    bench.sender.sent.map(({ own }) => own),
    bench.sender.sent.map((_, i) => i % 65_536),
  );
});

test('credit moves the end of a flow in both directions', () => {
  const bench = new Bench();
  const from = bench.at(NOON - 600_000);
  assert.ok(typeof bench.begin(1, { from: { kind: 'packet', packet: from } }) === 'object');
  const numbers = (sent: Sent[]) => sent.map(({ n }) => n - from);
  const firstCredit = bench.at(bench.due(from) + 2_000) + 1 - from;
  assert.deepEqual(numbers(bench.run(NOON + 1_000)).at(-1), firstCredit - 1);
  bench.receive(1, { flow: { number: 1, credit: from + firstCredit + 50 } });
  assert.deepEqual(numbers(bench.run(NOON + 2_000)).at(-1), firstCredit + 49);
  bench.receive(1, { flow: { number: 2, credit: from + 5_000 } });
  assert.deepEqual(bench.run(NOON + 3_000), []);
  bench.receive(1, { flow: { number: 1, credit: from + 5_000 } });
  // Time without credit is not made up for at once.
  assert.ok(bench.run(NOON + 3_020).length <= 150);
  bench.receive(1, { flow: { number: 1, credit: from } });
  assert.deepEqual(bench.run(NOON + 4_000), []);
});

test('a flow ends without feedback, when another begins, and when its client leaves', () => {
  const bench = new Bench();
  const from = bench.at(NOON - 600_000);
  const credit = from + 100_000;
  bench.begin(1, { from: { kind: 'packet', packet: from }, speed: 1 });
  bench.receive(1, { flow: { number: 1, credit } });
  const sent = bench.run(NOON + 10_000);
  assert.ok(bench.due(sent.at(-1)!.n) <= bench.due(from) + FLOW_SILENCE + 100);
  bench.receive(1, { flow: { number: 1, credit } });
  assert.deepEqual(bench.run(NOON + 11_000), []);

  bench.begin(1, { flow: 2, from: { kind: 'packet', packet: from } });
  bench.run(NOON + 11_050);
  bench.begin(1, { flow: 3, from: { kind: 'packet', packet: from + 7_000 } });
  assert.ok(bench.run(NOON + 11_100).every(({ n }) => n >= from + 7_000));
  bench.unicast.end(bench.client(1));
  assert.deepEqual(bench.run(NOON + 20_000), []);
});

test('no packet leaves more than a second before its time, or faster than requested', () => {
  const speeds = fc.integer({ min: 1, max: 40 });
  const pauses = fc.array(fc.integer({ min: 1, max: 700 }), { maxLength: 20 });
  fc.assert(
    fc.property(speeds, fc.integer({ min: 0, max: 20_000 }), pauses, (speed, back, steps) => {
      const bench = new Bench();
      const packet = bench.at(NOON - back);
      bench.begin(1, { from: { kind: 'packet', packet }, speed });
      for (const step of steps) {
        bench.receive(1, { flow: { number: 1, credit: packet + 1e6 } });
        const began = bench.now;
        const sent = bench.run(began + step);
        const most = FIRST_PACKETS + ((step + 4) * speed) / 2 + 2;
        assert.ok(sent.length <= most, `${sent.length} packets in ${step} ms at ${speed} times their speed`);
        for (const { n } of sent) assert.ok(bench.due(n) <= bench.now + 1_000);
      }
      const numbers = bench.sender.sent.map(({ n }) => n);
      assert.deepEqual(
        numbers,
        Array.from(numbers, (_, i) => packet + i),
      );
    }),
    { numRuns: 30 },
  );
});

test('a flow begins at a time or at an item, never before the reach of the station', () => {
  const short = { times: [0, 900, 1_800], duration: 90_000 };
  const bench = new Bench({ items: [short, { ...short, tag: 1 }], history: Millis(3_600_000) });
  const begin = (from: FlowRequest['from']) => bench.begin(1, { from });
  const time = NOON - 1_500;
  const item = bench.station.beginningOf(bench.at(time));
  for (const isItem of [true, false]) {
    assert.deepEqual(begin({ kind: 'time', time, item: isItem }), {
      from: item,
      time: bench.due(item),
      oldest: NOON - 3_600_000,
    });
  }
  assert.equal(begin({ kind: 'time', time: NOON - 3_600_001, item: false }), 'too-early');
  assert.equal(begin({ kind: 'packet', packet: bench.at(NOON - 3_605_000) }), 'too-early');
  const live = begin({ kind: 'live' });
  assert.deepEqual(begin({ kind: 'time', time: NOON + 5_000, item: false }), live);
  assert.deepEqual(begin({ kind: 'packet', packet: bench.at(NOON + 5_000) }), live);
  assert.equal(
    bench.unicast.begin(bench.client(1), 'none', { flow: 1, speed: 1, from: { kind: 'live' } }, Millis(NOON)),
    'off-air',
  );
});

test('a picture of a JPEG station is sent whole', () => {
  const bench = new Bench({ items: [{ ...reel, format: 'jpeg' }] });
  const start = bench.begin(1, {});
  assert.ok(typeof start === 'object');
  const underWay = bench.station.randomAccessBefore(bench.at(NOON));
  assert.equal(start.from, bench.station.randomAccessBefore(PacketNumber(underWay - 1)));
});

test('flows beyond the budget are refused, and repairs go on', () => {
  const bench = new Bench({ budget: { total: 12e6 } });
  assert.equal(typeof bench.begin(1, {}), 'object');
  assert.equal(bench.begin(2, {}), 'over-budget');
  const packet = bench.at(NOON - 5_000);
  assert.equal(bench.begin(2, { from: { kind: 'packet', packet } }), 'over-budget');
  bench.receive(2, { missing: [packet] });
  const sent = bench.run(NOON + 10);
  assert.ok(sent.some(({ to, n }) => to.endsWith(':2') && n === packet));
  bench.unicast.end(bench.client(1));
  assert.equal(typeof bench.begin(2, {}), 'object');
  assert.equal(bench.stats()?.refusedFlows, 2);
});

test('a client that requests without end is sent repairs at twice the station’s bit rate at most', () => {
  const bench = new Bench({ bitrate: 2e6 });
  const first = bench.at(NOON) - 12_000;
  for (let i = 0; i < 100; i++) {
    bench.receive(1, { missing: Array.from({ length: 120 }, (_, at) => first + i * 120 + at), copies: 4 });
    bench.run(bench.now + 10);
  }
  const bits = bench.sender.sent.length * bench.station.largestPacket * 8;
  assert.ok(bits > 3e6 && bits <= 4e6 + 64 * 1024 * 8, `${bits}`);
  assert.ok(bench.stats()!.refusedPackets > 0);
});

test('packets that are not in memory are brought there and then sent; unreadable ones end the flow', () => {
  let inMemory = false;
  let fails = false;
  const reader: PayloadReader = fakeReader((_tag, _packet, count) => {
    if (fails) throw systemError('EIO');
    return inMemory ? count : 0;
  });
  const bench = new Bench({ reader });
  const packet = bench.at(NOON - 60_000);
  bench.begin(1, { from: { kind: 'packet', packet } });
  bench.receive(2, { missing: [packet + 500] });
  assert.deepEqual(bench.run(NOON + 40), []);
  assert.ok(bench.brought.length > 0);
  inMemory = true;
  const sent = bench.run(NOON + 60);
  assert.ok(sent.some(({ to, n }) => to.endsWith(':2') && n === packet + 500));
  assert.ok(sent.some(({ to, n }) => to.endsWith(':1') && n === packet));
  fails = true;
  bench.run(NOON + 100);
  fails = false;
  bench.receive(1, { flow: { number: 1, credit: packet + 9_000 } });
  assert.deepEqual(bench.run(NOON + 1_000), []);
  assert.ok(bench.stats()!.unread > 0);
});

test('an error of the disk is reported once, for repairs and flows together', () => {
  const reader = fakeReader(() => {
    throw systemError('EIO');
  });
  const bench = new Bench({ reader });
  for (let i = 0; i < 10; i++) {
    bench.receive(1, { missing: [bench.at(bench.now) - i] });
    bench.begin(2, {});
    bench.run(bench.now + 50);
  }
  assert.deepEqual(bench.errors, ['one: EIO, EIO: the disk is gone, read']);
  assert.ok(bench.stats()!.unread >= 20);
});

test('an error that no system call made is a fault of the program: it ends the service of its station alone', () => {
  const error = new TypeError('no function');
  const reader = fakeReader(() => {
    throw error;
  });
  for (const request of [
    (bench: Bench) => bench.receive(1, { missing: [bench.at(NOON)] }),
    (bench: Bench) => void bench.begin(1, {}),
  ]) {
    const bench = new Bench({ reader });
    request(bench);
    bench.run(NOON + 50);
    assert.deepEqual([bench.faults, bench.errors], [[error], []]);
    assert.equal(bench.begin(2, {}), 'off-air');
    assert.equal(bench.sender.destinations.size, 0);
  }
});

test('a removed station ends its clients’ flows and gives up their destinations', () => {
  const bench = new Bench();
  bench.begin(1, {});
  bench.receive(2, { missing: [bench.at(NOON)] });
  bench.unicast.remove('one');
  assert.deepEqual(bench.run(NOON + 100), []);
  assert.equal(bench.sender.destinations.size, 0);
  assert.equal(bench.stats(), undefined);
});

test('a station’s reports are those of its viewers', () => {
  const bench = new Bench();
  const report = {
    received: 100,
    lost: 10,
    unrepaired: 1,
    fractionLost: 0.125,
    highest: PacketNumber(bench.at(NOON)),
    jitter: Ticks90k(90),
    buffer: Millis(200),
    delay: Millis(250),
  };
  bench.receive(1, { report });
  bench.receive(2, { report: { ...report, fractionLost: 0 }, cookie: Buffer.alloc(16) });
  const stats = bench.stats()!;
  assert.deepEqual(stats.reports, {
    receivers: 1,
    received: 100,
    lost: 10,
    unrepaired: 1,
    loss: { p50: 0.125, p95: 0.125 },
    jitter: { p50: 1, p95: 1 },
    buffer: { p50: 200, p95: 200 },
    delay: { p50: 250, p95: 250 },
  });
});

test('packets requested around a change are those sent before and after it; the rate is that of the faster part', () => {
  const slow = { times: [0], duration: 90_000, tag: 5 };
  const bench = new Bench();
  const { station } = bench;
  const cut = PacketNumber(bench.at(NOON) - 100);
  const item = { name: 'slow', reel: fakeReel(slow) };
  const rate = station.greatestRate;
  begin(station, { from: station.due(cut), first: cut, items: [item], item: 0, packet: 0, counters: null });
  assert.equal(station.greatestRate, rate);
  const numbers = [cut - 2, cut - 1, cut];
  bench.receive(1, { missing: numbers });
  const sent = bench.run(NOON + 10);
  assert.deepEqual(
    sent.map(({ n, bytes }) => [n, bytes]),
    numbers.map((n) => [n, parseRtp(bench.packet(n))?.payload]),
  );
  assert.equal(bench.packet(cut).readUInt32BE(12), slow.tag);
});

test('a flow from before the oldest known change is refused as too early', () => {
  const bench = new Bench();
  const { station } = bench;
  const items = [{ name: 'again', reel: fakeReel({ times: [0], duration: 9_000 }) }];
  for (let i = MOST_PAST + 9; i >= 0; i--) {
    const first = PacketNumber(bench.at(NOON - i * 1_000) + 1);
    begin(station, { from: station.due(first), first, items, item: 0, packet: 0, counters: null });
  }
  const oldest = ticksToMillis(station.begins);
  assert.ok(oldest > NOON - (MOST_PAST + 9) * 1_000);
  const beginning = (time: number) => bench.begin(1, { from: { kind: 'time', time, item: false } });
  assert.equal(beginning(oldest - 1), 'too-early');
  assert.equal(typeof beginning(oldest + 1), 'object');
});

test('a session that requests always new packets of the past costs its own share; others get theirs within 50 ms', () => {
  const bench = new Bench({ budget: { total: 20e6 } });
  bench.members = 2;
  let n = bench.at(NOON) - 2_000_000;
  let late = 0;
  for (let i = 0; i < 400; i++) {
    for (let datagram = 0; datagram < 4; datagram++) {
      bench.receive(1, { missing: Array.from({ length: 120 }, () => n++), copies: 4 });
    }
    const wanted = bench.at(bench.now) - 5;
    if (i % 10 === 0) bench.receive(2, { missing: [wanted] });
    const sent = bench.run(bench.now + 10);
    if (i % 10 === 0 && !sent.some(({ to, n: each }) => to.endsWith(':2') && each === wanted)) late++;
  }
  assert.equal(late, 0);
  const { requested, repaired, refusedPackets } = bench.stats()!;
  assert.ok(requested <= 4_000 * 5, `${requested} requests were looked at, of ${400 * 480}`);
  assert.ok(repaired > 0 && refusedPackets > 0);
});

test('requests of a session that has used its own are refused, but not its credit; all its packets are counted as work', () => {
  let counted = 0;
  const bench = new Bench({
    countWork: (_from, packets) => {
      counted += packets;
    },
  });
  const missing = Array.from({ length: 200 }, (_, i) => bench.at(NOON) - 400 + i);
  for (let i = 0; i < 1_000; i++) bench.receive(1, { missing });
  assert.equal(counted, 200_000);
  assert.equal(bench.stats()!.requested, 4_000);
  bench.receive(2, { missing: missing.slice(0, 1) });
  assert.ok(bench.run(NOON + 50).some(({ to }) => to.endsWith(':2')));
  const packet = bench.at(NOON - 60_000);
  bench.begin(1, { from: { kind: 'packet', packet } });
  bench.receive(1, { missing, flow: { number: 1, credit: packet + 2_000 } });
  assert.ok(bench.run(NOON + 2_000).some(({ n }) => n === packet + 1_999));
});

test('requests never make a group’s repairs more than its station’s own rate', () => {
  const bench = new Bench();
  bench.members = 3;
  for (let i = 0; i < 200; i++) {
    const last = bench.at(bench.now);
    const missing = Array.from({ length: 200 }, (_, at) => last - 1_000 + at);
    for (let viewer = 0; viewer < 30; viewer++) bench.receive(viewer, { missing, copies: 1 + (i % 4) });
    bench.run(bench.now + 10);
  }
  const toGroup = bench.sender.sent.filter(({ to }) => to.startsWith('239.'));
  const bits = toGroup.length * bench.station.largestPacket * 8;
  assert.ok(bits > 1e6 && bits <= 2 * 5e6 + 0.25 * 5e6, `${bits} bits in 2 s`);
});

test('a flow that takes nothing gives back what it has reserved, and reserves it again when it goes on', () => {
  const bench = new Bench({ budget: { total: 12e6 } });
  const packet = bench.at(NOON - 600_000);
  const from = { kind: 'packet', packet } as const;
  assert.equal(typeof bench.begin(1, { from }), 'object');
  bench.run(NOON + 500);
  assert.equal(bench.begin(2, { from }), 'over-budget');
  bench.run(NOON + 2_000);
  assert.equal(typeof bench.begin(2, { from }), 'object', 'the first has had its first credit, and waits');
  bench.run(NOON + 2_100);
  bench.receive(1, { flow: { number: 1, credit: packet + 2_000 } });
  const toFirst = (sent: Sent[]) => sent.filter(({ to }) => to.endsWith(':1')).length;
  assert.equal(toFirst(bench.run(NOON + 2_500)), 0, 'the second has the rate');
  bench.receive(1, { flow: { number: 1, credit: packet + 2_000 } });
  assert.ok(toFirst(bench.run(NOON + 5_000)) > 500);
});

test('a flow that takes a packet now and then does not keep the rate of a station', () => {
  const bench = new Bench({ budget: { total: 12e6 } });
  const packet = bench.at(NOON - 600_000);
  const from = { kind: 'packet', packet } as const;
  bench.begin(1, { from });
  for (let i = 0; i < 12; i++) {
    bench.run(bench.now + 250);
    bench.receive(1, { flow: { number: 1, credit: packet + 1_001 + i } });
  }
  assert.equal(typeof bench.begin(2, { from }), 'object');
});

test('158 replays that take nothing leave everything to others after a second', () => {
  const bench = new Bench();
  const packet = bench.at(NOON - 600_000);
  const from = { kind: 'packet', packet } as const;
  let begun = 0;
  for (let i = 0; i < 158; i++) if (typeof bench.begin(i, { from }) === 'object') begun++;
  assert.ok(begun > 90);
  assert.equal(typeof bench.begin(200, {}), 'object', 'a burst has a reserve');
  bench.run(NOON + 3_500);
  let others = 0;
  for (let i = 300; i < 400; i++) if (typeof bench.begin(i, { from }) === 'object') others++;
  assert.equal(others, 100);
});

test('a burst that goes on for longer than tuning takes is a replay, and leaves the reserve for tuning', () => {
  const bench = new Bench({ budget: { total: 16e6 } });
  bench.begin(1, {});
  assert.equal(bench.begin(2, {}), 'over-budget');
  for (let i = 0; i < 8; i++) {
    bench.receive(1, { flow: { number: 1, credit: bench.at(bench.now + 10_000) } });
    bench.run(bench.now + 500);
  }
  assert.equal(typeof bench.begin(2, {}), 'object');
});
