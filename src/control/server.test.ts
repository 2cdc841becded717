import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { FakeFlows } from '../../test/support/flows.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { Problem } from '../base/problem.js';
import { Millis, PacketNumber } from '../base/units.js';
import { findStations } from '../discovery/find.js';
import { openEndpoint } from '../net/endpoint.js';
import { loopback } from '../net/interfaces.js';
import type { StationInfo } from '../wire/station-info.js';
import { openSession } from './client.js';
import { KEEP_ALIVE_PERIOD } from './client-state.js';
import { ControlServer, wayTo } from './server.js';

const lo = loopback();
/** Used by this process only, so that parallel tests are not found. */
const query = { group: `239.255.253.${1 + (process.pid % 254)}`, port: await freePort() };

async function freePort(): Promise<number> {
  const endpoint = await openEndpoint({ address: '127.0.0.1', onError: (error) => assert.fail(error) });
  await endpoint.close();
  return endpoint.port;
}

const servers = new Set<ControlServer>();
after(() => Promise.all([...servers].map((server) => server.close())));

async function startServer(stations: StationInfo[], options: { port?: number; now?: () => Millis } = {}) {
  const server = await ControlServer.open({
    server: stations[0]?.server ?? 'empty',
    port: options.port ?? 0,
    interfaces: [lo],
    directory: { stations: () => stations, position: () => ({ next: PacketNumber(5), time: Millis(1000) }) },
    flows: new FakeFlows(),
    now: options.now ?? (() => Millis(Date.now())),
    secret: Buffer.alloc(32, 3),
    log: (line) => assert.fail(line),
    query,
  });
  servers.add(server);
  return server;
}

async function stopServer(server: ControlServer): Promise<void> {
  servers.delete(server);
  await server.close();
}

test('stations of two servers on one machine are found without an address', async () => {
  const hall = await startServer(makeStations(100).map((info) => ({ ...info, server: 'hall' })));
  const attic = await startServer([makeStation(1, { server: 'attic' }), makeStation(200, { server: 'attic' })]);
  assert.notEqual(hall.port, attic.port);
  // On a busy machine one server may answer long after the other.
  const isEnough = (found: readonly { servers: readonly unknown[] }[]) =>
    found.length === 101 && found.some(({ servers }) => servers.length === 2);
  const found = await findStations({ interfaces: [lo], query, timeout: Millis(10_000), isEnough });
  assert.equal(found.length, 101);
  const portsOf = ({ servers }: (typeof found)[number]) => servers.map(({ port }) => port);
  const byNumber = new Map(found.map((station) => [station.info.number, station]));
  const shared = byNumber.get(1)!;
  assert.deepEqual(
    portsOf(shared),
    [hall.port, attic.port].sort((a, b) => a - b),
  ); // by address and port
  assert.deepEqual(shared.info, makeStation(1, { server: hall.port < attic.port ? 'hall' : 'attic' }));
  assert.deepEqual(portsOf(byNumber.get(200)!), [attic.port]);
  for (let number = 2; number <= 100; number++) assert.deepEqual(portsOf(byNumber.get(number)!), [hall.port]);
  await Promise.all([hall, attic].map(stopServer));
});

test('without a server nothing is found, once the time is over', async () => {
  const timers = new HandTimers();
  const search = findStations({ interfaces: [lo], query, timers });
  // The search sets its first timer once its socket is open; the loop's turns belong to the socket, not to the clock.
  while (timers.pending === 0) await new Promise(setImmediate);
  timers.advance(1_000);
  assert.deepEqual(await search, []);
});

test('a search goes on until the wanted station is there', async () => {
  const hall = await startServer(makeStations(3));
  const timers = new HandTimers();
  let isThere = false;
  let looks = 0;
  const isEnough = (found: readonly unknown[]): boolean => {
    assert.equal(found.length, 3);
    looks++;
    return isThere;
  };
  let hasEnded = false;
  const search = findStations({ interfaces: [lo], query, timers, timeout: Millis(1e9), isEnough }).finally(() => {
    hasEnded = true;
  });
  const turn = async () => {
    timers.advance(25);
    await new Promise(setImmediate);
  };
  while (looks < 5 && !hasEnded) await turn();
  assert.equal(hasEnded, false);
  isThere = true;
  while (!hasEnded) await turn();
  assert.equal((await search).length, 3);
  await stopServer(hall);
});

test('a search without an interface is a problem', async () => {
  await assert.rejects(findStations({ interfaces: [], query }), Problem);
  const absent = { name: 'eth9', address: '192.0.2.1', internal: false };
  await assert.rejects(findStations({ interfaces: [absent], query }), Problem);
});

