import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeFlows } from '../../test/support/flows.js';
import { makeStations } from '../../test/support/stations.js';
import type { SocketAddress } from '../base/socket-address.js';
import { Millis, PacketNumber } from '../base/units.js';
import { type AnyMessage, encodeMessage, message, readHeader } from '../wire/message.js';
import { type MessageKey, messageKey, Seals } from '../wire/seal.js';
import {
  ClientState,
  type ClockAnswer,
  type Command,
  KEEP_ALIVE_PERIOD,
  type Outcome,
  type Replaying,
  type SessionEvent,
  type Step,
  type Tuned,
} from './client-state.js';
import { RETRY_WAITS } from './exchange.js';
import { Refusal } from './refusal.js';
import { ServerState } from './server-state.js';

const address = { address: '10.0.0.9', port: 40_000 };
const serverAddress = { address: '10.0.0.1', port: 5601 };
const ours = messageKey(Buffer.from('the secret of this network'));
const theirs = messageKey(Buffer.from('the secret of that network'));
const epoch = 1_795_000_000_000;

/** The fate of a datagram. */
type Fate = 'arrives' | 'is lost' | 'arrives twice' | 'arrives late';

interface BenchOptions {
  keepAlive?: Millis;
  key?: MessageKey;
  /** Null: none; default the client's. */
  serverKey?: MessageKey | null;
  /** The server's address, as the client knows it. */
  address?: SocketAddress;
}

/** A client and a server, and a network between them that decides each datagram's fate. Time is turned by hand. */
class Bench {
  now = Millis(0);
  readonly stations = makeStations(60);
  server: ServerState | undefined;
  flows = new FakeFlows();
  readonly client: ClientState;
  readonly outcomes: Outcome[] = [];
  readonly events: SessionEvent[] = [];
  readonly sent: string[] = [];
  clockAnswers = 0;
  /** Of the server, when it starts. */
  serverKey: MessageKey | null | undefined;
  /** Changes the server's replies on their way. */
  tamper: (reply: Buffer) => Buffer[] = (reply) => [reply];
  readonly #fates: Fate[];
  #onTheWay: { at: Millis; datagram: Buffer; toServer: boolean }[] = [];
  #tickets = 0;
  #servers = 0;

  get #serverNow(): Millis {
    return Millis(epoch + this.now);
  }

  /** `fates` are consumed in order; afterwards everything arrives. */
  constructor(
    fates: readonly Fate[] = [],
    { keepAlive, key, serverKey = key, address = serverAddress }: BenchOptions = {},
  ) {
    this.#fates = [...fates];
    this.serverKey = serverKey;
    this.client = new ClientState({ server: address, firstId: 0xffff_fffe, keepAlive, key });
    this.startServer();
  }

  startServer(): void {
    const position = () => ({ next: PacketNumber(7), time: this.#serverNow });
    const directory = { stations: () => this.stations, position };
    const secret = Buffer.alloc(32, ++this.#servers);
    this.flows = new FakeFlows();
    const { flows } = this;
    const key = this.serverKey ?? undefined;
    this.server = new ServerState({ server: 'hall', controlPort: 5601, directory, flows, secret, key });
  }

  /** Sends a command, advances the time until it is settled, and returns its outcome. */
  command(command: Command): Outcome {
    const ticket = this.#tickets++;
    this.#take(this.client.command(command, ticket, this.now));
    for (;;) {
      const outcome = this.outcomes.find((each) => each.ticket === ticket);
      if (outcome !== undefined) return outcome;
      assert.ok(this.step(), 'the client waits for nothing');
    }
  }

  /** Advances to the next event. False when there is none. */
  step(): boolean {
    const next = this.#onTheWay.sort((a, b) => a.at - b.at)[0];
    const wakeAt = this.client.wakeAt ?? Number.POSITIVE_INFINITY;
    if (next !== undefined && next.at <= wakeAt) {
      this.#onTheWay.shift();
      this.now = next.at;
      this.#arrive(next.datagram, next.toServer);
      return true;
    }
    if (wakeAt === Number.POSITIVE_INFINITY) return false;
    this.now = Millis(Math.max(this.now, wakeAt));
    this.server?.expire(this.#serverNow);
    this.#take(this.client.advance(this.now));
    return true;
  }

  runUntil(end: number): void {
    while (this.now < end && this.step());
  }

  get view(): string {
    return (this.server?.sessions() ?? []).map(({ station, state }) => `${station} ${state}`).join(', ');
  }

  #arrive(datagram: Buffer, toServer: boolean): void {
    if (!toServer) this.#take(this.client.receive(datagram, this.now));
    else {
      const replies = this.server?.handle(datagram, address, this.#serverNow, serverAddress) ?? [];
      for (const reply of replies.flatMap((each) => this.tamper(each))) this.#carry(reply, false);
    }
  }

  #take(step: Step): void {
    for (const datagram of step.send) {
      this.sent.push(readHeader(datagram)?.type ?? 'malformed');
      this.#carry(datagram, true);
    }
    this.outcomes.push(...step.outcomes);
    for (const event of step.events) {
      if (event.kind === 'clock') this.#checkClock(event);
      else this.events.push(event);
    }
  }

  /** The server's time is right for some moment of the round trip. */
  #checkClock({ serverTime, next, roundTrip }: ClockAnswer): void {
    this.clockAnswers++;
    assert.equal(next, 7);
    const age = epoch + this.now - serverTime;
    assert.ok(age >= 0 && age <= roundTrip, `${age} of ${roundTrip}`);
  }

  #carry(datagram: Buffer, toServer: boolean): void {
    const fate = this.#fates.shift() ?? 'arrives';
    const delays = { arrives: [1], 'is lost': [], 'arrives twice': [1, 2], 'arrives late': [700] }[fate];
    for (const delay of delays) this.#onTheWay.push({ at: Millis(this.now + delay), datagram, toServer });
  }
}

