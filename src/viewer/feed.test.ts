import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { stationInfo } from '../../test/support/channels.js';
import { Millis, Ticks90k } from '../base/units.js';
import { type Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import { matroskaHeader, matroskaPicture } from '../wire/matroska.js';
import { Feed } from './feed.js';

const request = async (url: string): Promise<IncomingMessage> => {
  const [response] = await once(get(url), 'response');
  return response as IncomingMessage;
};

/** Reads until `length` bytes are there. */
async function bytes(response: IncomingMessage, length: number): Promise<Buffer> {
  let read = Buffer.alloc(0);
  while (read.length < length) {
    const chunk: Buffer | null = response.read();
    if (chunk) read = Buffer.concat([read, chunk]);
    else await once(response, 'readable');
  }
  return read;
}

async function withFeed(run: (feed: Feed, lost: string[]) => Promise<void>): Promise<void> {
  const lost: string[] = [];
  const feed = new Feed({ onPositionLost: ({ station }) => lost.push(station.name) });
  await feed.listen();
  try {
    await run(feed, lost);
  } finally {
    await feed.close();
  }
}

const unit = (text: string, time: number, randomAccess = false): Parameters<StreamBuffer['push']>[0] => ({
  time: Ticks90k(time),
  data: Buffer.from(text),
  randomAccess,
});

test('a player is sent the stream from its last random access point on', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    for (const [time, text] of ['a', 'b', 'c'].entries()) buffer.push(unit(text, time, text === 'b'));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    assert.equal(response.headers['content-type'], 'video/mp2t');
    assert.equal(String(await bytes(response, 2)), 'bc');
    buffer.push(unit('d', 3));
    assert.equal(String(await bytes(response, 1)), 'd');
  }));

test('only the address returned by open answers, and only until the next open', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    const first = feed.open({ station: stationInfo(1), buffer });
    const second = feed.open({ station: stationInfo(2, { format: 'jpeg' }), buffer });
    assert.match(second, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/2\.mkv$/);
    for (const url of [first, new URL('/', second).href, second.replace('mkv', 'ts')]) {
      const response = await request(url);
      assert.equal(response.statusCode, 404);
      response.resume();
    }
  }));

test('a player that reads slowly keeps its position; when the buffer drops it, the response ends and the loss is reported', () =>
  withFeed(async (feed, lost) => {
    const buffer = new StreamBuffer({ maxBytes: 40_000_000 });
    const block = 'x'.repeat(1_000_000);
    buffer.push(unit(block, 0, true));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    response.pause();
    for (let time = 1; time <= 100; time++) buffer.push(unit(block, time));
    assert.deepEqual(lost, []);
    assert.ok((feed.sentTime() ?? 100) < 90);
    response.resume();
    await once(response, 'end');
    assert.deepEqual(lost, ['Station 1']);
  }));

/** A buffer that holds this many blocks, and units that readers have not read. */
function keeping(blocks: number): StreamBuffer {
  const buffer = new StreamBuffer({ maxBytes: blocks * (BLOCK.length + 200) });
  buffer.keepsUnread = true;
  return buffer;
}
const BLOCK = 'x'.repeat(1_000_000);

test('the position of a paused player is held, and released when its response ends', () =>
  withFeed(async (feed, lost) => {
    const buffer = keeping(20);
    buffer.push(unit(BLOCK, 0, true));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    response.pause();
    for (let time = 1; !buffer.isFull; time++) buffer.push(unit(BLOCK, time));
    assert.deepEqual(lost, []);
    const room = new Promise<void>((resolve) => {
      buffer.onRoom = resolve;
    });
    feed.open({ station: stationInfo(2), buffer: new StreamBuffer() });
    await room;
    assert.equal(buffer.isFull, false);
  }));

test('a player that disconnects releases its position', () =>
  withFeed(async (feed) => {
    const buffer = keeping(20);
    buffer.push(unit(BLOCK, 0, true));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    response.pause();
    for (let time = 1; !buffer.isFull; time++) buffer.push(unit(BLOCK, time));
    const room = new Promise<void>((resolve) => {
      buffer.onRoom = resolve;
    });
    response.destroy();
    await room;
    assert.equal(feed.sentTime(), null);
  }));

test('a player begins where the source says, also at its second request', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    for (const [time, text] of ['a', 'b', 'c'].entries()) buffer.push(unit(text, time, true));
    const url = feed.open({ station: stationInfo(1), buffer, begin: (from) => from.openAtFirstRandomAccess() });
    for (const response of [await request(url), await request(url)]) {
      assert.equal(String(await bytes(response, 3)), 'abc');
    }
    assert.equal(feed.sentTime(), 2);
  }));

test('after the last unit the response stays open until another source is opened', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    buffer.push(unit('a', 0, true));
    const url = feed.open({ station: stationInfo(1), buffer });
    const response = await request(url);
    assert.equal(String(await bytes(response, 1)), 'a');
    let ended = false;
    const end = once(response.resume(), 'end').then(() => {
      ended = true;
    });
    buffer.finish();
    (await request(new URL('/', url).href)).resume(); // another way there and back
    assert.equal(ended, false);
    feed.open({ station: stationInfo(1), buffer });
    await end;
  }));

test('pictures in Matroska carry their own times, modulo 2^33 ticks', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    const station = stationInfo(1, { format: 'jpeg' });
    const beginning = 5 * 2 ** 33 - 90_000;
    for (const time of [0, 180_000]) buffer.push(unit('picture', beginning + time, true));
    const pictures = [0, 2_000].map((time) =>
      matroskaPicture(Millis(2 ** 33 / 90 - 1_000 + time), Buffer.from('picture')),
    );
    const expected = Buffer.concat([matroskaHeader(station), ...pictures]);
    const begin = (from: StreamBuffer): Cursor | null => from.openAtFirstRandomAccess();
    const response = await request(feed.open({ station, buffer, begin }));
    assert.deepEqual(await bytes(response, expected.length), expected);
  }));
