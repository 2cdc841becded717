import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';

import { makeFilm, reelOf } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { wrappedDistance } from '../base/units.js';
import { SlewingClock } from '../clock/clock.js';
import { openEndpoint } from '../net/endpoint.js';
import { openGroup } from '../net/receive.js';
import { Station } from '../station/station.js';
import { StationCounters } from '../threads/station-counters.js';
import { Thread } from '../threads/thread.js';
import { parseRtp } from '../wire/rtp.js';
import { PlayoutPool } from './playout-pool.js';

const here = '127.0.0.1';
const fail = (...words: unknown[]) => assert.fail(words.join(' '));

async function freePort(): Promise<number> {
  const endpoint = await openEndpoint({ address: here, onError: fail });
  await endpoint.close();
  return endpoint.port;
}

test('stations of several threads leave whole and in order, while others come and go', {
  timeout: 60_000,
}, async (context) => {
  const reel = await reelOf(context, makeFilm(join(scratchFolder(context), 'film.mp4'), 2));
  const clock = new SlewingClock();
  const pool = await PlayoutPool.open({
    clock,
    interfaceAddress: here,
    ttl: 1,
    workers: 2,
    onNote: fail,
    onReadError: fail,
  });
  context.after(() => pool.close());
  const port = await freePort();
  const groups = [1, 2, 3].map((i) => `239.255.254.${100 + i}`);
  /** Sequence numbers by station; a station is done with when it has 60 of them. */
  const seen = groups.map((): number[] => []);
  const done = groups.map(deferred);
  for (const [i, group] of groups.entries()) {
    const socket = await openGroup({
      group,
      port,
      localAddress: here,
      onError: fail,
      onDatagram: (datagram) => {
        const packet = parseRtp(datagram)!;
        assert.equal(packet.ssrc, i);
        seen[i].push(packet.sequenceNumber);
        if (seen[i].length === 60) done[i].resolve();
      },
    });
    context.after(() => socket.close());
  }
  const add = (i: number) => {
    const station = new Station({ items: [{ name: 'film', reel }], ssrc: i });
    // The first fills a thread by what it says of itself, so that the others need another.
    pool.add({ id: `${i}`, station, group: groups[i], port, bitrate: i === 0 ? 2e9 : 1e6 });
  };
  add(0);
  add(1);
  await done[1].promise;
  add(2);
  await pool.remove('1');
  const left = pool.progress('1');
  assert.equal(left, undefined);
  const sentBefore = seen[1].length;
  await Promise.all([done[0].promise, done[2].promise]);
  assert.ok(seen[1].length <= sentBefore + 20, 'what was on its way when it was removed');
  for (const numbers of seen) {
    const steps = numbers.slice(1).map((number, i) => wrappedDistance(numbers[i], number, 65_536));
    const dropped = [0, 2].reduce((sum, i) => sum + (pool.progress(`${i}`)?.droppedLate ?? 0), 0);
    assert.ok(steps.every((step) => step === 1) || dropped > 0, `${steps.filter((step) => step !== 1)}`);
  }
  const progress = pool.progress('0')!;
  assert.ok(progress.packets >= 60);
  await pool.close(); // Before the reel is closed, and what is counted stands still.
  assert.equal(progress.lateness.total, progress.packets);
});

function deferred(): { promise: Promise<void>; resolve(): void } {
  let resolve: () => void = () => undefined;
  const promise = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { promise, resolve };
}

test('an interface that is not this machine’s is a problem with its name', async () => {
  await assert.rejects(
    PlayoutPool.open({
      clock: new SlewingClock(),
      interfaceAddress: '192.0.2.250',
      ttl: 1,
      onNote: fail,
      onReadError: fail,
    }),
    (error) => error instanceof Problem && error.code === 'network' && /192\.0\.2\.250/.test(error.message),
  );
});

test('a thread that dies is followed by another with its stations as they have become, and that is said', {
  timeout: 30_000,
}, async () => {
  const lines: string[] = [];
  const revived = deferred();
  const thread = new Thread({
    entry: new URL('../../test/support/dying-thread.js', import.meta.url),
    data: { lives: new SharedArrayBuffer(4) },
    onMessage: (message) => {
      if (message.is !== 'note') return;
      lines.push(message.line);
      if (lines.length === 2) revived.resolve();
    },
  });
  await thread.ready;
  const progress = new StationCounters().shared;
  const fec = { size: { columns: 10, rows: 5 }, mode: 'none' as const, columns: progress, rows: progress };
  const station = { items: [], periods: [], ssrc: 1 };
  const shared = { id: 'a', station, progress, group: '239.255.0.1', port: 1, bitrate: 1, fec };
  thread.add(shared);
  thread.change({ ...shared, fec: { ...fec, mode: 'both' } }, { do: 'fec', id: 'a', mode: 'both' });
  await revived.promise;
  assert.match(lines[0], /died.*another takes its place: out of memory, say/);
  assert.equal(lines[1], 'life 1 has a with both');
  await thread.remove('a');
  await thread.remove('a');
  await thread.close();
});
