import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Millis, PacketNumber } from '../base/units.js';
import { type Asker, GATHERING, GROUP_SILENCE, type Members, NackResponder, UNSEEN } from './nack-responder.js';

const HALF_A_SECOND = 500;

class Viewer implements Asker {
  readonly address: string;
  readonly key: string;
  hasLeft = false;

  constructor(address: string, session = 1) {
    this.address = address;
    this.key = `${address}:${session}`;
  }
}

type Sent = [n: number, to: string | null, copies: number];

/** A responder, and what it has sent; `null` stands for the group. */
class Bench {
  readonly responder = new NackResponder<Viewer>();
  readonly viewers = new Map<string, Viewer>();
  groupHasRoom = true;

  viewer(address: string, session = 1): Viewer {
    const made = new Viewer(address, session);
    const known = this.viewers.get(made.key) ?? made;
    this.viewers.set(made.key, known);
    return known;
  }

  request(n: number, who: string | Viewer, copies: number, now: number, isRecent = true): boolean {
    const viewer = typeof who === 'string' ? this.viewer(who) : who;
    return this.responder.request(PacketNumber(n), viewer, { copies, isRecent }, Millis(now));
  }

  due(now: number, members: number | Members) {
    const toGroup: Sent[] = [];
    const all = typeof members === 'number' ? { sessions: members, addresses: members } : members;
    const due = this.responder.takeDue(Millis(now), all, (n, copies) => {
      if (this.groupHasRoom) toGroup.push([n, null, copies]);
      return this.groupHasRoom;
    });
    return { toGroup, due };
  }

  /** Takes what is due. */
  sent(now: number, members: number | Members): Sent[] {
    const { toGroup, due } = this.due(now, members);
    return [...toGroup, ...due.map(({ n, to, copies }): Sent => [n, to.address, copies])];
  }
}

test('a missing packet is sent to each client that requested it, in as many copies, when requests have been gathered', () => {
  const bench = new Bench();
  bench.request(7, 'a', 1, 0);
  bench.request(7, 'b', 3, 1);
  bench.request(9, 'a', 1, 2);
  assert.equal(bench.responder.nextAt, GATHERING);
  assert.deepEqual(bench.sent(GATHERING - 1, 10), []);
  assert.deepEqual(bench.sent(GATHERING, 10), [
    [7, 'a', 1],
    [7, 'b', 3],
  ]);
  assert.deepEqual(bench.sent(GATHERING + 2, 10), [[9, 'a', 1]]);
  assert.equal(bench.responder.nextAt, Number.POSITIVE_INFINITY);
});

test('a packet that two hundred viewers miss is sent to the group once, however their requests are spread', () => {
  const delays = fc.array(fc.nat(60), { minLength: 200, maxLength: 200 });
  fc.assert(
    fc.property(delays, fc.boolean(), (times, isOneMachine) => {
      const bench = new Bench();
      const members = { sessions: 200, addresses: isOneMachine ? 1 : 200 };
      const sent: Sent[] = [];
      // Half of them come with the first: that many are close to each other in any case.
      const requests = times.map((time, i) => ({ time: i < 100 ? time % 4 : time, i }));
      for (const { time, i } of requests.sort((a, b) => a.time - b.time)) {
        sent.push(...bench.sent(time, members));
        bench.request(7, isOneMachine ? bench.viewer('a', i) : bench.viewer(`${i}`), 1, time);
      }
      sent.push(...bench.sent(1_000, members));
      assert.deepEqual(sent, [[7, null, 1]]);
    }),
  );
});

test('requests far apart are answered one by one, until a tenth of the viewers has requested the packet', () => {
  const bench = new Bench();
  const sent: Sent[] = [];
  for (let i = 0; i < 30; i++) {
    bench.request(7, `${i}`, 1, i * 3);
    sent.push(...bench.sent(i * 3 + 1, 100));
  }
  const toGroup = sent.findIndex(([, to]) => to === null);
  assert.ok(toGroup > 0 && toGroup <= 10);
  assert.deepEqual(
    sent.slice(0, toGroup).map(([, to]) => to),
    Array.from({ length: toGroup }, (_, i) => `${i}`),
  );
  assert.equal(sent.length, toGroup + 1);
});

test('a client counts once for a packet, however often it requests it and however many copies', () => {
  const bench = new Bench();
  const sent: Sent[] = [];
  for (let now = 0; now < HALF_A_SECOND; now += 5) {
    sent.push(...bench.sent(now, 3));
    for (let i = 0; i < 5; i++) bench.request(7, 'a', 1 + (i % 4), now);
  }
  assert.ok(sent.length > 50);
  assert.ok(sent.every(([, to]) => to === 'a'));
});

