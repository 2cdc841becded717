/** HLS, the playlist and the guide: the same on every gateway. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { Millis, PacketNumber, Ticks90k } from '../src/base/units.js';
import type { ApiStation } from '../src/contract/api.js';
import { openGateway } from '../src/gateway/gateway.js';
import { GONE } from '../src/gateway/hls/hls-viewers.js';
import { timeText } from '../src/gateway/lists/xmltv.js';
import { LocalCatalogue } from '../src/gateway/local-catalogue.js';
import { Viewers } from '../src/gateway/viewers.js';
import { Station } from '../src/station/station.js';
import { startsRandomAccess, TS_GROUP_LENGTH } from '../src/wire/ts.js';
import { until } from './support/display.js';
import { reelOf, sharedFilm, sharedStore, transportStream } from './support/film.js';
import { HandTimers } from './support/hand-timers.js';
import { serve, startMsc } from './support/msc.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { makeStation } from './support/stations.js';

const EPOCH = 1_800_000_000_000;
/** Seconds of a segment of the film. */
const LENGTH = 2;

/** Two gateways with a station of the same film each; the test turns the clock. */
async function open(context: TestContext) {
  const path = join(scratchFolder(context), 'film.mp4');
  makeSource({ path, seconds: 7, video: { frameRate: [25, 1], group: 30 }, audio: { channels: 2 } });
  const reel = await reelOf(context, path);
  const pictures = await reelOf(context, sharedFilm(1), { format: 'jpeg' });
  const timers = new HandTimers();
  const now = () => Millis(EPOCH + timers.now());
  const described = { randomAccessInterval: 1.2 };
  const catalogues: LocalCatalogue[] = [];
  const describe = (changes: typeof described) => {
    Object.assign(described, changes);
    for (const catalogue of catalogues) catalogue.changed('station-1');
  };
  const stationOf = () => new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const openOne = async () => {
    const catalogue = new LocalCatalogue({ now, timers, history: Millis(7_200_000) });
    catalogues.push(catalogue);
    const poster = async () => null;
    catalogue.add({ station: stationOf(), info: () => makeStation(1, described), poster });
    const other = new Station({ items: [{ name: 'still', reel: pictures }], ssrc: 2 });
    catalogue.add({
      station: other,
      info: () => makeStation(2, { id: 'größe', name: 'Größe', format: 'jpeg' }),
      poster: async () => Buffer.from('a poster'),
    });
    const viewers = new Viewers();
    const gateway = await openGateway({
      context: { catalogue, viewers, server: 'projector', ttl: 1, timers, now, log: (line) => assert.fail(line) },
      host: '127.0.0.1',
      port: 0,
    });
    context.after(() => gateway.close());
    return { url: gateway.url, viewers };
  };
  const [one, other] = [await openOne(), await openOne()];
  /** The body of a response; the clock advances while it is awaited. */
  const bytes = async (response: Response) => {
    let all: Buffer | undefined;
    void response.arrayBuffer().then((buffer) => {
      all = Buffer.from(buffer);
    });
    await until(context, () => {
      if (all === undefined && timers.pending > 0) timers.advance(Millis(1));
      return all !== undefined;
    });
    return all!;
  };
  return { station: stationOf(), describe, timers, now, one, other, bytes };
}

interface Listed {
  address: string;
  seconds: number;
  /** Unix epoch, ms. */
  date: number;
}

/** Reads a media playlist strictly. */
function readList(list: string): { sequence: number; target: number; segments: Listed[] } {
  const head =
    /^#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n#EXT-X-TARGETDURATION:(\d+)\n#EXT-X-MEDIA-SEQUENCE:(\d+)\n/;
  const [whole, target, sequence] = head.exec(list) ?? assert.fail(list);
  const each = /#EXT-X-PROGRAM-DATE-TIME:(\S+)\n#EXTINF:(\d+\.\d+),\n(\d+\.ts)\n/g;
  const body = list.slice(whole.length);
  const segments = [...body.matchAll(each)].map(([, date = '', seconds, address = '']) => ({
    address,
    seconds: Number(seconds),
    date: Date.parse(date),
  }));
  assert.equal(body.replaceAll(each, ''), '');
  for (const [i, { address }] of segments.entries()) assert.equal(address, `${Number(sequence) + i}.ts`);
  for (const { seconds } of segments) assert.ok(Math.round(seconds) <= Number(target));
  return { sequence: Number(sequence), target: Number(target), segments };
}

/** Address of the media playlist that a multivariant playlist refers to. */
async function leadsTo(address: string): Promise<string> {
  const main = await (await fetch(address)).text();
  return new URL(main.trimEnd().split('\n').at(-1)!, address).href;
}

const sum = (segments: readonly Listed[]): number => segments.reduce((all, { seconds }) => all + seconds, 0);