const value = (outcome: Outcome): unknown => {
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.problem.message);
  return outcome.value;
};

test('a session lists, tunes, pauses, resumes, changes and exits', () => {
  const bench = new Bench();
  assert.deepEqual(value(bench.command({ kind: 'stations' })), bench.stations);
  const tuned = value(bench.command({ kind: 'tune', station: 'station-2' }));
  assert.deepEqual(tuned, {
    station: bench.stations[1],
    next: 7,
    serverTime: epoch + bench.now - 1,
    members: 1,
    burst: null,
    roundTrip: 2,
  });
  assert.equal(bench.view, 'station-2 playing');
  value(bench.command({ kind: 'pause' }));
  assert.equal(bench.view, 'station-2 paused');
  value(bench.command({ kind: 'resume' }));
  assert.equal(bench.view, 'station-2 playing');
  value(bench.command({ kind: 'change', station: 'station-3' }));
  assert.equal(bench.view, 'station-3 playing');
  value(bench.command({ kind: 'exit' }));
  assert.equal(bench.view, '');
  assert.equal(bench.client.wakeAt, undefined);
});

test('the first request is challenged and repeated at once, later ones are not challenged', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-1' });
  bench.command({ kind: 'pause' });
  assert.deepEqual(bench.sent, ['tune', 'tune', 'pause']);
});

test('a silent server is asked four times and then named in a problem', () => {
  const bench = new Bench();
  bench.server = undefined;
  const outcome = bench.command({ kind: 'tune', station: 'station-1' });
  assert.ok(!outcome.ok && outcome.problem.code === 'server' && outcome.problem.message.includes('10.0.0.1:5601'));
  assert.equal(bench.sent.length, 4);
  assert.equal(
    bench.now,
    RETRY_WAITS.reduce((a, b) => a + b, 0),
  );
});

test('an unknown station is a problem and leaves the session as it is', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-1' });
  const outcome = bench.command({ kind: 'change', station: 'none' });
  assert.ok(!outcome.ok && outcome.problem.code === 'station');
  assert.equal(bench.view, 'station-1 playing');
});

test('a session is kept alive until it is left, past the expiry of its cookies', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-1' });
  bench.command({ kind: 'pause' });
  bench.runUntil(3_600_000);
  assert.equal(bench.view, 'station-1 paused');
  assert.equal(bench.server?.counters.challenged, 1);
  assert.deepEqual(bench.events, []);
  assert.equal(Math.round(bench.sent.length / 10), Math.round(3_600_000 / KEEP_ALIVE_PERIOD / 10));
});

test('a shorter keep-alive period gives the clock more often', () => {
  const bench = new Bench([], { keepAlive: Millis(2_000) });
  bench.command({ kind: 'tune', station: 'station-1' });
  bench.runUntil(60_000);
  assert.equal(bench.clockAnswers, 29);
});

test('a server that is back after a while gets the session as it was', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-2' });
  bench.command({ kind: 'pause' });
  bench.server = undefined;
  bench.runUntil(60_000);
  assert.deepEqual(
    bench.events.map(({ kind }) => kind),
    ['lost'],
  );
  bench.startServer();
  bench.runUntil(70_000);
  assert.deepEqual(
    bench.events.map(({ kind }) => kind),
    ['lost', 'recovered'],
  );
  assert.equal(bench.view, 'station-2 paused');
});

