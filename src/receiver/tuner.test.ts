import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { foundAt } from '../../test/support/found.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { batchOf } from '../../test/support/received-batch.js';
import { makeStation } from '../../test/support/stations.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { Session, SessionOptions, Tuned } from '../control/client.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import { SilentServers } from './silent-servers.js';
import { Tuner } from './tuner.js';

const info = makeStation(1, { format: 'jpeg' });
const [found] = foundAt(
  ['a', 'b', 'c'].map((server, i) => ({ address: server, stations: [{ ...info, server, number: i + 1 }] })),
);

const TUNED: Tuned = { station: info, next: 7, serverTime: 0, members: 1, burst: null, roundTrip: Millis(1) };

interface BenchOptions {
  /** A server answers once this resolves. */
  ready?: (address: string) => Promise<void>;
  /** Servers that never answer. */
  mute?: Set<string>;
  /** Answers that differ. */
  answers?: Record<string, Partial<Tuned>>;
  silent?: SilentServers;
}

/** A tuner, and the servers that it asks in their order, each of which answers while it is in `up`. */
function bench(context: TestContext, up: Set<string>, options: BenchOptions = {}) {
  const { ready, mute = new Set(), answers = {}, silent } = options;
  const timers = new HandTimers();
  const groups: ((batch: ReceivedBatch) => void)[] = [];
  const said: string[] = [];
  const servers: boolean[] = [];
  const troubles: string[] = [];
  const sessions = new Map<string, SessionOptions>();
  const openSession = async (options: SessionOptions): Promise<Session> => {
    const { address } = options;
    sessions.set(address, options);
    const tune = async (): Promise<Tuned> => {
      said.push(`tune ${address}`);
      if (ready) await ready(address);
      if (mute.has(address)) await new Promise(() => undefined);
      if (!up.has(address)) throw new Problem('server', `${address} does not answer`, '');
      return { ...TUNED, ...answers[address] };
    };
    const note = (what: string) => async () => void said.push(`${what} ${address}`);
    return {
      tune,
      change: tune,
      pause: note('pause'),
      resume: note('resume'),
      exit: note('exit'),
      stations: () => assert.fail('nobody asks'),
      replay: () => new Promise(() => undefined),
      feedback: () => undefined,
      check: () => undefined,
    };
  };
  const tuner = new Tuner(
    { onServer: (isLost) => servers.push(isLost), onTrouble: ({ message }) => troubles.push(message) },
    { timers, silent, random: () => 0 },
    {
      openSession,
      openGroup: async ({ onDatagrams }) => {
        groups.push(onDatagrams);
        return {
          receiveBuffer: 0,
          leave: () => undefined,
          setSources: () => undefined,
          reopen: async () => undefined,
          close: async () => undefined,
        };
      },
    },
  );
  context.after(() => tuner.close());
  const settle = async () => {
    for (let i = 0; i < 50; i++) await Promise.resolve();
  };
  const lose = async (address: string) => {
    up.delete(address);
    sessions.get(address)?.onLost?.(new Problem('server', 'silent', ''));
    await settle();
  };
  const take = () => said.splice(0);
  return { tuner, lose, settle, take, sessions, servers, troubles, timers, groups };
}

test('a session goes to the first of the station’s servers that answers', async (context) => {
  const { tuner, take, troubles } = bench(context, new Set(['b', 'c']));
  await tuner.tune(found!);
  assert.deepEqual(take(), ['tune a', 'exit a', 'tune b']);
  await tuner.tune(found!);
  assert.deepEqual(take(), ['tune b'], 'the session that there is stays');
  assert.deepEqual(troubles, []);
});

test('a station none of whose servers answers is received all the same', async (context) => {
  const { tuner, take, troubles } = bench(context, new Set());
  await tuner.tune(found!);
  assert.deepEqual(take(), ['tune a', 'exit a', 'tune b', 'exit b', 'tune c', 'exit c']);
  assert.deepEqual(troubles, ['a does not answer']);
  assert.deepEqual(tuner.current?.station, found?.info);
});

test('when a server ends, the session turns to the next that answers, paused as it was', async (context) => {
  const { tuner, lose, take, servers } = bench(context, new Set(['a', 'c']));
  await tuner.tune(found!);
  const receiver = tuner.current;
  tuner.pause();
  take();
  await lose('a');
  assert.deepEqual(take(), ['tune b', 'exit b', 'tune c', 'exit a', 'pause c']);
  assert.deepEqual(servers, [true, false]);
  assert.equal(tuner.current, receiver, 'the group is received as before');
});

test('a lost server that is back is kept when no other answers', async (context) => {
  const { tuner, lose, take, servers, sessions } = bench(context, new Set(['a']));
  await tuner.tune(found!);
  take();
  await lose('a');
  assert.deepEqual(take(), ['tune b', 'exit b', 'tune c', 'exit c']);
  sessions.get('a')?.onRecovered?.(TUNED);
  assert.deepEqual(servers, [true, false]);
  tuner.pause();
  assert.deepEqual(take(), ['pause a']);
});

