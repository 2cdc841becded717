import assert from 'node:assert/strict';
import { closeSync, openSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

import { reelOf, sharedFilm } from '../../test/support/film.js';
import { scratchFolder } from '../../test/support/spool.js';
import { Problem } from '../base/problem.js';
import { Millis, wrappedDistance } from '../base/units.js';
import { SlewingClock } from '../clock/clock.js';
import { openEndpoint } from '../net/endpoint.js';
import { openGroup } from '../net/receive.js';
import { reelOf as reelOfData } from '../reel/open-reel.js';
import { Station } from '../station/station.js';
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
  const reel = await reelOf(context, sharedFilm(2));
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
  /** Sequence numbers by station; 60 of a station are enough. */
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
        if (seen[i]!.push(packet.sequenceNumber) === 60) done[i]!.resolve();
      },
    });
    context.after(() => socket.close());
  }
  const add = (i: number) => {
    const station = new Station({ items: [{ name: 'film', reel }], ssrc: i });
    // The bit rate of the first fills a thread, so that the others need another.
    pool.add({ id: `${i}`, station, group: groups[i]!, port, bitrate: i === 0 ? 2e9 : 1e6 });
  };
  add(0);
  add(1);
  await done[1]!.promise;
  add(2);
  await pool.remove('1');
  const left = pool.progress('1');
  assert.equal(left, undefined);
  const sentBefore = seen[1]!.length;
  await Promise.all([done[0]!.promise, done[2]!.promise]);
  assert.ok(seen[1]!.length <= sentBefore + 20, 'packets on their way when it was removed');
  for (const numbers of seen) {
    const steps = numbers.slice(1).map((number, i) => wrappedDistance(numbers[i]!, number, 65_536));
    const dropped = [0, 2].reduce((sum, i) => sum + (pool.progress(`${i}`)?.droppedLate ?? 0), 0);
    assert.ok(steps.every((step) => step === 1) || dropped > 0, `${steps.filter((step) => step !== 1)}`);
  }
  const progress = pool.progress('0')!;
  assert.ok(progress.packets >= 60);
  await pool.close(); // Before the reel is closed, and so that the counters stand still.
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

/** Sockets that this process has open; Linux only. */
const openSockets = (): number =>
  readdirSync('/proc/self/fd').filter((descriptor) => {
    try {
      return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
    } catch {
      return false; // That of the list itself.
    }
  }).length;

test('a thread that dies of a message leaves no socket open', async (context) => {
  if (process.platform !== 'linux') return;
  const reel = await reelOf(context, sharedFilm(1));
  const before = openSockets();
  let onDeath: (line: string) => void = fail;
  const options = { clock: new SlewingClock(), interfaceAddress: here, ttl: 1, workers: 1, onReadError: fail };
  const pool = await PlayoutPool.open({ ...options, onNote: (line) => onDeath(line) });
  context.after(() => pool.close());
  assert.equal(openSockets(), before + 1);
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  Object.defineProperty(station, 'data', { value: {} });
  // Both the thread that plays and the one that reads ahead die of it.
  const deaths = new Promise<void>((resolve) => {
    let left = 2;
    onDeath = (line) => {
      if (/died/.test(line) && --left === 0) resolve();
    };
  });
  pool.add({ id: 'a', station, group: '239.255.254.121', port: 5004, bitrate: 1e6 });
  await deaths;
  assert.equal(openSockets(), before);
  await pool.remove('a'); // The threads that take over are sound.
});

test('parity that follows losses ends with its station: a station that is stopped has no controller', async (context) => {
  const reel = await reelOf(context, sharedFilm(1));
  const pool = await PlayoutPool.open({
    clock: new SlewingClock(),
    interfaceAddress: here,
    ttl: 1,
    workers: 1,
    onNote: fail,
    onReadError: fail,
  });
  context.after(() => pool.close());
  const size = { columns: 10, rows: 5 };
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const options = { station, group: '239.255.254.110', port: await freePort(), bitrate: 1e6 };
  const add = () => pool.add({ id: 'a', ...options, fec: { size, mode: 'auto' } });
  /** The changes of parity in half a minute of losses. */
  const lose = (id: string, from: number) =>
    Array.from({ length: 30 }, (_, i) => pool.reportLoss(id, 0.02, Millis(from + i * 1_000))).filter(
      (mode) => mode !== null,
    );

  add();
  pool.add({ id: 'fixed', ...options, group: '239.255.254.111', fec: { size, mode: 'none' } });
  assert.deepEqual(lose('a', 0), ['columns']);
  assert.equal(pool.fec('a')?.mode, 'columns');
  assert.deepEqual(lose('fixed', 0), []);
  await pool.remove('a');
  assert.deepEqual(lose('a', 30_000), []);
  add();
  assert.equal(pool.fec('a')?.mode, 'none', 'it begins again');
  assert.deepEqual(lose('a', 60_000), ['columns']);
  await pool.close();
});

test('a reel that cannot be read is reported with its cause', { timeout: 30_000 }, async (context) => {
  const folder = scratchFolder(context);
  const reel = await reelOf(context, sharedFilm(1));
  const path = join(folder, 'empty');
  writeFileSync(path, '');
  const descriptor = openSync(path, 'r');
  context.after(() => closeSync(descriptor));
  const error = await new Promise<string>((resolve, reject) => {
    const opening = PlayoutPool.open({
      clock: new SlewingClock(),
      interfaceAddress: here,
      ttl: 1,
      workers: 1,
      onNote: reject,
      onReadError: (id, message) => resolve(`${id}: ${message}`),
    });
    opening.then((pool) => {
      context.after(() => pool.close());
      const items = [{ name: 'film', reel: reelOfData({ ...reel.data, descriptor }) }];
      pool.add({
        id: 'a',
        station: new Station({ items, ssrc: 1 }),
        group: '239.255.254.120',
        port: 5004,
        bitrate: 1e6,
      });
    }, reject);
  });
  assert.match(error, /^a: the file ends /);
});