test('a search that cannot send its queries is a problem, not an empty list', async () => {
  const nowhere = { group: '192.0.2.1', port: 5600 }; // unreachable from loopback
  await assert.rejects(findStations({ interfaces: [lo], query: nowhere, timeout: Millis(200) }), Problem);
});

test('a session over sockets: list, tune, pause, resume, change, exit', async () => {
  const stations = makeStations(40);
  const server = await startServer(stations);
  const session = await openSession({ address: '127.0.0.1', port: server.port, localAddress: '127.0.0.1' });
  const view = () => server.sessions().map(({ station, state }) => `${station} ${state}`);
  assert.deepEqual(await session.stations(), stations);
  const { roundTrip, ...tuned } = await session.tune('station-3');
  assert.ok(roundTrip > 0);
  assert.deepEqual(tuned, {
    station: stations[2],
    next: 5,
    serverTime: 1000,
    members: 1,
    burst: null,
  });
  assert.deepEqual(view(), ['station-3 playing']);
  await session.pause();
  assert.deepEqual(view(), ['station-3 paused']);
  await session.resume();
  assert.deepEqual(view(), ['station-3 playing']);
  await session.change('station-4');
  await assert.rejects(session.change('nothing'), (error) => error instanceof Problem && error.code === 'station');
  assert.deepEqual(view(), ['station-4 playing']);
  await Promise.all([session.exit(), session.exit()]);
  assert.deepEqual(view(), []);
  await assert.rejects(session.tune('station-1'), Problem);
  assert.equal(server.counters.malformed, 0);
  await stopServer(server);
});

test('a server that went and came back is noticed, and the session restored', async () => {
  const first = await startServer(makeStations(2));
  const timers = new HandTimers();
  const seen: string[] = [];
  let onSeen: () => void = () => undefined;
  const see = (event: string): void => {
    seen.push(event);
    onSeen();
  };
  const session = await openSession({
    address: '127.0.0.1',
    port: first.port,
    timers,
    onLost: ({ code }) => see(`lost: ${code}`),
    onRecovered: (tuned) => see(`recovered: ${tuned.station.id}`),
  });
  await session.tune('station-2');
  const { port } = first;
  await stopServer(first);
  timers.advance(KEEP_ALIVE_PERIOD + 3_000);
  assert.deepEqual(seen, ['lost: server']);
  const second = await startServer(makeStations(2), { port });
  const recovered = new Promise<void>((resolve) => {
    onSeen = resolve;
  });
  timers.advance(1_000);
  await recovered;
  assert.deepEqual(seen, ['lost: server', 'recovered: station-2']);
  assert.deepEqual(
    second.sessions().map(({ station }) => station),
    ['station-2'],
  );
  await session.exit();
  await stopServer(second);
});

test('a query is answered on its own network, and loopback on loopback only', () => {
  const wired = { name: 'en0', address: '10.0.0.5', netmask: '255.255.255.0', internal: false };
  const radio = { name: 'en1', address: '10.0.1.5', netmask: '255.255.255.0', internal: false };
  assert.equal(wayTo('10.0.1.9', [lo, wired, radio]), 2);
  assert.equal(wayTo('127.0.0.1', [wired, lo]), 1);
  assert.equal(wayTo('192.168.7.7', [lo, wired, radio]), 1);
  assert.equal(wayTo('10.0.0.9', [lo]), -1);
  assert.equal(wayTo('127.0.0.1', [wired]), -1);
});

test('a control port in use is a problem that names port and option', async () => {
  const server = await startServer(makeStations(1));
  await assert.rejects(
    startServer(makeStations(1), { port: server.port }),
    (error) =>
      error instanceof Problem && error.message.includes(`${server.port}`) && error.next.includes('--control-port'),
  );
  await stopServer(server);
});

test('garbage from the network is counted, and the server goes on', async () => {
  const server = await startServer(makeStations(1));
  const socket = createSocket('udp4');
  for (const bytes of ['', 'hello', 'MSC1', '\0'.repeat(1400)]) {
    await new Promise<void>((sent) => socket.send(bytes, server.port, '127.0.0.1', () => sent()));
  }
  const session = await openSession({ address: '127.0.0.1', port: server.port });
  assert.equal((await session.stations()).length, 1);
  await session.exit();
  assert.equal(server.counters.malformed, 4);
  socket.close();
  await once(socket, 'close');
  await stopServer(server);
});