test('a lost session turns to a server that a later search finds', async (context) => {
  const up = new Set(['a']);
  const { tuner, lose, settle, take, servers } = bench(context, up);
  const [alone] = foundAt([{ address: 'a', stations: [{ ...info, server: 'a' }] }]);
  await tuner.tune(alone!);
  await lose('a');
  take();
  up.add('c');
  tuner.update(found!);
  await settle();
  assert.deepEqual(take(), ['tune b', 'exit b', 'tune c', 'exit a']);
  assert.deepEqual(servers, [true, false]);
});

test('a server that is lost while another station is tuned to leaves no session open', async (context) => {
  const waiting: (() => void)[] = [];
  let isHeld = false;
  const ready = async () => {
    if (isHeld) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const { tuner, lose, settle, take } = bench(context, new Set(['a', 'b']), { ready });
  await tuner.tune(found!);
  take();
  isHeld = true;
  const tuning = tuner.tune(found!);
  await settle();
  await lose('a');
  while (waiting.length > 0) {
    waiting.shift()!();
    await settle();
  }
  await tuning;
  await settle();
  assert.deepEqual(take(), ['tune a', 'tune b', 'exit a']);
});

test('a server that does not answer is left after 60 ms, and after 200 ms the next viewer of the process begins with another', async (context) => {
  const silent = new SilentServers();
  const up = new Set(['b']);
  let giveUp = (): void => undefined;
  const ready = async (address: string) => {
    if (address !== 'a') return;
    await new Promise<void>((resolve) => {
      giveUp = resolve;
    });
  };
  const { tuner, take, settle, timers, troubles } = bench(context, up, { ready, silent });
  const tuning = tuner.tune(found!);
  await settle();
  timers.advance(59);
  await settle();
  assert.deepEqual(take(), ['tune a']);
  timers.advance(1);
  await tuning;
  assert.deepEqual(take(), ['tune b']);
  assert.deepEqual(troubles, []);
  timers.advance(140);
  assert.ok(silent.isSilent({ address: 'a', port: 5601 }, timers.now()));
  const next = bench(context, new Set(['a', 'b']), { silent });
  await next.tuner.tune(found!);
  assert.deepEqual(next.take(), ['tune b']);
  giveUp();
  await settle();
  assert.deepEqual(take(), ['exit a']);
});

test('with sixteen servers, all but the last of which are silent, tuning takes 240 ms', async (context) => {
  const names = Array.from({ length: 16 }, (_, i) => String.fromCharCode(97 + i));
  const [many] = foundAt(names.map((address) => ({ address, stations: [info] })));
  const { tuner, settle, timers } = bench(context, new Set(['p']), { mute: new Set(names.slice(0, 15)) });
  let isTuned = false;
  const tuning = tuner.tune(many!).then(() => {
    isTuned = true;
  });
  for (const at of [0, 60, 120, 180, 240]) {
    timers.advance(at - timers.now());
    await settle();
    assert.equal(isTuned, at === 240, `at ${at} ms`);
  }
  await tuning;
});

test('a server that answers for another stream is left while another server has this one', async (context) => {
  const answers = { a: { station: { ...info, group: '239.255.66.66' } } };
  const { tuner, take } = bench(context, new Set(['a', 'b']), { answers });
  await tuner.tune(found!);
  assert.deepEqual(take(), ['tune a', 'tune b', 'exit a']);
  assert.equal(tuner.current?.station.group, info.group);
});

const film = makeStation(1);
const [filmFound] = foundAt(['a', 'b', 'c'].map((server) => ({ address: server, stations: [film] })));
const burst = { flow: 1, from: 5, time: 0 };

test('a server that has no burst is left for one that has', async (context) => {
  const answers = { a: { station: film }, b: { station: film, burst }, c: { station: film, burst } };
  const { tuner, take } = bench(context, new Set(['a', 'b', 'c']), { answers });
  await tuner.tune(filmFound!);
  assert.deepEqual(take(), ['tune a', 'tune b', 'exit a']);
});

test('a server that sends nothing of what it is asked for is left, said, and not returned to', async (context) => {
  const silent = new SilentServers();
  const answers = Object.fromEntries(['a', 'b', 'c'].map((address) => [address, { station: film, burst }]));
  const up = new Set(['a', 'b', 'c']);
  const { tuner, take, settle, timers, troubles, groups, servers } = bench(context, up, { answers, silent });
  await tuner.tune(filmFound!);
  assert.deepEqual(take(), ['tune a']);
  const look = async (): Promise<void> => {
    groups[0]!(batchOf([]));
    await settle();
  };
  timers.advance(289);
  await look();
  assert.deepEqual(take(), []);
  timers.advance(1);
  await look();
  assert.deepEqual(take(), ['tune b', 'exit a']);
  assert.deepEqual(troubles, ['The server projector (a:5601) sends no packets that it is asked for']);
  assert.deepEqual(servers, [], 'no server was lost');
  assert.ok(silent.isSilent({ address: 'a', port: 5601 }, timers.now()));
});
