import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { Problem } from '../src/base/problem.js';
import { PacketNumber } from '../src/base/units.js';
import { SlewingClock } from '../src/clock/clock.js';
import { openSession } from '../src/control/client.js';
import { loopback } from '../src/net/interfaces.js';
import { Station } from '../src/station/station.js';
import { loadLibc } from '../src/system/libc.js';
import { StationCounters } from '../src/threads/station-counters.js';
import { UnicastServer } from '../src/unicast/unicast-server.js';
import { emptyRetransmission, readRetransmission } from '../src/wire/retransmission.js';
import { parseRtp } from '../src/wire/rtp.js';
import { reelOf, sharedFilm } from './support/film.js';
import { HandTimers } from './support/hand-timers.js';
import { makeStation } from './support/stations.js';

const { libc } = await loadLibc();
const ways = [
  { name: 'all datagrams at once', plain: false, skip: libc === null ? 'needs 64-bit Linux' : false },
  { name: 'Node.js’s own sockets', plain: true, skip: false as const },
];

async function openServer(
  context: TestContext,
  plain: boolean,
  onNote: (line: string) => void = (line) => assert.fail(line),
  timers?: HandTimers,
) {
  const before = process.env.MSC_SOCKETS;
  if (plain) process.env.MSC_SOCKETS = 'plain';
  try {
    const server = await UnicastServer.open({
      clock: new SlewingClock(),
      at: loopback(),
      ttl: 1,
      controlPort: 0,
      server: 'hall',
      budget: { total: 1e9 },
      // Of this process alone, so that tests that run at the same time are not found.
      query: { group: `239.255.254.${1 + (process.pid % 254)}`, port: await freePort() },
      timers,
      onNote,
      onReadError: assert.fail,
    });
    context.after(() => server.close());
    return server;
  } finally {
    if (before === undefined) delete process.env.MSC_SOCKETS;
    else process.env.MSC_SOCKETS = before;
  }
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  return port;
}

async function makeServed(context: TestContext) {
  const path = sharedFilm(4);
  const station = new Station({ items: [{ name: 'film', reel: await reelOf(context, path) }], ssrc: 42 });
  const info = makeStation(1, { ssrc: 42, bitrate: station.items[0]!.reel.data.manifest.bitrate });
  return { station, info, progress: new StationCounters() };
}

/** A client that waits for packets. */
async function openClient(server: UnicastServer) {
  const packets = new Map<number, Buffer>();
  let onPacket: () => void = () => undefined;
  const into = emptyRetransmission();
  const session = await openSession({
    address: '127.0.0.1',
    port: server.port,
    localAddress: '127.0.0.1',
    onMedia: (datagram) => {
      assert.ok(readRetransmission(datagram, 0, datagram.length, into));
      packets.set(into.n, Buffer.from(datagram.subarray(into.start, into.end)));
      onPacket();
    },
  });
  const has = (n: number) =>
    new Promise<void>((resolve) => {
      onPacket = () => {
        if (packets.has(n)) resolve();
      };
      onPacket();
    });
  return { session, packets, has };
}

/** Asks until the server answers: a thread takes a moment to begin, or to take a station. The test's time limit ends it. */
async function answered<T>({ signal }: TestContext, request: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof Problem) || signal.aborted) throw error;
    }
  }
}

for (const { name, plain, skip } of ways) {
  test(`a burst and missing packets arrive as the station has them: ${name}`, { skip }, async (context) => {
    const server = await openServer(context, plain);
    const served = await makeServed(context);
    server.add(served);
    const { session, packets, has } = await openClient(server);
    const tuned = await session.tune(served.info.id, { flow: 3 });
    assert.ok(tuned.burst);
    assert.equal(tuned.members, 1);
    await has(tuned.next - 1);
    const last = tuned.burst.from - 5;
    const missing = [last - 2, last].map(PacketNumber);
    session.feedback({ sender: 1, media: 42, missing, copies: 1, flow: null, report: null });
    await has(last);
    for (const [n, payload] of packets) {
      const [packet] = served.station.packets(PacketNumber(n), PacketNumber(n + 1));
      assert.deepEqual(payload, parseRtp(packet!)?.payload);
    }
    await session.exit();
  });
}

test('a station that cannot be served is reported, others go on, and it is tried again, less and less often', {
  timeout: 60_000,
}, async (context) => {
  const notes: string[] = [];
  let onNote: () => void = () => undefined;
  const timers = new HandTimers();
  const server = await openServer(
    context,
    false,
    (line) => {
      notes.push(line);
      onNote();
    },
    timers,
  );
  const noted = () =>
    new Promise<void>((resolve) => {
      onNote = resolve;
    });
  const served = await makeServed(context);
  const broken = { ...served, info: { ...served.info, id: 'broken' } };
  const { timeline } = served.station.data;
  const noPeriods = { data: { ssrc: 1, timeline: { ...timeline, periods: { first: 0, added: [] } } } };
  let given = noted();
  server.add({ ...broken, station: noPeriods as unknown as Station });
  server.add(served);
  await given;
  assert.match(notes[0]!, /^Station broken has no repair, .* for 1 s; .*at least one period/s);
  for (const seconds of [1, 2, 4]) {
    given = noted();
    timers.advance(1_000 * seconds);
    await given;
    assert.match(notes.at(-1)!, new RegExp(`for ${2 * seconds} s`));
  }
  const { session, has } = await openClient(server);
  const { next } = await session.tune(served.info.id, { flow: 3 });
  await has(next - 1);
  // What was wrong with it is mended by a change.
  server.change({ ...broken, station: served.station });
  timers.advance(8_000);
  const again = await answered(context, () => session.tune('broken', { flow: 4 }));
  await has(again.next - 1);
  await session.exit();
  await server.remove('broken');
  assert.equal(timers.pending, 0);
  assert.equal(notes.length, 4);
});

test('a thread that dies is replaced by one on the same port, with the same cookies and stations', {
  timeout: 60_000,
}, async (context) => {
  let onDeath: (line: string) => void = assert.fail;
  const worker = once(process, 'worker') as Promise<[Worker]>;
  const server = await openServer(context, false, (line) => onDeath(line));
  const served = await makeServed(context);
  server.add(served);
  const { session, has } = await openClient(server);
  const { next } = await session.tune(served.info.id, { flow: 3 });
  await has(next - 1);
  const died = new Promise<string>((resolve) => {
    onDeath = resolve;
  });
  const [thread] = await worker;
  await thread.terminate();
  assert.match(await died, /another takes its place/);
  const again = await answered(context, () => session.tune(served.info.id, { flow: 4 }));
  assert.equal(again.burst?.flow, 4);
  await session.exit();
});

test('a thread that has ended leaves nothing open, and is not woken', {
  skip: libc === null ? 'needs 64-bit Linux' : false,
}, async (context) => {
  const served = await makeServed(context);
  const openAndClose = async () => {
    const server = await openServer(context, false);
    server.add(served);
    await server.close();
    server.add(served);
    return readdirSync('/proc/self/fd').length;
  };
  assert.equal(await openAndClose(), await openAndClose());
});

test('a control port in use is a problem that names the port', async (context) => {
  const server = await openServer(context, false);
  await assert.rejects(
    UnicastServer.open({
      clock: new SlewingClock(),
      at: loopback(),
      ttl: 1,
      controlPort: server.port,
      server: 'attic',
      budget: { total: 1 },
      onNote: assert.fail,
      onReadError: assert.fail,
    }),
    (error) => error instanceof Problem && error.message.includes(`${server.port}`),
  );
});
