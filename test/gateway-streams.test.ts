/** `/stations/{id}.ts` and `.mjpeg` as a socket receives them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { Millis, millisToTicks, PacketNumber } from '../src/base/units.js';
import { MOST_QUEUED, STALLED } from '../src/gateway/delivery.js';
import { openGateway } from '../src/gateway/gateway.js';
import { LocalCatalogue } from '../src/gateway/local-catalogue.js';
import { Viewers } from '../src/gateway/viewers.js';
import { Station } from '../src/station/station.js';
import type { StationFormat } from '../src/wire/station-format.js';
import { TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { until } from './support/display.js';
import { bigBuckBunny, reelOf, sharedFilm, transportStream } from './support/film.js';
import { HandTimers } from './support/hand-timers.js';
import { makeStation } from './support/stations.js';

const EPOCH = 1_800_000_000_000;

/** A gateway with one station; the test turns the clock. */
async function open(context: TestContext, format: StationFormat = 'h264') {
  const film = format === 'h264' ? bigBuckBunny : sharedFilm(2);
  const reel = await reelOf(context, film, { format });
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const info = makeStation(1, { format });
  const timers = new HandTimers();
  const now = () => Millis(EPOCH + timers.now());
  const catalogue = new LocalCatalogue({ now, timers });
  catalogue.add({ station, info: () => info, poster: async () => Buffer.from('a poster') });
  const viewers = new Viewers();
  const gateway = await openGateway({
    context: { catalogue, viewers, server: 'projector', ttl: 1, timers, now, log: (line) => assert.fail(line) },
    host: '127.0.0.1',
    port: 0,
  });
  context.after(() => gateway.close());
  const ask = (path: string, method = 'GET'): Response => {
    const response = new Response(connect(Number(new URL(gateway.url).port), '127.0.0.1'));
    response.socket.write(`${method} /stations/${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
    return response;
  };
  /** Advances the clock until `isSo`, no faster than viewers are sent the packets that leave. */
  const pass = (isSo: () => boolean, step = 20) =>
    until(context, () => {
      if (isSo()) return true;
      const inTime = step > 20 || viewers.list.every(([, { behind }]) => behind < 3_000 || behind > 60_000);
      if (timers.pending > 0 && inTime) timers.advance(Millis(step));
      return false;
    });
  return { station, timers, now, catalogue, viewers, ask, pass };
}

class Response {
  #bytes: Buffer = Buffer.alloc(0);
  isEnded = false;

  constructor(readonly socket: Socket) {
    socket.on('error', () => undefined); // The test checks its end.
    socket.on('close', () => {
      this.isEnded = true;
    });
    socket.on('data', (data) => {
      this.#bytes = Buffer.concat([this.#bytes, data]);
    });
  }

  get head(): string {
    return this.#bytes.subarray(0, Math.max(0, this.#bytes.indexOf('\r\n\r\n'))).toString('latin1');
  }

  get body(): Buffer {
    const end = this.#bytes.indexOf('\r\n\r\n');
    return end < 0 ? Buffer.alloc(0) : this.#bytes.subarray(end + 4);
  }
}

const wholePackets = (body: Buffer): Buffer =>
  body.subarray(0, Math.floor(body.length / TS_GROUP_LENGTH) * TS_GROUP_LENGTH);

/** Asserts that the bytes are the station's, from the last random access point at some time from `from` to `to` on. */
function assertSent(station: Station, body: Buffer, from: number, to: number): void {
  const sent = wholePackets(body);
  const earliest = station.randomAccessBefore(station.at(millisToTicks(Millis(from))));
  let n = station.randomAccessBefore(station.at(millisToTicks(Millis(to))));
  const isFrom = (first: number) => sent.equals(transportStream(station, first, first + sent.length / TS_GROUP_LENGTH));
  while (!isFrom(n) && n > earliest) n = station.randomAccessBefore(PacketNumber(n - 1));
  assert.ok(isFrom(n));
}

test('a station is sent as it is, without framing, from a random access point on', async (context) => {
  const { station, now, ask, pass, viewers } = await open(context);
  const asked = now();
  const response = ask('station-1.ts');
  await pass(() => response.body.length > 2_000_000);
  assert.match(response.head, /^HTTP\/1.1 200 OK/);
  assert.match(response.head, /content-type: video\/mp2t/i);
  assert.match(response.head, /access-control-allow-origin: \*/i);
  assert.match(response.head, /connection: close/i);
  assert.doesNotMatch(response.head, /transfer-encoding|content-length/i);
  assertSent(station, response.body, asked - 1_000, now() - 1_000);
  const [, viewer] = viewers.list[0]!;
  assert.equal(viewer.station, 'station-1');
  assert.ok(viewer.bytes >= response.body.length);
  response.socket.destroy();
  await pass(() => viewers.list.length === 0);
  assert.equal(viewers.totals.viewers, 1);
});

test('a time of the past is given in seconds, as a time of day, or as an age', async (context) => {
  const { station, now, ask, pass } = await open(context);
  const hour = 3_600_000;
  const moment = now() - hour;
  for (const at of [String(moment / 1000), `${new Date(moment).toISOString().slice(0, 19)}Z`, '-1h']) {
    const response = ask(`station-1.ts?at=${at}`);
    await pass(() => response.body.length > 500_000);
    assertSent(station, response.body, moment, now() - hour);
    response.socket.destroy();
  }
});

test('a HEAD request gets the headers, and is no viewer', async (context) => {
  const { ask, pass, viewers } = await open(context);
  const response = ask('station-1.ts', 'HEAD');
  await pass(() => response.head !== '');
  assert.match(response.head, /^HTTP\/1.1 200 OK[\s\S]*video\/mp2t/i);
  assert.equal(viewers.totals.viewers, 0);
  response.socket.destroy();
});

test('a stalled viewer is disconnected, and its queue is bounded', { timeout: 60_000 }, async (context) => {
  const { ask, pass, timers, viewers } = await open(context);
  const response = ask('station-1.ts');
  await once(response.socket, 'data');
  response.socket.pause();
  const before = timers.now();
  await pass(() => viewers.list.length === 0, 200);
  assert.ok(timers.now() - before >= STALLED);
  // Bytes in the system's buffers count as sent.
  assert.ok(viewers.totals.bytes < 32 * 2 ** 20 + MOST_QUEUED, `${viewers.totals.bytes} bytes`);
});

test('a station that goes off the air ends its streams', async (context) => {
  const { ask, pass, catalogue } = await open(context);
  const response = ask('station-1.ts');
  await pass(() => response.body.length > 100_000);
  catalogue.remove('station-1');
  await pass(() => response.isEnded);
});

test('an operator disconnects a viewer', async (context) => {
  const { ask, pass, viewers } = await open(context);
  const response = ask('station-1.ts');
  await pass(() => response.body.length > 100_000);
  const [id] = viewers.list[0]!;
  assert.equal(viewers.close(id), true);
  await pass(() => response.isEnded);
  assert.equal(viewers.close(id), false);
});

test('the pictures of a JPEG station are parts, each complete and with its length', async (context) => {
  const { ask, pass } = await open(context, 'jpeg');
  const response = ask('station-1.mjpeg');
  await pass(() => response.body.length > 300_000);
  assert.match(response.head, /content-type: multipart\/x-mixed-replace; boundary=picture/i);
  let { body } = response;
  let pictures = 0;
  for (;;) {
    const head = /^--picture\r\ncontent-type: image\/jpeg\r\ncontent-length: (\d+)\r\n\r\n/.exec(
      body.toString('latin1', 0, 200),
    );
    if (!head || body.length < head[0].length + Number(head[1]) + 2) break;
    const picture = body.subarray(head[0].length, head[0].length + Number(head[1]));
    assert.equal(picture.readUInt16BE(0), 0xffd8);
    assert.equal(picture.readUInt16BE(picture.length - 2), 0xffd9);
    body = body.subarray(head[0].length + picture.length + 2);
    pictures++;
  }
  assert.ok(pictures >= 10, `${pictures} pictures`);
  response.socket.destroy();
});

test('a station has a poster and an SDP description', async (context) => {
  const { ask, pass } = await open(context);
  const [poster, sdp] = [ask('station-1/poster.jpg'), ask('station-1.sdp')];
  await pass(() => poster.body.length > 0 && sdp.body.length > 0);
  assert.match(poster.head, /content-type: image\/jpeg/i);
  assert.equal(String(poster.body), 'a poster');
  assert.match(sdp.head, /content-type: application\/sdp/i);
  assert.match(String(sdp.body), /^v=0\r\n[\s\S]*m=video \d+ RTP\/AVP 33/);
  for (const { socket } of [poster, sdp]) socket.destroy();
});
