import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { foundAt } from '../../test/support/found.js';
import { makeStation } from '../../test/support/stations.js';
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { Session, SessionOptions, Tuned } from '../control/client.js';
import { Tuner } from './tuner.js';

const info = makeStation(1, { format: 'jpeg' });
const [found] = foundAt(
  ['a', 'b', 'c'].map((server, i) => ({ address: server, stations: [{ ...info, server, number: i + 1 }] })),
);

const tuned: Tuned = { station: info, next: 7, serverTime: 0, members: 1, burst: null, roundTrip: Millis(1) };

/** A tuner, and the servers that it asks, each of which answers, once `ready` resolves, while it is in `up`. */
function bench(context: TestContext, up: Set<string>, ready?: (address: string) => Promise<void>) {
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
      if (!up.has(address)) throw new Problem('server', `${address} does not answer`, '');
      return tuned;
    };
    const note = (what: string) => async () => void said.push(`${what} ${address}`);
    return {
      tune,
      change: tune,
      pause: note('pause'),
      resume: note('resume'),
      exit: note('exit'),
      stations: () => assert.fail('nobody asks'),
      replay: () => assert.fail('nobody asks'),
      feedback: () => undefined,
      check: () => undefined,
    };
  };
  const tuner = new Tuner(
    { onServer: (isLost) => servers.push(isLost), onTrouble: ({ message }) => troubles.push(message) },
    {},
    {
      openSession,
      openGroup: async () => ({
        receiveBuffer: 0,
        setSources: () => undefined,
        reopen: async () => undefined,
        close: async () => undefined,
      }),
    },
  );
  context.after(() => tuner.close());
  const settle = async () => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const lose = async (address: string) => {
    up.delete(address);
    sessions.get(address)?.onLost?.(new Problem('server', 'silent', ''));
    await settle();
  };
  const take = () => said.splice(0);
  return { tuner, lose, settle, take, sessions, servers, troubles };
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
  assert.deepEqual(take(), ['tune a', 'exit a', 'tune b', 'exit b', 'tune c']);
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
  sessions.get('a')?.onRecovered?.(tuned);
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
  const { tuner, lose, settle, take } = bench(context, new Set(['a', 'b']), ready);
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
  assert.deepEqual(take(), ['tune a', 'exit a', 'tune b']);
});
