import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerMessage } from '../../../../src/contract/live.js';
import { HandTimers } from '../../../../test/support/hand-timers.js';
import type { Connection } from '../player.js';
import { GatewayLink, type LinkSocket } from './gateway-link.js';

class FakeSocket implements LinkSocket {
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: (() => void) | null = null;
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.isClosed = true;
  }

  receive(...messages: ServerMessage[]): void {
    for (const message of messages) this.onmessage?.({ data: JSON.stringify(message) });
  }

  /** Its first messages. */
  welcome(time: number): void {
    this.receive(
      { type: 'hello', version: 1, server: 'projector', time, delay: 200 },
      { type: 'stations', stations: [] },
    );
  }
}

function open() {
  const timers = new HandTimers();
  const sockets: FakeSocket[] = [];
  const connections: Connection[] = [];
  const offsets: number[] = [];
  const messages: ServerMessage[] = [];
  const frames: ArrayBuffer[] = [];
  const link = new GatewayLink({
    open: () => {
      const socket = new FakeSocket();
      sockets.push(socket);
      return socket;
    },
    timers,
    random: () => 1,
    onConnection: (connection) => connections.push(connection),
    onClock: (offset) => offsets.push(offset),
    onMessage: (message) => messages.push(message),
    onMedia: (frame) => frames.push(frame),
  });
  const [socket] = sockets;
  assert.ok(socket);
  return { link, timers, socket, sockets, connections, offsets, messages, frames };
}

test('a connection is open once the list of stations has arrived', () => {
  const { link, socket, connections, messages } = open();
  assert.equal(link.send({ type: 'stop', channel: 1 }), false);
  socket.receive({ type: 'hello', version: 1, server: 'projector', time: 5000, delay: 200 });
  assert.deepEqual(connections, []);
  socket.receive({ type: 'stations', stations: [] });
  assert.deepEqual(connections, ['open']);
  assert.deepEqual(
    messages.map(({ type }) => type),
    ['hello', 'stations'],
  );
  assert.equal(link.send({ type: 'stop', channel: 1 }), true);
  assert.deepEqual(socket.sent.at(-1), { type: 'stop', channel: 1 });
});

test('messages and frames are passed on, and malformed messages are ignored', () => {
  const { socket, messages, frames } = open();
  socket.welcome(0);
  const frame = new ArrayBuffer(20);
  for (const data of ['{', 'null', '7', '{}', frame]) socket.onmessage?.({ data });
  assert.equal(messages.length, 2);
  assert.deepEqual(frames, [frame]);
});

test('the time is asked for quickly at first, then once a second', () => {
  const { timers, socket, offsets } = open();
  socket.welcome(7000);
  assert.deepEqual(offsets, [7000]);
  const pings = () => socket.sent.filter(({ type }) => type === 'ping').length;
  for (let i = 0; i < 12; i++) {
    timers.advance(2);
    const { id } = socket.sent.at(-1) as { id: number };
    socket.receive({ type: 'pong', id, time: 7000 + timers.now() - 1 });
    timers.advance(58);
  }
  assert.equal(offsets.at(-1), 7000);
  assert.equal(pings(), 5);
  timers.advance(1000);
  assert.equal(pings(), 6);
});

test('a lost connection is retried with growing pauses until it is open', () => {
  const { timers, socket, sockets, connections } = open();
  socket.welcome(0);
  socket.onclose?.();
  assert.deepEqual(connections, ['open', 'lost']);
  timers.advance(199);
  assert.equal(sockets.length, 1);
  timers.advance(1);
  assert.equal(sockets.length, 2);
  sockets[1]!.onclose?.();
  timers.advance(399);
  assert.equal(sockets.length, 2);
  timers.advance(1);
  assert.equal(sockets.length, 3);
  sockets[2]!.welcome(0);
  assert.deepEqual(connections, ['open', 'lost', 'lost', 'open']);
  sockets[2]!.onclose?.();
  timers.advance(200);
  assert.equal(sockets.length, 4);
});

test('a gateway that sends nothing after connecting is given up', () => {
  const { timers, socket, sockets } = open();
  timers.advance(5000);
  assert.equal(socket.isClosed, true);
  timers.advance(200);
  assert.equal(sockets.length, 2);
});

test('a connection in which nothing arrives any more is lost, even if its socket is open', () => {
  const { timers, socket, connections } = open();
  socket.welcome(0);
  timers.advance(6000);
  assert.deepEqual(connections, ['open', 'lost']);
  assert.equal(socket.isClosed, true);
});

test('a slow answer does not end a connection in which media arrives', () => {
  const { timers, socket, connections } = open();
  socket.welcome(0);
  for (let i = 0; i < 100; i++) {
    timers.advance(100);
    socket.onmessage?.({ data: new ArrayBuffer(16) });
  }
  assert.deepEqual(connections, ['open']);
});

test('the connection is retried at once when the network is back', () => {
  const { link, timers, sockets } = open();
  for (let i = 0; i < 6; i++) {
    sockets.at(-1)!.onclose?.();
    timers.advance(5000);
  }
  sockets.at(-1)!.onclose?.();
  const count = sockets.length;
  link.wake();
  assert.equal(sockets.length, count + 1);
  timers.advance(4999);
  assert.equal(sockets.length, count + 1);
});

test('an open connection is pinged when the machine wakes', () => {
  const { link, timers, socket, connections } = open();
  socket.welcome(0);
  timers.advance(60);
  const { id } = socket.sent.at(-1) as { id: number };
  socket.receive({ type: 'pong', id, time: 0 });
  link.wake();
  assert.deepEqual((socket.sent.at(-1) as { type: string }).type, 'ping');
  assert.deepEqual(connections, ['open']);
});

test('messages of an old socket are ignored, and a closed link does nothing', () => {
  const { link, timers, socket, sockets, messages } = open();
  const { onmessage } = socket;
  socket.onclose?.();
  onmessage?.({ data: '{"type":"stations","stations":[]}' });
  assert.equal(messages.length, 0);
  link.close();
  link.wake();
  timers.advance(60_000);
  assert.equal(sockets.length, 1);
  assert.equal(timers.pending, 0);
});
