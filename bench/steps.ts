/**
 * What a step of src/control/workload.ts costs: each kind of request, by the server's state machines with fakes for the
 * sockets and reels. The system's work for the datagrams comes on top, and is not the clients' to multiply.
 */
import assert from 'node:assert/strict';
import { Millis, millisToTicks, PacketNumber } from '../src/base/units.js';
import { ServerState } from '../src/control/server-state.js';
import { FEEDBACK_STEPS, FLOW_STEPS, PACKET_STEPS, REQUEST_STEPS, SEAL_STEPS } from '../src/control/workload.js';
import { emptyBatch } from '../src/net/sender.js';
import { Station } from '../src/station/station.js';
import { retransmissionMemory } from '../src/unicast/packet-writer.js';
import { Unicast } from '../src/unicast/unicast.js';
import { encodeFeedback, isRtcp } from '../src/wire/feedback.js';
import { encodeMessage, message } from '../src/wire/message.js';
import { messageKey, Seals } from '../src/wire/seal.js';
import { fakeReader, fakeReel } from '../test/support/fake-reel.js';
import { makeStations } from '../test/support/stations.js';
import { finish } from './support/benchmark.js';
import { outOption, readOptions } from './support/options.js';

const options = readOptions('What a step of work that clients may cause costs, for each kind of request.', outOption);

const NOON = 1_795_000_000_000;
const RUNS = 10;
/** Requests of a run, and the stations' time that all runs take at most, ms: a cookie is valid for five minutes. */
const REQUESTS = 1_000;
const LONGEST = 240_000;
/** Steps a second that a client takes: within its share. */
const RATE = 100_000;
const at = { address: '10.0.0.1', port: 5_601 };
/** Clients, each with a session. A session may request packets only as fast as a receiver would: many attack together. */
const clients = Array.from({ length: 200 }, (_, i) => ({ address: `10.0.0.${2 + (i % 9)}`, port: 40_000 + i }));
const stations = makeStations(1_000);
const station = new Station({
  items: [
    { name: 'film', reel: fakeReel({ times: Array.from({ length: 15_000 }, (_, i) => i * 180), duration: 2_700_000 }) },
  ],
  ssrc: 77,
});
const rows: Record<string, string | number>[] = [];

/** A server that counts its work. */
function open(key?: ReturnType<typeof messageKey>) {
  let now = NOON;
  const batch = emptyBatch({ capacity: 64, buffer: retransmissionMemory(64) });
  let destinations = 0;
  const position = () => ({ next: PacketNumber(station.at(millisToTicks(Millis(now))) + 1), time: Millis(now) });
  const unicast: Unicast = new Unicast({
    sender: {
      batch,
      addDestination: () => destinations++,
      removeDestination: () => undefined,
      send: () => {
        batch.count = 0;
      },
    },
    reader: fakeReader(),
    bring: () => undefined,
    budget: { total: 1e12 },
    accepts: (from, cookie, time) => state.acceptsFeedback(from, cookie, time),
    countWork: (from, packets) => state.countWork(from, packets),
    members: (id) => state.members(id),
    onReadError: () => undefined,
    onFault: (_id, error) => {
      throw error;
    },
    now: Millis(NOON),
  });
  const directory = { stations: () => stations, position };
  const state: ServerState = new ServerState({
    ...{ server: 'hall', controlPort: at.port, directory, flows: unicast, secret: Buffer.alloc(32, 1), key },
  });
  unicast.add({ id: 'station-1', station, group: '239.1.1.1', port: 5_004, bitrate: 5e6, now: Millis(now) });
  const turn = (period: number): Millis => {
    now += period;
    return Millis(now);
  };
  return { state, unicast, turn, time: () => Millis(now) };
}

type Body = Parameters<typeof message>[2];
type RequestType = 'start' | 'tune' | 'keepalive' | 'replay';

