import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { FakeFlows } from '../../test/support/flows.js';
import { makeStations } from '../../test/support/stations.js';
import type { SocketAddress } from '../base/socket-address.js';
import { Millis, PacketNumber } from '../base/units.js';
import { openEndpoint } from '../net/endpoint.js';
import { decodeFeedback } from '../wire/feedback.js';
import { decodeMessage } from '../wire/message.js';
import { openSession } from './client.js';
import { ServerState } from './server-state.js';

const here = '127.0.0.1';
const onError = (error: Error): void => assert.fail(error);
const feedback = { sender: 1, media: 2, missing: [PacketNumber(70_000)], copies: 2, flow: null, report: null };
const packet = Buffer.concat([Buffer.from([0x80, 97]), Buffer.alloc(20, 5)]);

/** A server's socket, which answers requests and reports other datagrams, and a session with it. */
async function meeting(context: TestContext) {
  const received = new EventEmitter();
  const flows = new FakeFlows();
  const position = () => ({ next: PacketNumber(7), time: Millis(1_000) });
  const directory = { stations: () => makeStations(2), position };
  const state = new ServerState({ server: 'hall', controlPort: 1, directory, flows, secret: Buffer.alloc(32, 1) });
  let client: SocketAddress | null = null;
  const server = await openEndpoint({
    address: here,
    onError,
    onDatagram: (datagram, from) => {
      client = from;
      for (const reply of state.handle(datagram, from, Millis(1_000), server)) server.send(reply, from);
      received.emit(decodeMessage(datagram)?.type ?? 'other', datagram);
    },
  });
  const media = new EventEmitter();
  const session = await openSession({
    address: here,
    port: server.port,
    localAddress: here,
    onMedia: (datagram) => media.emit('packet', datagram),
  });
  context.after(async () => {
    await session.exit();
    await server.close();
  });
  return { server, session, received, media, flows, client: () => client ?? assert.fail('no client yet') };
}

test('packets from the server are handed over, those from strangers are not', async (context) => {
  const { server, session, media, client } = await meeting(context);
  await session.tune('station-1');
  const stranger = await openEndpoint({ address: here, onError });
  const handed: Buffer[] = [];
  media.on('packet', (datagram) => handed.push(datagram));
  stranger.send(Buffer.from(packet).fill(9, 2), client());
  await stranger.close(); // resolves when it has left; datagrams to one local socket arrive in order
  const arrived = once(media, 'packet');
  server.send(packet, client());
  await arrived;
  assert.deepEqual(handed, [packet]);
});

test('feedback carries the latest cookie of the server, and is not sent before the first', async (context) => {
  const { session, received } = await meeting(context);
  const feedbacks: Buffer[] = [];
  received.on('other', (datagram) => feedbacks.push(datagram));
  session.feedback(feedback);
  await session.tune('station-1');
  assert.equal(feedbacks.length, 0);
  const came = once(received, 'other');
  session.feedback(feedback);
  await came;
  const decoded = decodeFeedback(feedbacks[0]!, 0, feedbacks[0]!.length) ?? assert.fail('not understood');
  const { cookie, ...rest } = decoded;
  assert.deepEqual(rest, feedback);
  assert.ok(!cookie.equals(Buffer.alloc(16)));
});

test('a burst and a replay begin where the server’s answer says', async (context) => {
  const { session, flows } = await meeting(context);
  const tuned = await session.tune('station-1', { flow: 9 });
  assert.deepEqual(tuned.burst, { flow: 9, from: 100, time: 5 });
  const { from, time, oldest } = await session.replay({ flow: 10, speed: 3, from: { kind: 'packet', packet: 90 } });
  assert.deepEqual([from, time, oldest], [100, 5, 0]);
  assert.equal([...flows.running.values()][0]!.request.flow, 10);
});

test('the server can be checked at any time', async (context) => {
  const { session, received } = await meeting(context);
  await session.tune('station-1');
  const asked = once(received, 'keepalive');
  session.check();
  await asked;
});
