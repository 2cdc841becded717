import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Hazards, Path } from '../../test/support/relay.js';
import { Millis, PacketNumber } from '../base/units.js';
import { NackGenerator, type NackRequest } from './nack-generator.js';

/** A station of 5 Mbit/s. */
const SPACING = 2.1;
const DEADLINE = Millis(200);
/** How long a server gathers requests for the same packet. */
const COLLECTING = 4;

const addMissing = (requests: NackGenerator, from: number, to: number, now: number): void =>
  requests.addMissing(PacketNumber(from), PacketNumber(to), Millis(now));

/** A station received over a bad network, whose server answers requests over another. Time goes from event to event. */
function simulate(packets: number, hazards: { group: Hazards; toServer?: Hazards; fromServer?: Hazards }) {
  const requests = new NackGenerator({ deadline: DEADLINE });
  const group = new Path<number>({ seed: 1, ...hazards.group });
  const toServer = new Path<NackRequest>({ delay: Millis(10), seed: 2, ...hazards.toServer });
  const fromServer = new Path<number>({ delay: Millis(10), seed: 3, ...hazards.fromServer });
  /** Each packet's copies that the server will send, and when. */
  const collected = new Map<number, { at: number; copies: number }>();
  const isThere = new Uint8Array(packets);
  const foundAt = new Map<number, number>();
  const counts = { asked: 0, missing: 0, repeated: 0, spurious: 0 };
  const onAsked: (packets: readonly number[], now: number) => void = (numbers) => {
    counts.asked += numbers.length;
  };
  let sent = 0;
  let highest = -1;
  const server = () => collected.values().next().value?.at ?? Number.POSITIVE_INFINITY;
  for (let now = 0; now < packets * SPACING + 1_000; ) {
    for (; sent < packets && sent * SPACING <= now; sent++) group.enter(sent, Millis(now));
    for (const request of toServer.leave(Millis(now))) {
      for (const n of request.packets) {
        const before = collected.get(n);
        if (before) before.copies = Math.max(before.copies, request.copies);
        else collected.set(n, { at: now + COLLECTING, copies: request.copies });
      }
    }
    for (const [n, { at, copies }] of collected) {
      if (at > now) break;
      collected.delete(n);
      for (let copy = 0; copy < copies; copy++) fromServer.enter(n, Millis(now));
    }
    for (const n of group.leave(Millis(now))) {
      if (n > highest) {
        for (let m = highest + 1; m < n; m++) foundAt.set(m, now);
        addMissing(requests, highest + 1, n, now);
        highest = n;
      } else {
        requests.addOriginal(PacketNumber(n), Millis(now));
      }
      if (now - (foundAt.get(n) ?? now) <= DEADLINE) isThere[n] = 1;
    }
    for (const n of fromServer.leave(Millis(now))) {
      if (!requests.addAnswer(PacketNumber(n), Millis(now))) counts.repeated++;
      if (now - foundAt.get(n)! <= DEADLINE) isThere[n] = 1;
    }
    for (const request of requests.due(Millis(now))) {
      onAsked(request.packets, now);
      for (let copy = 0; copy < request.copies; copy++) toServer.enter(request, Millis(now));
    }
    const next = [group.next, toServer.next, fromServer.next].map((time) => time ?? Number.POSITIVE_INFINITY);
    const sending = sent < packets ? sent * SPACING : Number.POSITIVE_INFINITY;
    now = Math.min(...next, sending, server(), Math.max(requests.wakeAt, now + 0.1));
  }
  counts.missing = packets - isThere.reduce((sum, one) => sum + one, 0);
  return { counts, requests };
}

for (const loss of [0.01, 0.05, 0.1, 0.2]) {
  test(`at a loss of ${loss * 100}% both ways, a round trip of 20 ms and a deadline of 200 ms, nothing is missing in ten minutes`, () => {
    const packets = 300_000;
    const { counts } = simulate(packets, { group: { loss }, toServer: { loss }, fromServer: { loss } });
    assert.equal(counts.missing, 0);
    // Each lost one is asked for until it comes: 1 / (1 − loss)² times, were all requests alike.
    assert.ok(counts.asked <= (packets * loss * 1.1) / (1 - loss) ** 2, `${counts.asked} packets asked for`);
  });
}

test('gaps of 50 ms are filled', () => {
  const { counts } = simulate(99_900, { group: { loss: 0.01, gaps: { every: Millis(1_000), length: Millis(50) } } });
  assert.equal(counts.missing, 0);
});

/** When a packet that never comes is asked for, and in how many copies, when the round trip is known to be 24 ms. */
function attempts(block = 0): { at: number; copies: number }[] {
  const requests = new NackGenerator({ deadline: DEADLINE });
  requests.block = block;
  for (let i = 0; i < 50; i++) requests.addRoundTrip(Millis(24));
  addMissing(requests, 7, 8, 0);
  const all: { at: number; copies: number }[] = [];
  while (requests.missing > 0) {
    const at = requests.wakeAt;
    for (const { copies } of requests.due(at)) all.push({ at, copies });
  }
  assert.equal(requests.wakeAt, Number.POSITIVE_INFINITY);
  return all;
}

test('at a loss of 20% both ways, less than one packet of a million is missing', () => {
  const loss = 0.2;
  const chance = attempts()
    .map(({ copies }) => 1 - (1 - loss ** copies) ** 2)
    .reduce((product, failure) => product * failure, loss);
  assert.ok(chance < 1e-6, `${chance}`);
});

