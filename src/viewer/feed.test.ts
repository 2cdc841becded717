import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { stationInfo } from '../../test/support/channels.js';
import { StreamBuffer } from '../receiver/stream-buffer.js';
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
