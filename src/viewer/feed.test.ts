import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { stationInfo } from '../../test/support/channels.js';
import { HandTimers } from '../../test/support/hand-timers.js';
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
  const feed = new Feed({ onPlaceLost: ({ station }) => lost.push(station.name) });
  await feed.listen();
  try {
    await run(feed, lost);
  } finally {
    await feed.close();
  }
}

const unit = (text: string, time: number, randomAccess = false): Parameters<StreamBuffer['push']>[0] => ({
  time,
  data: Buffer.from(text),
  randomAccess,
});

test('a player gets the stream from its last random access point, and what comes after', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    for (const [time, text] of ['a', 'b', 'c'].entries()) buffer.push(unit(text, time, text === 'b'));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    assert.equal(response.headers['content-type'], 'video/mp2t');
    assert.equal(String(await bytes(response, 2)), 'bc');
    buffer.push(unit('d', 3));
    assert.equal(String(await bytes(response, 1)), 'd');
  }));

test('only the address that was given answers, and only while its station is the one fed', () =>
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

test('a player that reads slowly keeps its place; when the place is lost its answer ends and that is said', () =>
  withFeed(async (feed, lost) => {
    const buffer = new StreamBuffer({ maxBytes: 40_000_000 });
    const block = 'x'.repeat(1_000_000);
    buffer.push(unit(block, 0, true));
    const response = await request(feed.open({ station: stationInfo(1), buffer }));
    response.pause();
    for (let time = 1; time <= 100; time++) buffer.push(unit(block, time));
    assert.deepEqual(lost, []);
    assert.ok((feed.fed() ?? 100) < 90);
    response.resume();
    await once(response, 'end');
    assert.deepEqual(lost, ['Station 1']);
  }));

test('another station is spliced into the running answer at its random access point', () =>
  withFeed(async (feed) => {
    const [one, two] = [new StreamBuffer(), new StreamBuffer()];
    one.push(unit('one', 0, true));
    const jpeg = { station: stationInfo(3, { format: 'jpeg' }), buffer: two };
    assert.equal(feed.splice({ station: stationInfo(2), buffer: two }), false);
    const response = await request(feed.open({ station: stationInfo(1), buffer: one }));
    await bytes(response, 3);
    two.push(unit('no', 0));
    two.push(unit('two', 1, true));
    assert.equal(feed.splice({ station: stationInfo(2), buffer: two }), true);
    one.push(unit('more', 1));
    assert.equal(String(await bytes(response, 3)), 'two');
    assert.equal(feed.splice(jpeg), false);
  }));

test('a player that does not tell its place is given what it plays, and some ahead', async () => {
  const timers = new HandTimers();
  const feed = new Feed({ onPlaceLost: () => assert.fail('the place is held'), timers });
  await feed.listen();
  const buffer = new StreamBuffer();
  for (let time = 0; time < 60; time++) buffer.push(unit('x'.repeat(20_000), time * 90_000, true));
  const begin = (from: StreamBuffer): Cursor | null => from.openAtFirstRandomAccess();
  const response = await request(feed.open({ station: stationInfo(1), buffer, begin, paced: true }));
  response.resume();
  const given = (): number => 59 - buffer.ahead / 1000;
  assert.equal(given(), 3); // 0 and 1 and, as 1 is less than 1.5 ahead, 2
  assert.equal(feed.fed(), 0);
  timers.advance(499);
  assert.equal(given(), 3);
  timers.advance(1);
  assert.equal(given(), 4);
  assert.equal(feed.fed(), 45_000);
  assert.ok(feed.hasMore);
  feed.setPaused(true);
  timers.advance(60_000);
  assert.equal(given(), 4);
  assert.equal(feed.fed(), 45_000);
  feed.setPaused(false);
  timers.advance(1_000);
  assert.equal(given(), 5);
  assert.equal(feed.fed(), 135_000);
  await feed.close();
  assert.equal(timers.pending, 0);
});

/** One that keeps what readers have not read, and holds so many blocks. */
function keeping(blocks: number): StreamBuffer {
  const buffer = new StreamBuffer({ maxBytes: blocks * (BLOCK.length + 200) });
  buffer.keepsPlaces = true;
  return buffer;
}
const BLOCK = 'x'.repeat(1_000_000);

test('the place of a player that is paused is kept, and given up when its answer ends', () =>
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

test('a player that goes away gives up its place', () =>
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
    assert.equal(feed.fed(), null);
  }));

test('going on with another station gives up the place in the one before', () =>
  withFeed(async (feed) => {
    const [one, two] = [keeping(20), new StreamBuffer()];
    one.push(unit(BLOCK, 0, true));
    const response = await request(feed.open({ station: stationInfo(1), buffer: one }));
    response.pause();
    for (let time = 1; !one.isFull; time++) one.push(unit(BLOCK, time));
    feed.splice({ station: stationInfo(2), buffer: two });
    assert.equal(one.isFull, false);
  }));

test('a player begins where the source says, also when it comes a second time', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    for (const [time, text] of ['a', 'b', 'c'].entries()) buffer.push(unit(text, time, true));
    const url = feed.open({ station: stationInfo(1), buffer, begin: (from) => from.openAtFirstRandomAccess() });
    for (const response of [await request(url), await request(url)]) {
      assert.equal(String(await bytes(response, 3)), 'abc');
    }
    assert.equal(feed.fed(), 2);
  }));

test('where nothing more will come the answer stays open, until something else is fed', () =>
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

test('pictures in Matroska have their own times, modulo 2^33 ticks', () =>
  withFeed(async (feed) => {
    const buffer = new StreamBuffer();
    const station = stationInfo(1, { format: 'jpeg' });
    const beginning = 5 * 2 ** 33 - 90_000;
    for (const time of [0, 180_000]) buffer.push(unit('picture', beginning + time, true));
    const pictures = [0, 2_000].map((time) => matroskaPicture(2 ** 33 / 90 - 1_000 + time, Buffer.from('picture')));
    const expected = Buffer.concat([matroskaHeader(station), ...pictures]);
    const begin = (from: StreamBuffer): Cursor | null => from.openAtFirstRandomAccess();
    const response = await request(feed.open({ station, buffer, begin }));
    assert.deepEqual(await bytes(response, expected.length), expected);
  }));