test('a packet is requested at once, then after longer and longer waits and in more copies, until an answer would be too late', () => {
  const all = attempts();
  assert.deepEqual(
    all.map(({ copies }) => copies),
    [1, 2, 3, 4],
  );
  const waits = all.slice(1).map(({ at }, i) => at - all[i]!.at);
  assert.equal(all[0]!.at, 0);
  waits.reduce((before, wait) => {
    assert.ok(Math.abs(wait / before - 1.5) < 1e-9);
    return wait;
  }, waits[0]! / 1.5);
  assert.ok(all.at(-1)!.at + 24 <= DEADLINE);
});

test('late packets are not requested once it is known how late packets are', () => {
  const { counts, requests } = simulate(60_000, {
    group: { delay: Millis(10), jitter: Millis(25) },
    fromServer: { delay: Millis(2) },
  });
  assert.equal(counts.missing, 0);
  assert.ok(requests.reorderingWait > 20 && requests.reorderingWait <= DEADLINE / 4, `${requests.reorderingWait}`);
  assert.ok(counts.asked < 60, `${counts.asked} of 60,000 packets asked for in vain`);
});

test('packets that were late long ago no longer count', () => {
  const requests = new NackGenerator({ deadline: DEADLINE });
  addMissing(requests, 1, 2, 0);
  requests.addOriginal(PacketNumber(1), Millis(20));
  assert.ok(requests.reorderingWait > 20);
  addMissing(requests, 10, 11, 50_000);
  assert.ok(requests.reorderingWait > 20);
  addMissing(requests, 12, 13, 100_000);
  assert.equal(requests.reorderingWait, 0);
});

test('an answer before the late original does not hide how late the original is', () => {
  const requests = new NackGenerator({ deadline: DEADLINE });
  addMissing(requests, 1, 2, 0);
  requests.due(Millis(0));
  assert.equal(requests.addAnswer(PacketNumber(1), Millis(5)), true);
  assert.equal(requests.missing, 0);
  requests.addOriginal(PacketNumber(1), Millis(10));
  assert.ok(requests.reorderingWait > 10);
});

test('answers to repeated requests are no measurement of the round trip', () => {
  const requests = new NackGenerator({ deadline: DEADLINE });
  requests.addRoundTrip(Millis(20));
  const { timeout } = requests;
  addMissing(requests, 1, 2, 0);
  requests.due(Millis(0));
  requests.due(requests.wakeAt);
  requests.addAnswer(PacketNumber(1), Millis(requests.wakeAt + 1));
  assert.equal(requests.timeout, timeout);
});

test('parity is waited for first: until its block is over, or for two fifths of the deadline', () => {
  assert.equal(attempts(50)[0]!.at, 0.4 * DEADLINE);
  const requests = new NackGenerator({ deadline: DEADLINE, parityDelay: Millis(20) });
  requests.block = 50;
  addMissing(requests, 49, 50, 0);
  requests.setHighest(PacketNumber(51), Millis(5)); // another block, but the next
  assert.equal(requests.wakeAt, 25);
  assert.deepEqual(requests.due(Millis(25)), [{ packets: [49], copies: 1 }]);
});

test('recovered packets are not requested', () => {
  const requests = new NackGenerator({ deadline: DEADLINE });
  addMissing(requests, 1, 4, 0);
  assert.equal(requests.fill(PacketNumber(2)), true);
  assert.equal(requests.fill(PacketNumber(2)), false);
  requests.addOriginal(PacketNumber(3), Millis(1));
  assert.deepEqual(requests.due(Millis(100))[0]?.packets, [1]);
  requests.clear();
  assert.deepEqual([requests.missing, requests.due(Millis(1_000))], [0, []]);
});

test('however many packets are missing, a bounded number is requested at a time', () => {
  const requests = new NackGenerator({ deadline: DEADLINE });
  addMissing(requests, 0, 1_000_000, 0);
  const first = requests.due(Millis(0));
  assert.equal(first[0]!.packets.length, 256);
  assert.equal(requests.wakeAt, 10);
  assert.equal(requests.due(Millis(10))[0]!.packets[0], 256);
  assert.ok(requests.missing < 10_000);
});

test('no packet is requested that is there, and none after its deadline', () => {
  const event = fc.record({
    kind: fc.constantFrom('find', 'addOriginal', 'addAnswer', 'fill', 'due'),
    n: fc.nat(40),
    wait: fc.nat(60),
  });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 100 }), (events) => {
      const requests = new NackGenerator({ deadline: DEADLINE });
      const missing = new Map<number, number>();
      const known = new Set<number>();
      let now = 0;
      for (const { kind, n, wait } of events) {
        now += wait;
        if (kind === 'find') {
          addMissing(requests, n, n + 1, now);
          if (!known.has(n)) missing.set(n, now);
          known.add(n);
        } else if (kind === 'due') {
          for (const { packets, copies } of requests.due(Millis(now))) {
            assert.ok(copies >= 1 && copies <= 4);
            for (const one of packets) assert.ok(now - missing.get(one)! < DEADLINE);
          }
        } else {
          requests[kind](PacketNumber(n), Millis(now));
          missing.delete(n);
          if (kind === 'addOriginal') known.delete(n);
        }
        for (const [one, found] of missing) {
          if (now - found < DEADLINE) continue;
          missing.delete(one);
          known.delete(one);
        }
      }
    }),
  );
});