test('consecutive segments are the station, the same on every gateway', {
  timeout: 60_000,
}, async (context) => {
  const { station, one, other, bytes } = await open(context);
  const address = '/stations/station-1/2/index.m3u8';
  const answer = await fetch(one.url + address);
  assert.equal(answer.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  assert.equal(answer.headers.get('access-control-allow-origin'), '*');
  const list = await answer.text();
  assert.equal(list, await (await fetch(other.url + address)).text());
  const { segments, target } = readList(list);
  assert.ok(sum(segments) >= 3 * target, 'three target durations (RFC 8216, section 6.2.2)');

  const parts: Buffer[] = [];
  for (const { address: segment } of segments) {
    const response = await fetch(`${one.url}/stations/station-1/2/${segment}`);
    const tag = response.headers.get('etag') ?? assert.fail('no entity tag');
    assert.equal(response.headers.get('content-type'), 'video/mp2t');
    assert.equal(response.headers.get('cache-control'), 'public, max-age=31536000, immutable');
    const part = await bytes(response);
    assert.ok(startsRandomAccess(part));
    const elsewhere = await fetch(`${other.url}/stations/station-1/2/${segment}`);
    assert.equal(elsewhere.headers.get('etag'), tag);
    assert.ok((await bytes(elsewhere)).equals(part));
    const again = await fetch(`${one.url}/stations/station-1/2/${segment}`);
    assert.equal(again.headers.get('content-length'), String(part.length));
    assert.ok((await bytes(again)).equals(part));
    const known = await fetch(`${one.url}/stations/station-1/2/${segment}`, { headers: { 'if-none-match': tag } });
    assert.equal(known.status, 304);
    parts.push(part);
  }
  const all = Buffer.concat(parts);
  let first = station.at(Ticks90k(Math.round(segments[0]!.date * 90) + 90));
  while (station.randomAccessBefore(first) !== first) first--;
  assert.ok(all.equals(transportStream(station, first, first + all.length / TS_GROUP_LENGTH)));
  for (const [i, { date, seconds }] of segments.slice(0, -1).entries()) {
    assert.ok(Math.abs(date + seconds * 1000 - segments[i + 1]!.date) < 2);
  }
  const last = first + all.length / TS_GROUP_LENGTH;
  assert.ok(Math.abs((station.due(PacketNumber(last)) - station.due(first)) / 90_000 - sum(segments)) < 0.001);
});

test('a segment in the future is refused until it is complete', { timeout: 60_000 }, async (context) => {
  const { one, timers, bytes } = await open(context);
  const list = async () => readList(await (await fetch(`${one.url}/stations/station-1/2/index.m3u8`)).text());
  const { sequence, segments } = await list();
  const next = `${one.url}/stations/station-1/2/${sequence + segments.length}.ts`;
  const early = await fetch(next);
  assert.equal(early.status, 404);
  assert.equal(early.headers.get('content-type'), 'application/problem+json; charset=utf-8');
  assert.equal(early.headers.get('retry-after'), String(LENGTH));
  timers.advance(Millis(LENGTH * 2 * 1000));
  const later = await list();
  assert.equal(later.sequence, sequence + 2);
  assert.equal(later.segments.length, segments.length);
  assert.ok(startsRandomAccess(await bytes(await fetch(next))));
});

test('a playlist of the past starts at its time, and grows at the pace of the station', {
  timeout: 60_000,
}, async (context) => {
  const { one, now, timers, bytes } = await open(context);
  const main = `${one.url}/stations/station-1/index.m3u8`;
  const moment = now() - 600_000;
  const base = await leadsTo(`${main}?start=${moment / 1000}`);
  // Connections do not outlast the turns of the clock.
  const alone = { headers: { connection: 'close' } };
  const list = async () => readList(await (await fetch(base, alone)).text());
  const listedAt = now();
  const before = await list();
  const [begin] = before.segments;
  assert.ok(begin!.date <= moment && begin!.date + begin!.seconds * 1000 > moment - 1);
  assert.ok(startsRandomAccess(await bytes(await fetch(new URL(begin!.address, base), alone))));
  assert.equal(before.segments.length, 3, 'players that begin with the third from the end begin with it');

  timers.advance(Millis(60_000));
  const after = await list();
  assert.equal(after.sequence, before.sequence);
  const grown = (after.segments.length - before.segments.length) * LENGTH;
  assert.ok(Math.abs(grown - (now() - listedAt) / 1000) <= LENGTH, `${grown} s`);
  timers.advance(Millis(3_600_000));
  const long = await list();
  assert.equal(long.segments.length, 3_600 / LENGTH);
  assert.ok(long.sequence > before.sequence);

  const recent = await (await fetch(await leadsTo(`${main}?start=-0s`))).text();
  assert.ok(readList(recent).segments.length >= 1, 'the past may be of just now');
});

test('a player keeps its segment length when another suits the station better', {
  timeout: 60_000,
}, async (context) => {
  const { one, timers, describe, bytes } = await open(context);
  const main = `${one.url}/stations/station-1/index.m3u8`;
  const past = `${main}?start=-10m`;
  const [before, pastBefore] = [await leadsTo(main), await leadsTo(past)];
  assert.match(
    await (await fetch(main)).text(),
    /^#EXTM3U\n.*#EXT-X-STREAM-INF:BANDWIDTH=12000000,AVERAGE-BANDWIDTH=6000000,RESOLUTION=1920x1080/s,
  );
  const list = async (address: string) => readList(await (await fetch(address)).text());
  const [first, pastFirst] = [await list(before), await list(pastBefore)];
  describe({ randomAccessInterval: 9 });
  timers.advance(Millis(LENGTH * 1000));
  assert.match(await leadsTo(main), /\/10\/index\.m3u8$/);
  assert.match(await leadsTo(past), /\/10\/index\.m3u8\?from=/);
  const [second, pastSecond] = [await list(before), await list(pastBefore)];
  const last = ({ segments }: typeof first) => segments.at(-1)!.address;
  assert.equal(last(second), `${Number.parseInt(last(first), 10) + 1}.ts`);
  assert.ok(sum(second.segments) >= 3 * second.target);
  assert.equal(pastSecond.sequence, pastFirst.sequence);
  assert.equal(last(pastSecond), `${Number.parseInt(last(pastFirst), 10) + 1}.ts`);
  assert.ok(startsRandomAccess(await bytes(await fetch(new URL(last(second), before)))));
});

test('requests for missing things are answered with the next step', { timeout: 60_000 }, async (context) => {
  const { one } = await open(context);
  const ask = async (path: string) => {
    const answer = await fetch(one.url + path);
    const { detail } = (await answer.json()) as { detail: string };
    return `${answer.status} ${detail}`;
  };
  assert.match(await ask('/stations/gr%C3%B6%C3%9Fe/index.m3u8'), /^404 .*\.mjpeg/);
  assert.match(await ask('/stations/gr%C3%B6%C3%9Fe/2/index.m3u8'), /^404 .*\.mjpeg/);
  assert.match(await ask('/stations/gr%C3%B6%C3%9Fe/2/1.ts'), /^404 .*\.mjpeg/);
  assert.match(await ask('/stations/none/index.m3u8'), /^404 /);
  assert.match(await ask('/stations/station-1/2/0.ts'), /^404 .*back that far/);
  assert.match(await ask('/stations/station-1/index.m3u8?start=1000'), /^404 .*back that far/);
  assert.match(await ask('/stations/station-1/2/999999999999.ts'), /^404 .*in the future/);
  for (const name of ['1.ts', '2/01.ts', '2/-1.ts', '2/1.5.ts', '2/x.ts', '2/9999999999999.ts']) {
    assert.match(await ask(`/stations/station-1/${name}`), /^404 There is nothing at this address/);
  }
  for (const seconds of ['0', '1', '02', '2.5', '61', '999', 'x']) {
    assert.match(await ask(`/stations/station-1/${seconds}/index.m3u8`), /^404 index\.m3u8 beside/);
    assert.match(await ask(`/stations/station-1/${seconds}/1.ts`), /^404 index\.m3u8 beside/);
  }
  for (const query of ['start=soon', 'start=99999999999']) {
    assert.match(await ask(`/stations/station-1/index.m3u8?${query}`), /^400 /);
  }
  for (const query of ['from=1', 'behind=1', 'from=x&behind=1', 'from=1&from=2']) {
    assert.match(await ask(`/stations/station-1/2/index.m3u8?${query}`), /^400 /);
  }
  assert.match(await ask('/stations/station-1/2/index.m3u8?from=999999999999&behind=0'), /^404 /);
  assert.match(await ask('/stations/station-1/2/index.m3u8?from=0&behind=999999999999'), /^404 /);
});

test('a client that watches by HLS is a viewer', { timeout: 60_000 }, async (context) => {
  const { one, timers, bytes } = await open(context);
  const base = `${one.url}/stations/station-1/2/`;
  const { segments } = readList(await (await fetch(`${base}index.m3u8`)).text());
  const sent = await bytes(await fetch(base + segments[0]!.address));
  const [, viewer] = one.viewers.list[0]!;
  assert.deepEqual([viewer.kind, viewer.station, viewer.bytes], ['hls', 'station-1', sent.length]);
  assert.equal(one.viewers.list.length, 1);
  timers.advance(Millis(2 * GONE));
  assert.equal(one.viewers.list.length, 0);
});

/** Sends a request with this Host header. */
async function askAs(url: string, host: string): Promise<{ status?: number; type?: string; body: string }> {
  const [response] = await once(get(url, { headers: { host } }), 'response');
  return { status: response.statusCode, type: response.headers['content-type'], body: await text(response) };
}

test('the playlist and the guide use the origin of the request', { timeout: 60_000 }, async (context) => {
  const { one, now } = await open(context);
  const list = await askAs(`${one.url}/stations.m3u`, 'tv.example:8080');
  assert.equal(list.type, 'audio/x-mpegurl');
  const addresses = (body: string) => body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const base = 'http://tv.example:8080/stations/';
  assert.deepEqual(addresses(list.body), [`${base}station-1.ts`, `${base}gr%C3%B6%C3%9Fe.mjpeg`]);
  assert.match(list.body, /^#EXTM3U x-tvg-url="http:\/\/tv\.example:8080\/guide\.xml"/);
  assert.match(list.body, /tvg-logo="http:\/\/tv\.example:8080\/stations\/station-1\/thumbnail\.jpg"/);
  assert.match(list.body, /tvg-logo="http:\/\/tv\.example:8080\/stations\/gr%C3%B6%C3%9Fe\/poster\.jpg"/);
  const hls = await askAs(`${one.url}/stations.m3u?via=hls`, '[::1]:80');
  const six = 'http://[::1]:80/stations/';
  assert.deepEqual(addresses(hls.body), [`${six}station-1/index.m3u8`, `${six}gr%C3%B6%C3%9Fe.mjpeg`]);
  const groups = await askAs(`${one.url}/stations.m3u?via=multicast`, 'tv');
  assert.deepEqual(addresses(groups.body), ['rtp://@239.255.0.1:5004', 'rtp://@239.255.0.2:5004']);

  const guide = await askAs(`${one.url}/guide.xml?hours=1`, 'tv.example');
  assert.equal(guide.type, 'application/xml; charset=utf-8');
  const [begin, end] = [/start="(\d+) \+0000"/, /stop="(\d+) \+0000"/].map((pattern) => pattern.exec(guide.body)?.[1]);
  const [at, later] = [now(), Millis(now() + 3_600_000)].map(timeText);
  assert.ok(`${begin} +0000` <= at! && `${end} +0000` >= later!);
  assert.equal(guide.body.match(/<channel /g)?.length, 2);
  assert.equal(guide.body.match(/<programme /g)?.length, 2, 'what goes on for ever is one programme');

  for (const host of ['tv.example/evil', 'a"b', 'a b', 'user@tv', '[::1', 'x'.repeat(300)]) {
    for (const path of ['/stations.m3u', '/guide.xml']) {
      assert.equal((await askAs(one.url + path, host)).status, 400, host);
    }
  }
  for (const path of ['/stations.m3u?via=pigeon', '/guide.xml?hours=0', '/guide.xml?hours=169', '/guide.xml?hours=x']) {
    assert.equal((await fetch(one.url + path)).status, 400, path);
  }
});

test('a gateway that receives a station from the network has the same segments', {
  timeout: 60_000,
}, async (context) => {
  const film = sharedFilm(7);
  const store = await sharedStore();
  const server = await serve(context, [`Segments=${film}`, '--store', store.folder, '--http', '127.0.0.1:0'], 1);
  const child = startMsc(context, ['gateway', '--json', '--http', '127.0.0.1:0']);
  const [line] = await once(createInterface({ input: child.stdout! }), 'line');
  const url: string = JSON.parse(line).url;
  const listUrl = async (): Promise<string | undefined> => {
    const stations = ((await (await fetch(`${url}/api/v1/stations`)).json()) as { stations: ApiStation[] }).stations;
    const found = stations.find(({ ssrc }) => ssrc === server.stations[0]!.ssrc);
    return found && `${url}/stations/${encodeURIComponent(found.id)}`;
  };
  let base: string | undefined;
  await until(context, async () => {
    base = await listUrl();
    return base !== undefined;
  });
  const list = await leadsTo(`${base}/index.m3u8`);
  const { segments } = readList(await (await fetch(list)).text());
  const past = readList(await (await fetch(await leadsTo(`${base}/index.m3u8?start=-1h`))).text());
  const ownList = await leadsTo(`${server.url}/stations/${server.stations[0]!.id}/index.m3u8`);
  for (const { address } of [...segments.slice(-3), past.segments[0]!]) {
    const received = Buffer.from(await (await fetch(new URL(address, list))).arrayBuffer());
    const own = await fetch(new URL(address, ownList));
    assert.ok(received.equals(Buffer.from(await own.arrayBuffer())));
    assert.ok(startsRandomAccess(received));
  }
});
