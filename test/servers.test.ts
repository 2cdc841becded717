import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { Millis, millisToTicks, PacketNumber, SEQUENCE_MODULUS, unwrap } from '../src/base/units.js';
import type { Reel } from '../src/reel/reel.js';
import { Station } from '../src/station/station.js';
import { parseRtp } from '../src/wire/rtp.js';
import { capture } from './support/capture.js';
import { until } from './support/display.js';
import { bigBuckBunny, makeFilm, reelOf, sharedFilm, sharedStore } from './support/film.js';
import { runMsc, serve, startMsc } from './support/msc.js';
import { makeSource } from './support/sources.js';
import { scratchFolder } from './support/spool.js';

/** Datagrams by packet number, unwrapped near the current one. */
function byNumber(datagrams: Buffer[], station: Station): Map<number, Buffer> {
  const near = station.at(millisToTicks(Millis(Date.now())));
  return new Map(
    datagrams.map((datagram) => [unwrap(parseRtp(datagram)!.sequenceNumber, near, SEQUENCE_MODULUS), datagram]),
  );
}

function assertSame(received: Map<number, Buffer>, station: Station): void {
  assert.ok(received.size > 0);
  for (const [n, datagram] of received)
    assert.deepEqual(datagram, station.packets(PacketNumber(n), PacketNumber(n + 1))[0], `packet ${n}`);
}

const asStation = (reel: Reel, ssrc: number) => new Station({ items: [{ name: 'film', reel }], ssrc });

test('two servers of a station send the same bytes, which a third one computes', async (context) => {
  const store = await sharedStore();
  const words = [`Twins=${bigBuckBunny}`, '--store', store.folder];
  const first = await serve(context, words, 1);
  const second = await serve(context, words, 1);
  const [info] = first.stations;
  assert.deepEqual(second.stations, first.stations);
  const captured = await capture(context, info!);
  await captured.until(
    () => captured.bySender.size === 2 && [...captured.bySender.values()].every((sent) => sent.length > 1_000),
  );
  const station = asStation(await reelOf(context, bigBuckBunny, {}, store), info!.ssrc);
  const [one, two] = [...captured.bySender.values()].map((sent) => byNumber(sent, station));
  const common = [...one!.keys()].filter((n) => two!.has(n));
  assert.ok(common.length > 500, `${common.length} packets from both`);
  for (const n of common) assert.deepEqual(one!.get(n), two!.get(n));
  assertSame(one!, station);
  assertSame(two!, station);
  assert.equal(await first.stop(), 0);
  assert.equal(await second.stop(), 0);
});

test('msc list has a station of two servers once, with both, and then with the one that remains', async (context) => {
  const store = await sharedStore();
  const film = sharedFilm(2);
  const words = [`Listed ${process.pid}=${film}`, '--store', store.folder];
  const servers = [await serve(context, words, 1), await serve(context, words, 1)];
  const id = servers[0]!.stations[0]!.id;
  const listedServers = async (): Promise<{ port: number }[][]> => {
    const { stdout } = await runMsc(context, ['list', '--json', '--interface', 'lo']);
    const listed = JSON.parse(stdout) as { id: string; servers: { port: number }[] }[];
    return listed.filter((station) => station.id === id).map((station) => station.servers);
  };
  // A busy server may answer after the list is complete without it.
  let listed: { port: number }[][] = [];
  await until(context, async () => {
    listed = await listedServers();
    return listed.flat().length === 2;
  });
  assert.equal(listed.length, 1);
  assert.equal(new Set(listed.flat().map(({ port }) => port)).size, 2);
  assert.equal(await servers[0]!.stop(), 0);
  await until(context, async () => (await listedServers()).flat().length === 1);
  assert.equal(await servers[1]!.stop(), 0);
});

test('a killed server that is started again continues the same stream', async (context) => {
  const folder = scratchFolder(context);
  const source = join(folder, 'phoenix.mp4');
  makeFilm(source, 2);
  const store = await sharedStore();
  const words = [source, '--store', store.folder];
  const station = asStation(await reelOf(context, source, {}, store), 0);
  const captures: Map<number, Buffer>[] = [];
  for (const round of ['killed', 'again']) {
    const server = await serve(context, words, 1);
    const captured = await capture(context, server.stations[0]!);
    await captured.until(() => (captured.bySender.values().next().value?.length ?? 0) > 200);
    captures.push(
      byNumber([...captured.bySender.values()][0]!, asStation(station.items[0]!.reel, server.stations[0]!.ssrc)),
    );
    captured.close();
    if (round === 'killed') await server.kill();
    else assert.equal(await server.stop(), 0);
    assertSame(captures.at(-1)!, asStation(station.items[0]!.reel, server.stations[0]!.ssrc));
  }
  const [before, after] = captures.map((received) => [...received.keys()]);
  assert.ok(Math.min(...after!) > Math.max(...before!), 'numbers go on where the clock is');
});

test('a station whose group another server has goes on the air after three seconds, with a warning', async (context) => {
  const folder = scratchFolder(context);
  const store = await sharedStore();
  const [one, two] = ['one.mp4', 'two.mp4'].map((name, i) => {
    const path = join(folder, name);
    makeSource({ path, seconds: 1 + i, video: { width: 320, height: 240, frameRate: [25, 1] }, audio: null });
    return path;
  });
  const server = await serve(context, [`Claimed=${one}`, '--store', store.folder], 1);
  const words = ['serve', `Claimed=${two}`, '--store', store.folder, '--control-port', '0'];
  const later = startMsc(context, words);
  let log = '';
  later.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  await until(context, async () => /as "Claimed"\. Receivers/.test(log));
  assert.match(
    log,
    /sends another programme to the group .* in 3 s all the same.*On the air: 1 Claimed.*another name/s,
  );
  await server.stop();
});
