/** `/live` from end to end: a gateway with a station of this process, and WebSockets of another implementation. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { WebSocket } from 'ws';
import { Millis, Ticks90k } from '../src/base/units.js';
import type { ClientMessage, ServerMessage } from '../src/contract/live.js';
import { COMMON_DELAY } from '../src/contract/timing.js';
import { MOST_BEHIND } from '../src/gateway/delivery.js';
import { openGateway } from '../src/gateway/gateway.js';
import { LocalCatalogue } from '../src/gateway/local-catalogue.js';
import { Viewers } from '../src/gateway/viewers.js';
import { ThumbnailChild } from '../src/reel/thumbnail-child.js';
import { Station } from '../src/station/station.js';
import { FrameFlag, FrameKind, LIVE_HEADER_LENGTH, readFrameHeader } from '../src/wire/live-frame.js';
import { TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { until } from './support/display.js';
import type { SentFrame } from './support/fake-transport.js';
import { bigBuckBunny, reelOf, transportStream } from './support/film.js';
import { HandTimers } from './support/hand-timers.js';
import { makeStation } from './support/stations.js';

const EPOCH = 1_800_000_000_000;

/** A gateway with one station; the test turns the clock. */
async function openLive(context: TestContext) {
  const reel = await reelOf(context, bigBuckBunny);
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const info = makeStation(1);
  const timers = new HandTimers();
  const now = () => Millis(EPOCH + timers.now());
  const catalogue = new LocalCatalogue({ now, timers });
  catalogue.add({ station, info: () => info, poster: async () => null });
  const viewers = new Viewers();
  const thumbnailMaker = new ThumbnailChild({ timers, log() {} });
  const gateway = await openGateway({
    context: { catalogue, viewers, server: 'projector', ttl: 1, timers, thumbnailMaker, now, log() {} },
    host: '127.0.0.1',
    port: 0,
  });
  const pages: Page[] = [];
  context.after(async () => {
    // The clock stands still now, so silent pages would never be disconnected.
    for (const { socket } of pages) socket.terminate();
    await gateway.close();
    thumbnailMaker.close();
  });
  const openPage = async (): Promise<Page> => {
    const page = new Page(gateway.url);
    pages.push(page);
    await once(page.socket, 'open');
    return page;
  };
  /** Advances the clock until `isSo`, no faster than the page is sent the packets that leave. */
  const pass = async (isSo: () => boolean, { step = 40, page }: { step?: number; page?: Page } = {}) =>
    until(context, () => {
      if (isSo()) return true;
      if (page === undefined || (page.frames.at(-1)?.time ?? 0) >= now() - 200) timers.advance(step);
      return false;
    });
  return { station, info, timers, now, catalogue, viewers, gateway, openPage, pass };
}

class Page {
  readonly socket: WebSocket;
  readonly messages: ServerMessage[] = [];
  readonly frames: SentFrame[] = [];
  closed: number | null = null;