test('a burst and a replay are requested, and the answers give their beginnings', () => {
  const bench = new Bench(['arrives', 'arrives', 'is lost']);
  const tuned = value(bench.command({ kind: 'tune', station: 'station-2', burst: { flow: 7 } })) as Tuned;
  assert.deepEqual(tuned.burst, { flow: 7, from: 100, time: 5 });
  assert.equal(tuned.roundTrip, RETRY_WAITS[0]! + 2); // counted from the first request with the cookie
  const request = { flow: 8, speed: 2, from: { kind: 'packet', packet: 90 } } as const;
  const { next, flow, from, time, oldest } = value(bench.command({ kind: 'replay', request })) as Replaying;
  assert.deepEqual([next, flow, from, time, oldest], [7, 8, 100, 5, 0]);
  assert.deepEqual(bench.flows.running.get('10.0.0.9:40000'), { station: 'station-2', request });
});

test('a refused replay gives the reason, and the session goes on', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-2' });
  bench.flows.answer = 'too-early';
  const request = { flow: 8, speed: 2, from: { kind: 'time', time: 1, item: false } } as const;
  const outcome = bench.command({ kind: 'replay', request });
  assert.ok(!outcome.ok && outcome.problem instanceof Refusal && outcome.problem.reason === 'too-early');
  assert.deepEqual(bench.events, []);
  assert.equal(bench.view, 'station-2 playing');
});

test('a replay restores the session that the server has forgotten', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-2' });
  bench.startServer();
  value(bench.command({ kind: 'replay', request: { flow: 8, speed: 2, from: { kind: 'live' } } }));
  assert.equal(bench.flows.running.size, 1);
});

test('a check sends a keep-alive at once, unless a request is under way', () => {
  const bench = new Bench();
  const check = () => bench.client.check(bench.now).send.map((datagram) => readHeader(datagram)?.type);
  assert.deepEqual(check(), []); // no session yet
  bench.command({ kind: 'tune', station: 'station-2' });
  assert.deepEqual(check(), ['keepalive']);
  assert.deepEqual(check(), []);
});

test('a server restart between two requests is not noticed', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-2' });
  bench.startServer();
  value(bench.command({ kind: 'pause' }));
  assert.equal(bench.view, 'station-2 paused');
  bench.startServer();
  value(bench.command({ kind: 'change', station: 'station-3' }));
  assert.equal(bench.view, 'station-3 playing');
  assert.deepEqual(bench.events, []);
});

test('a server that is back without the station stays lost, which is reported once', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-60' });
  bench.stations.pop();
  bench.startServer();
  bench.runUntil(60_000);
  assert.equal(bench.events.length, 1);
  assert.ok(bench.events[0]!.kind === 'lost' && bench.events[0]!.problem.code === 'station');
});

test('leaving a lost server takes a moment and succeeds', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-1' });
  bench.server = undefined;
  const before = bench.now;
  value(bench.command({ kind: 'exit' }));
  assert.equal(bench.now - before, 600);
});

test('a command replaces a keep-alive that is under way', () => {
  const bench = new Bench();
  bench.command({ kind: 'tune', station: 'station-1' });
  bench.runUntil(KEEP_ALIVE_PERIOD);
  assert.equal(bench.sent.at(-1), 'keepalive');
  value(bench.command({ kind: 'pause' }));
  assert.equal(bench.sent.at(-1), 'pause');
  assert.equal(bench.view, 'station-1 paused');
});

test('with the key of its server a client lists, tunes, pauses and leaves', () => {
  const bench = new Bench([], { key: ours });
  assert.deepEqual(value(bench.command({ kind: 'stations' })), bench.stations);
  value(bench.command({ kind: 'tune', station: 'station-2' }));
  value(bench.command({ kind: 'pause' }));
  assert.equal(bench.view, 'station-2 paused');
  value(bench.command({ kind: 'exit' }));
  assert.equal(bench.view, '');
  assert.equal(bench.server?.counters.foreign, 0);
});

test('a client without the key, with another, or with one that the server has not, learns why it is not served', () => {
  const pairs = [
    [{ serverKey: ours }, /answers only to those who have its key/, /--key/],
    [{ key: ours, serverKey: null }, /has no key/, /leave out --key/],
    [{ key: ours, serverKey: theirs }, /has another key/, /same file/],
  ] as const;
  for (const [keys, reason, next] of pairs) {
    const bench = new Bench([], keys);
    const outcome = bench.command({ kind: 'tune', station: 'station-1' });
    assert.ok(!outcome.ok && outcome.problem.code === 'server');
    assert.match(outcome.problem.message, reason);
    assert.match(outcome.problem.next, next);
    assert.equal(bench.view, '');
  }
});