test('sessions of one machine are no group where most viewers are elsewhere', () => {
  const bench = new Bench();
  const members = { sessions: 60, addresses: 41 };
  for (let i = 0; i < 20; i++) bench.request(7, bench.viewer('a', i), 1, 0);
  assert.equal(bench.sent(GATHERING, members).length, 20);
  for (const address of ['b', 'c', 'd', 'e']) bench.request(8, address, 1, 10);
  bench.request(8, 'a', 1, 10);
  assert.equal(bench.sent(10 + GATHERING, members).length, 5, 'five are no tenth of 60');
  for (let i = 0; i < 6; i++) bench.request(9, `${i}`, 1, 20);
  assert.deepEqual(bench.sent(20 + GATHERING, members), [[9, null, 1]]);
});

test('a packet of the past is sent to those that requested it, never to the group', () => {
  const bench = new Bench();
  for (let i = 0; i < 10; i++) bench.request(7, `${i}`, 1, 0, false);
  const sent = bench.sent(GATHERING, 10);
  assert.equal(sent.length, 10);
  assert.ok(sent.every(([, to]) => to !== null));
});

test('what the group has no room for is sent to each client', () => {
  const bench = new Bench();
  bench.groupHasRoom = false;
  for (const client of ['a', 'b', 'c']) bench.request(7, client, 1, 0);
  assert.deepEqual(
    bench.sent(GATHERING, 3).map(([, to]) => to),
    ['a', 'b', 'c'],
  );
  bench.groupHasRoom = true;
  bench.request(7, 'a', 2, 20);
  assert.deepEqual(bench.sent(20 + GATHERING, 3), [[7, null, 1]]);
});

test('a client that requests again after a retransmission to the group has missed it, and gets its own', () => {
  const bench = new Bench();
  for (const client of ['a', 'b', 'c', 'd']) bench.request(7, client, 1, 0);
  assert.deepEqual(bench.sent(GATHERING, 4), [[7, null, 1]]);
  bench.request(7, 'e', 1, 10);
  bench.request(7, 'a', 2, GATHERING + UNSEEN - 1); // It may not have polled yet.
  bench.request(7, 'b', 2, 40);
  assert.deepEqual(bench.sent(90, 4), [[7, 'b', 2]]);
  bench.request(7, 'f', 1, GATHERING + GROUP_SILENCE);
  assert.deepEqual(bench.sent(GROUP_SILENCE + 2 * GATHERING, 4), [[7, 'f', 1]]);
});

test('a retransmission that is not possible yet is tried again ever more rarely, but not for a client that has left', () => {
  const bench = new Bench();
  bench.request(7, 'a', 1, 0, false);
  bench.request(7, 'b', 1, 0, false);
  let tries = 0;
  for (let now: number = GATHERING; now < HALF_A_SECOND; now++) {
    const { due } = bench.due(now, 2);
    for (const each of due) bench.responder.retry(each, Millis(now));
    if (due.length > 0) tries++;
    if (now === 20) bench.viewer('a').hasLeft = true;
  }
  assert.ok(tries >= 5 && tries <= 7, `${tries}`);
  assert.deepEqual(bench.sent(2 * HALF_A_SECOND, 2), [[7, 'b', 1]]);
  assert.equal(bench.responder.nextAt, Number.POSITIVE_INFINITY);
});

test('packets of the past that wait are limited, and shared fairly; what is recent is not limited by them', () => {
  const bench = new Bench();
  let n = 0;
  while (bench.request(n, 'a', 1, 0, false)) n++;
  assert.ok(n > 1_000 && n < 16_384);
  assert.ok(bench.request(n + 1, bench.viewer('a', 2), 1, 0, false), 'another session of its machine');
  assert.ok(bench.request(n + 2, 'b', 1, 0, false));
  assert.ok(bench.request(n + 3, 'a', 1, 0));
  assert.equal(bench.sent(GATHERING, 2).length, n + 3);
  assert.ok(bench.request(n, 'a', 1, GATHERING, false));
});

test('a request costs the same after a hundred thousand others of always new packets, and waits for nothing', () => {
  const bench = new Bench();
  const visits = countVisits();
  try {
    let n = 0;
    for (let now = 0; now < 2_000; now++) {
      for (let i = 0; i < 50; i++) bench.request(n++, 'a', 1, now, n % 10 === 0);
      if (now % 4 === 0) bench.sent(now, 1);
    }
    assert.ok(visits.count < 3 * n, `${visits.count} visits for ${n} requests`);
  } finally {
    visits.stop();
  }
});

/** Counts the entries of maps and sets that are visited from now on. */
function countVisits() {
  const prototypes = [new Map().values(), new Set().values()].map((iterator) => Object.getPrototypeOf(iterator));
  const before = prototypes.map(({ next }) => next);
  const visits = {
    count: 0,
    stop: () => {
      for (const [i, prototype] of prototypes.entries()) prototype.next = before[i];
    },
  };
  for (const [i, prototype] of prototypes.entries()) {
    prototype.next = function next() {
      visits.count++;
      return before[i].call(this);
    };
  }
  return visits;
}