  constructor(url: string) {
    this.socket = new WebSocket(`${url.replace('http', 'ws')}/live`);
    this.socket.on('error', () => {});
    this.socket.on('close', (code) => {
      this.closed = code;
    });
    this.socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (!isBinary) {
        this.messages.push(JSON.parse(String(data)));
        return;
      }
      const header = readFrameHeader(new DataView(data.buffer, data.byteOffset, data.length));
      assert.ok(header);
      this.frames.push({ ...header, media: data.subarray(LIVE_HEADER_LENGTH) });
    });
  }

  send(message: ClientMessage): void {
    this.socket.send(JSON.stringify(message));
  }

  last<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }> | undefined {
    return this.messages.findLast((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  }
}

/** Asserts that the frames are the station's packets, without a gap, from `from` on. */
function assertWhole(station: Station, frames: readonly SentFrame[], from: number): void {
  const media = Buffer.concat(frames.map(({ media }) => media));
  assert.equal(media.length % TS_GROUP_LENGTH, 0);
  const first = station.randomAccessBefore(station.at(Ticks90k(Math.round(from * 90))));
  assert.equal(station.due(first), Math.round(from * 90));
  assert.ok(media.equals(transportStream(station, first, first + media.length / TS_GROUP_LENGTH)));
  assert.ok(frames[0]!.flags & FrameFlag.randomAccess);
}

test('a page gets the station’s bytes, also across a pause', { timeout: 60_000 }, async (context) => {
  const { station, info, now, pass, openPage } = await openLive(context);
  const page = await openPage();
  page.send({ type: 'ping', id: 1 });
  page.send({ type: 'tune', channel: 1, station: info.id });
  const reaches = (time: number) => () => (page.frames.at(-1)?.time ?? 0) >= time;
  await pass(reaches(EPOCH + 3_000), { page });
  assert.equal(page.last('hello')?.delay, COMMON_DELAY);
  assert.deepEqual(
    page.last('stations')?.stations.map(({ id }) => id),
    [info.id],
  );
  assert.equal(page.last('pong')?.id, 1);

  const held = (page.frames.at(-1)?.time ?? 0) + 400;
  page.send({ type: 'until', channel: 1, time: held });
  await pass(() => now() >= EPOCH + 40_000);
  const stopped = page.frames.at(-1)?.time ?? 0;
  assert.ok(stopped < held, `${held - stopped} ms`);
  page.send({ type: 'until', channel: 1, time: EPOCH + 20_000 });
  await pass(reaches(EPOCH + 19_900));
  const from = page.last('tuned')?.from;
  assert.ok(from !== undefined);
  assert.equal(page.last('moved'), undefined);
  assertWhole(station, page.frames, from);
});

test('the past is sent from the requested time on', { timeout: 60_000 }, async (context) => {
  const { station, info, pass, openPage } = await openLive(context);
  const page = await openPage();
  const at = EPOCH - 3_600_000;
  page.send({ type: 'tune', channel: 1, station: info.id, at, until: at + 5_000 });
  await pass(() => (page.frames.at(-1)?.time ?? 0) >= at + 4_900);
  const from = page.last('tuned')?.from;
  assert.ok(from !== undefined && from <= at);
  assertWhole(station, page.frames, from);
});

test('a page that is too slow is moved and notified, and the media that follows is complete', {
  timeout: 60_000,
}, async (context) => {
  const { station, info, timers, now, pass, viewers, openPage } = await openLive(context);
  // The film has just started, with a random access point, so a page starts near the air.
  timers.advance(1_500);
  const page = await openPage();
  page.send({ type: 'tune', channel: 1, station: info.id });
  await pass(() => page.frames.length > 10, { page });
  page.socket.pause();
  const [, viewer] = viewers.list[0]!;
  await pass(() => viewer.behind > MOST_BEHIND + 3_000);
  page.socket.resume();
  await until(context, () => page.last('moved') !== undefined);
  const end = now() + 2_000;
  await pass(() => (page.frames.at(-1)?.time ?? 0) > end, { page });
  // More than once if the clock was faster than reading.
  const moved = page.last('moved');
  assert.ok(moved?.reason === 'slow');
  const breaks = page.frames.flatMap(({ flags }, i) => (flags & FrameFlag.discontinuity ? [i] : []));
  const last = breaks.at(-1)!;
  assert.equal(page.frames[last]!.time, moved.from);
  assertWhole(station, page.frames.slice(last), moved.from);
  const from = page.last('tuned')?.from;
  assert.ok(from !== undefined);
  assertWhole(station, page.frames.slice(0, breaks[0]), from);
  assert.equal(viewer.moved, page.messages.filter(({ type }) => type === 'moved').length);
});

test('a hundred stalled pages do not delay another one, and are disconnected', {
  timeout: 120_000,
}, async (context) => {
  const { station, info, pass, viewers, openPage } = await openLive(context);
  const page = await openPage();
  const stuck = await Promise.all(Array.from({ length: 100 }, () => openPage()));
  for (const { socket } of stuck) {
    socket.send(JSON.stringify({ type: 'tune', channel: 1, station: info.id } satisfies ClientMessage));
    socket.pause();
  }
  page.send({ type: 'tune', channel: 1, station: info.id });
  await until(context, () => viewers.list.length === 101 && page.frames.length > 0);
  const mine = viewers.list.at(-1)?.[1];
  await pass(() => viewers.list.length === 1, { page });
  assert.equal(viewers.list[0]![1], mine);
  assert.equal(page.last('moved'), undefined);
  const from = page.last('tuned')?.from;
  assert.ok(from !== undefined);
  assertWhole(station, page.frames, from);
});

test('a station that goes off the air ends its channel and leaves the list', { timeout: 60_000 }, async (context) => {
  const { info, catalogue, pass, openPage } = await openLive(context);
  const page = await openPage();
  page.send({ type: 'tune', channel: 1, station: info.id });
  await pass(() => page.frames.length > 3);
  catalogue.remove(info.id);
  await pass(() => page.last('ended') !== undefined && page.last('stations')?.stations.length === 0);
  assert.equal(page.last('ended')?.channel, 1);
});

test('a gateway that closes sends close frames', { timeout: 60_000 }, async (context) => {
  const { info, gateway, pass, openPage } = await openLive(context);
  const page = await openPage();
  page.send({ type: 'tune', channel: 1, station: info.id });
  await pass(() => page.frames.length > 3);
  await gateway.close();
  await pass(() => page.closed !== null);
  assert.equal(page.closed, 1001);
});

test('a page that does not answer the close does not keep a gateway from closing', {
  timeout: 60_000,
}, async (context) => {
  const { gateway, pass, openPage } = await openLive(context);
  const page = await openPage();
  page.socket.pause();
  let isClosed = false;
  void gateway.close().then(() => {
    isClosed = true;
  });
  await pass(() => isClosed);
});

test('a page that answers no ping is disconnected', { timeout: 60_000 }, async (context) => {
  const { pass, timers, viewers, info, openPage } = await openLive(context);
  const page = await openPage();
  const other = await openPage();
  page.send({ type: 'tune', channel: 1, station: info.id, until: 0 });
  other.send({ type: 'tune', channel: 1, station: info.id, until: 0 });
  await pass(() => viewers.list.length === 2);
  page.socket.pause();
  await pass(() => viewers.list.length === 1, { step: 1_000 });
  assert.ok(timers.now() <= 61_000, `${timers.now()}`);
  assert.equal(other.socket.readyState, WebSocket.OPEN);
});

test('only pages of this gateway may connect, and only short text messages are accepted', {
  timeout: 60_000,
}, async (context) => {
  const { gateway, pass, openPage } = await openLive(context);
  const status = async (path: string, origin?: string) => {
    const socket = new WebSocket(gateway.url.replace('http', 'ws') + path, { origin });
    context.after(() => socket.terminate());
    socket.on('error', () => {});
    return Promise.race([
      once(socket, 'unexpected-response').then(([, response]) => response.statusCode),
      once(socket, 'open').then(() => 101),
    ]);
  };
  assert.equal(await status('/live'), 101);
  assert.equal(await status('/live', gateway.url), 101);
  assert.equal(await status('/live', 'https://elsewhere.example'), 403);
  assert.equal(await status('/live', 'null'), 403);
  assert.equal(await status('/elsewhere', gateway.url), 404);
  for (const [what, code] of [
    [Buffer.from('{"type":"ping","id":1}'), 1003],
    [JSON.stringify({ type: 'ping', id: 1, more: 'x'.repeat(64 * 1024) }), 1009],
  ] as const) {
    const page = await openPage();
    page.socket.send(what);
    await pass(() => page.closed !== null);
    assert.equal(page.closed, code);
  }
});

test('any bytes instead of frames leave other pages unaffected', { timeout: 60_000 }, async (context) => {
  const { gateway, openPage } = await openLive(context);
  const { port } = new URL(gateway.url);
  const greeting = `GET /live HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n`;
  const whole = `${greeting}sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  const send = async (head: string, bytes: Uint8Array) => {
    const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
    socket.resume();
    socket.write(head);
    socket.end(bytes);
    await once(socket, 'close');
  };
  await fc.assert(fc.asyncProperty(fc.constantFrom(whole, greeting), fc.uint8Array({ maxLength: 300 }), send), {
    numRuns: 100,
  });
  const page = await openPage();
  await until(context, () => page.last('stations') !== undefined);
});

test('thumbnails show the stream, over the WebSocket and by HTTP', { timeout: 60_000 }, async (context) => {
  const { info, gateway, openPage } = await openLive(context);
  const page = await openPage();
  page.send({ type: 'thumbnails', stations: [info.id] });
  // The clock stands still: the process that scales pictures has its own.
  await until(context, () => page.frames.length > 0);
  const [thumbnail] = page.frames;
  assert.deepEqual([thumbnail!.kind, thumbnail!.channel], [FrameKind.thumbnail, 1]);
  assert.ok(thumbnail!.time <= EPOCH && thumbnail!.time > EPOCH - 12_000, `${thumbnail!.time - EPOCH}`);
  const answer = await fetch(`${gateway.url}/stations/${info.id}/thumbnail.jpg`);
  assert.equal(answer.headers.get('content-type'), 'image/jpeg');
  assert.ok(Buffer.from(await answer.arrayBuffer()).equals(thumbnail!.media));
  assert.equal(thumbnail!.media.readUInt16BE(0), 0xffd8);
  assert.equal((await fetch(`${gateway.url}/stations/none/thumbnail.jpg`)).status, 404);
});