/** A server, and clients that watch station-1. */
function sessions(key?: ReturnType<typeof messageKey>) {
  const server = open(key);
  const { state, unicast, time } = server;
  const seals = new Seals(key ?? null);
  let id = 1;
  const search = encodeMessage(message('start', id, {}), { minLength: 300 });
  const cookies = clients.map((client) => {
    const [challenge] = state.handle(search, client, time(), at);
    return Buffer.from(challenge!.subarray(16, 32)); // docs/protocol.md, the datagram
  });
  const request = (i: number, type: RequestType, body: Body, page = 0): Buffer =>
    seals.encode({ ...message(type as 'tune', ++id, body as never, { cookie: cookies[i] }), page }, at);
  const take = (i: number, datagram: Buffer): void => {
    const client = clients[i]!;
    if (isRtcp(datagram, 0, datagram.length)) unicast.feedback(datagram, 0, datagram.length, client, time());
    else if (state.handle(datagram, client, time(), at).length === 0) assert.fail('a request was not answered');
    unicast.tick(time());
  };
  for (let i = 0; i < clients.length; i++) {
    server.turn(1);
    take(i, request(i, 'tune', { station: 'station-1' }));
  }
  return { ...server, cookies, request, take };
}

/** Measures one kind of request: `make` returns its datagrams at a time. */
function measure(
  kind: string,
  steps: number,
  { turn, time, take }: ReturnType<typeof sessions>,
  clientOf: (i: number) => number,
  make: (i: number, now: number) => Buffer[],
): void {
  const period = Math.ceil((steps * 1_000) / RATE);
  const count = Math.min(REQUESTS, Math.floor(LONGEST / (RUNS + 1) / period));
  const samples: number[] = [];
  for (let run = 0; run <= RUNS; run++) {
    const begin = time();
    const by = Array.from({ length: count }, (_, i) => clientOf(i % clients.length));
    const requests = by.map((client, i) => make(client, begin + (i + 1) * period));
    const began = performance.now();
    for (const [i, request] of requests.entries()) {
      turn(period);
      for (const datagram of request) take(by[i]!, datagram);
    }
    if (run > 0) samples.push(((performance.now() - began) * 1_000) / count); // The first warms up.
  }
  const cost = samples.sort((a, b) => a - b)[RUNS / 2]!;
  rows.push({ request: kind, steps, µs: cost.toFixed(1), 'µs a step': (cost / steps).toFixed(2) });
}

for (const [kind, key] of [
  ['', undefined],
  [', sealed', messageKey(Buffer.alloc(32, 2))],
] as const) {
  const past = (now: number) => ({ kind: 'time' as const, time: Math.floor(now) - 60_000, item: false });
  const requests: [string, number, RequestType, (now: number) => Body, number?][] = [
    ['list, 16 pages', key ? 16 * SEAL_STEPS : 0, 'start', () => ({}), 3],
    ['keep-alive', 0, 'keepalive', () => ({})],
    ['tune without burst', 0, 'tune', () => ({ station: 'station-1' })],
    ['tune with burst', FLOW_STEPS, 'tune', () => ({ station: 'station-1', burst: { flow: 1 } })],
    ['replay', FLOW_STEPS, 'replay', (now) => ({ flow: 1, speed: 1, from: past(now) })],
  ];
  for (const [name, more, type, body, page] of requests) {
    const asking = sessions(key);
    // Flows of many sessions at once would be measured as well.
    const of = (i: number) => (more === FLOW_STEPS ? 0 : i);
    measure(`${name}${kind}`, REQUEST_STEPS + more, asking, of, (i, now) => [asking.request(i, type, body(now), page)]);
  }
}
for (const count of [0, 1, 16, 256, 4_000]) {
  for (const [kind, behind] of [
    ['of now', 0],
    ['of the past', 30_000],
  ] as const) {
    const asking = sessions();
    const steps = FEEDBACK_STEPS + count * PACKET_STEPS;
    measure(
      `feedback, ${count} packets ${kind}`,
      steps,
      asking,
      (i) => i,
      (i, now) => {
        const last = station.at(millisToTicks(Millis(now - behind))) - count;
        const missing = Array.from({ length: count }, (_, i) => PacketNumber(last + i));
        const cookie = asking.cookies[i]!;
        return encodeFeedback({ sender: 1, media: 77, cookie, missing, copies: 1, flow: null, report: null });
      },
    );
  }
}
finish({ tables: [[`Median of ${RUNS} runs.`, rows]], data: { rows }, out: options.out });