test('a session whose server comes back with another key is lost, with that reason, until the key is right again', () => {
  const bench = new Bench([], { key: ours });
  bench.command({ kind: 'tune', station: 'station-2' });
  bench.serverKey = null;
  bench.startServer();
  bench.runUntil(30_000);
  const [lost] = bench.events;
  assert.ok(lost?.kind === 'lost' && /has no key/.test(lost.problem.message));
  bench.serverKey = ours;
  bench.startServer();
  bench.runUntil(60_000);
  assert.deepEqual(
    bench.events.map(({ kind }) => kind),
    ['lost', 'recovered'],
  );
  assert.equal(bench.view, 'station-2 playing');
});

test('with a key, forged replies with the right request id are neither believed nor do they fail a request', () => {
  const bench = new Bench([], { key: ours });
  const cookie = Buffer.alloc(16, 9);
  bench.tamper = (reply) => {
    const { requestId } = readHeader(reply)!;
    const forged: AnyMessage[] = [
      message('challenge', requestId, { server: 'rogue', controlPort: 5601, stations: 1 }, { cookie }),
      message('stations', requestId, makeStations(1), { cookie, pages: 1, revision: 0xffff }),
      message('error', requestId, { code: 'busy', message: 'full' }, { cookie }),
      message('ok', requestId, {}, { cookie }),
    ];
    const seals = new Seals(theirs);
    return [...forged.flatMap((each) => [encodeMessage(each), seals.encode(each, serverAddress)]), reply];
  };
  assert.deepEqual(value(bench.command({ kind: 'stations' })), bench.stations);
  const tuned = value(bench.command({ kind: 'tune', station: 'station-60' })) as Tuned;
  assert.deepEqual(tuned.station, bench.stations[59]);
  value(bench.command({ kind: 'pause' }));
  assert.equal(bench.view, 'station-60 paused');
  assert.ok(!bench.client.cookie.equals(cookie));
});

test('sealed replies to earlier requests answer no later one', () => {
  const bench = new Bench([], { key: ours });
  const earlier: Buffer[] = [];
  bench.tamper = (reply) => {
    earlier.push(reply);
    return [...earlier];
  };
  value(bench.command({ kind: 'tune', station: 'station-2' }));
  const tuned = value(bench.command({ kind: 'change', station: 'station-3' })) as Tuned;
  assert.equal(tuned.station.id, 'station-3');
  assert.equal(bench.view, 'station-3 playing');
});

test('a machine that passes messages on between client and server is believed by neither', () => {
  const bench = new Bench([], { key: ours, address: { address: '10.0.0.66', port: 5601 } });
  const outcome = bench.command({ kind: 'tune', station: 'station-1' });
  assert.ok(!outcome.ok && /10\.0\.0\.66:5601 has another key/.test(outcome.problem.message));
  assert.equal(bench.view, '');
  // It answers with the cookie that it was given, not sealed or sealed by nobody: nothing is sealed for it to pass on.
  assert.deepEqual(new Set(bench.sent), new Set(['tune']));
});

test('client and server end in the same state, for any loss, duplication and delay', () => {
  const fates = fc.array(fc.constantFrom<Fate>('arrives', 'is lost', 'arrives twice', 'arrives late'), {
    maxLength: 120,
  });
  const station = fc.integer({ min: 1, max: 5 }).map((n) => `station-${n}`);
  const command = fc.oneof(
    fc.record({ kind: fc.constantFrom('tune' as const, 'change' as const), station }),
    fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }),
    fc.record({ kind: fc.constant('stations' as const) }),
  );
  fc.assert(
    fc.property(
      fates,
      fc.array(command, { maxLength: 12 }),
      fc.boolean(),
      fc.boolean(),
      (fates, commands, leaves, hasKey) => {
        const bench = new Bench(fates, hasKey ? { key: ours } : {});
        let expected = { station: '', state: 'playing' };
        for (const command of [{ kind: 'tune', station: 'station-9' } as const, ...commands]) {
          // A command that failed for silence is repeated, as a viewer would: the list of fates is finite.
          let outcome = bench.command(command);
          while (!outcome.ok && outcome.problem.code === 'server') outcome = bench.command(command);
          const result = value(outcome);
          if (command.kind === 'stations') assert.deepEqual(result, bench.stations);
          else if (command.kind === 'tune' || command.kind === 'change')
            expected = { station: command.station, state: 'playing' };
          else expected.state = command.kind === 'pause' ? 'paused' : 'playing';
        }
        if (leaves) {
          value(bench.command({ kind: 'exit' }));
          bench.runUntil(bench.now + 2_000);
          // Its EXIT may be lost: then silence ends the session.
          bench.server?.expire(Millis(epoch + bench.now + 60_000));
          assert.equal(bench.view, '');
        } else {
          bench.runUntil(bench.now + 60_000);
          assert.equal(bench.view, `${expected.station} ${expected.state}`);
          assert.equal(bench.events.filter(({ kind }) => kind === 'lost').length, bench.events.length / 2);
        }
      },
    ),
    { numRuns: 300 },
  );
});
