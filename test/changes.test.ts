/** An operator's changes of a station on the air, as the network has them. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Millis, millisToTicks, PacketNumber, SEQUENCE_MODULUS, Ticks90k, unwrap } from '../src/base/units.js';
import { lineUpSchema } from '../src/contract/api.js';
import { Store } from '../src/reel/store.js';
import { FileStateStore } from '../src/server/file-state-store.js';
import { NOTICE, resumeProgramme, showSlate, skipItem } from '../src/station/change.js';
import { parityOf } from '../src/station/fec-source.js';
import { openState } from '../src/station/open-state.js';
import { packetsOf } from '../src/station/packet-source.js';
import { nextCut } from '../src/station/splice.js';
import { Station } from '../src/station/station.js';
import { stateOf } from '../src/station/station-state.js';
import { parseRtp } from '../src/wire/rtp.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { Pid } from '../src/wire/ts.js';
import { capture } from './support/capture.js';
import { until } from './support/display.js';
import { bigBuckBunny, makeFilm, openStore, reelOf, transportStream } from './support/film.js';
import { finished, type Server, serve, startMsc } from './support/msc.js';
import { decodingMessages, run, toNothing } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';
import { analyseTs } from './support/ts-analyser.js';

const FEC = { columns: 10, rows: 5 };

async function openServer(context: TestContext, name: string, items: readonly number[]) {
  const folder = scratchFolder(context);
  const films = join(folder, name);
  await mkdir(films);
  for (const [i, seconds] of items.entries()) makeFilm(join(films, `part ${i + 1}.mp4`), seconds);
  const alarm = makeFilm(join(folder, 'alarm.mp4'), 2);
  const store = join(folder, 'store');
  const config = join(folder, 'config');
  const options = ['--store', store, '--config', config, '--http', '0', '--slate', alarm, '--fec', '10x5'];
  return { store: new Store(store), open: () => serve(context, [films, ...options], 1) };
}

function operate({ url, stations }: Server) {
  const { id } = stations[0]!;
  const ask = (path: string, body?: object) =>
    fetch(`${url}/api/v1${path}`, {
      method: 'POST',
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const lineUp = async () => {
    const { stations } = lineUpSchema.parse(await (await fetch(`${url}/api/v1/line-up`)).json());
    return stations.find(({ info }) => info.id === id)!;
  };
  return {
    lineUp,
    playing: async () => (await lineUp()).info,
    skip: async () => assert.equal((await ask(`/stations/${id}/skip`)).status, 204),
    show: () => ask('/show', { slate: 'alarm' }).then(({ ok }) => ok),
    resume: async () => assert.equal((await ask('/resume')).status, 204),
  };
}

/** Packets by their numbers; `near` is the number of one of them, or not far from it. */
const numbered = (datagrams: readonly Buffer[], near: number): [number, Buffer][] =>
  datagrams.map((datagram) => [unwrap(parseRtp(datagram)!.sequenceNumber, near, SEQUENCE_MODULUS), datagram]);

async function restored(context: TestContext, store: Store, { id, ssrc }: StationInfo): Promise<Station> {
  const log = await new FileStateStore(store.folder).read(id);
  const station = await openState(stateOf(id, log!.entries).timeline!, store, ssrc);
  context.after(() => station.close());
  return station;
}

test('a killed server continues after its restart as its operator left it, byte for byte with parity', {
  timeout: 300_000,
}, async (context) => {
  const { store, open } = await openServer(context, 'changed-and-killed', [6, 7, 8]);
  const captured: { packets: Buffer[]; columns: Buffer[]; rows: Buffer[] }[] = [];
  /** Captures the station; returns a function that calls `end` when there is enough to compare. */
  const listen = async ({ group, port }: StationInfo, end: () => Promise<unknown>) => {
    const captures = await Promise.all([0, 2, 4].map((more) => capture(context, { group, port: port + more })));
    const received = () => captures.map(({ bySender }) => [...bySender.values()].flat());
    return async () => {
      await until(context, async () => received().every((datagrams, i) => datagrams.length > [300, 50, 25][i]!));
      await end();
      const [packets = [], columns = [], rows = []] = received();
      captured.push({ packets, columns, rows });
      for (const each of captures) each.close();
    };
  };
  const first = await open();
  const info = first.stations[0]!;
  let finish = await listen(info, () => first.kill());
  const { skip, show, playing } = operate(first);
  await until(context, async () => ((await playing()).nowUntil ?? 0) - Date.now() > 4_000);
  const before = (await playing()).nowPlaying;
  await skip();
  await until(context, async () => (await playing()).nowPlaying !== before);
  await until(context, show);
  await until(context, async () => (await playing()).nowPlaying === 'alarm');
  await finish();

  const second = await open();
  assert.equal(second.stations[0]!.schedule, (await operate(second).playing()).schedule);
  finish = await listen(info, async () => assert.equal(await second.stop(), 0));
  const again = operate(second);
  assert.equal((await again.playing()).nowPlaying, 'alarm');
  assert.equal((await again.lineUp()).slate, 'alarm');
  await again.resume();
  await until(context, async () => (await again.playing()).nowPlaying !== 'alarm');
  const { nowPlaying } = await again.playing();
  await until(context, async () => (await again.playing()).nowPlaying !== nowPlaying);
  await finish();

  const station = await restored(context, store, info);
  assert.ok(station.timeline.periods.length >= 4, 'from the epoch, the skip, the slate and back');
  const parity = parityOf(station, FEC);
  const now = millisToTicks(Millis(Date.now()));
  for (const { packets, columns, rows } of captured) {
    for (const [n, datagram] of numbered(packets, station.at(now))) {
      assert.deepEqual(datagram, station.packets(PacketNumber(n), PacketNumber(n + 1))[0], `packet ${n}`);
    }
    for (const [source, datagrams] of [
      [parity.columns, columns],
      [parity.rows, rows],
    ] as const) {
      for (const [m, datagram] of numbered(datagrams, source.at(now))) {
        assert.deepEqual(datagram, packetsOf(source, PacketNumber(m), PacketNumber(m + 1))[0], `parity ${m}`);
      }
    }
  }
  const [one, other] = captured.map(({ packets }) => numbered(packets, station.at(now)).map(([n]) => n));
  assert.ok(Math.min(...other!) > Math.max(...one!), 'numbers go on where the clock is');
});

test('a film that is cut at any place decodes without a message', {
  skip: without('ffmpeg', 'tsreport'),
  timeout: 300_000,
}, async (context) => {
  const store = await openStore(context);
  const folder = scratchFolder(context);
  // Its random access points are up to 10 s apart, its pictures reordered.
  const film = { name: 'film', reel: await reelOf(context, bigBuckBunny, {}, store) };
  const target = film.reel.data.manifest.layout;
  const alarm = makeFilm(join(folder, 'alarm.mp4'), 4);
  const slate = { name: 'alarm', reel: await reelOf(context, alarm, { target, maxGop: Millis(1_000) }, store) };
  const station = new Station({ items: [film], ssrc: 1 });
  const start = Math.ceil((Date.UTC(2026, 10, 23) * 90) / station.cycleDuration) * station.cycleDuration;
  let now = Ticks90k(start);
  for (let i = 0; i < 12; i++) {
    now = Ticks90k(now + (3 + i * 0.37) * 90_000);
    const soon = now + NOTICE;
    if (i % 3 === 0) station.change(showSlate(station, now, { id: 'alarm', item: slate }));
    else if (i % 3 === 1) station.change(resumeProgramme(station, now));
    else station.change(skipItem(station, now)!);
    assert.ok(station.timeline.periods.at(-1)!.opens - soon < 90_000);
  }
  const from = station.randomAccessBefore(station.at(Ticks90k(start)));
  const stream = transportStream(station, from, nextCut(station, Ticks90k(now + 8 * 90_000)));
  const { faults, leastLead, longestPcrGap, ptsSteps } = analyseTs(stream);
  assert.deepEqual(faults, []);
  assert.ok(leastLead > 0 && longestPcrGap <= 3_600, `${leastLead / 90} ms, ${longestPcrGap / 90} ms`);
  assert.ok(ptsSteps.get(Pid.video)!.least >= 3_600, 'no picture is shown for less than its time');
  assert.ok(ptsSteps.get(Pid.video)!.most <= 90_000 && ptsSteps.get(Pid.audio)!.most <= 2 * 4 * 1_930);
  const path = join(folder, 'cut.ts');
  writeFileSync(path, stream);
  assert.equal(await decodingMessages(context, path), '');
  assert.doesNotMatch((await run(context, 'tsreport', ['-b', path])).stdout.toString('utf8'), /discontinuit|###|!!!/i);
});

test('receivers lose nothing over a cut, and players report no fault', {
  skip: without('ffmpeg', 'mpv', 'tsreport'),
  timeout: 300_000,
}, async (context) => {
  const { open } = await openServer(context, 'changed-and-watched', [9, 10]);
  const server = await open();
  const { id } = server.stations[0]!;
  const folder = scratchFolder(context);
  const output = join(folder, 'out.ts');
  const recording = startMsc(context, ['record', id, '-o', output, '--json', '--duration', '25s']);
  const recorded = finished(recording);
  // By HTTP, for there a stream begins with a picture that can be decoded.
  const address = `${server.url}/stations/${id}.ts`;
  const ffmpeg = run(context, 'ffmpeg', ['-v', 'warning', '-i', address, '-t', '20', ...toNothing]);
  const quiet = ['--no-config', '--vo=null', '--ao=null', '--msg-level=all=warn'];
  const mpv = run(context, 'mpv', [...quiet, '--length=20', address]);
  const { skip, show, resume, playing } = operate(server);
  await until(context, async () => ((await playing()).nowUntil ?? 0) - Date.now() > 5_000);
  const before = (await playing()).nowPlaying;
  await skip();
  await until(context, async () => (await playing()).nowPlaying !== before);
  await until(context, show);
  await until(context, async () => (await playing()).nowPlaying === 'alarm');
  await resume();
  await until(context, async () => (await playing()).nowPlaying !== 'alarm');

  const { exitCode, stdout, stderr } = await recorded;
  assert.equal(exitCode, 0, stderr);
  const stream = readFileSync(output);
  const report = analyseTs(stream);
  assert.deepEqual(report.faults, []);
  for (const pid of [Pid.video, Pid.audio]) assert.ok(report.ptsSteps.get(pid)!.most <= 90_000);
  assert.ok(report.ptsSteps.get(Pid.video)!.least >= 3_600, 'no picture is shown for less than its time');
  assert.equal(await decodingMessages(context, output), '');
  const said = (await run(context, 'tsreport', ['-b', output])).stdout.toString('utf8');
  assert.doesNotMatch(said, /discontinuit|###|!!!/i);
  for (const player of [await ffmpeg, await mpv]) {
    assert.equal(player.exitCode, 0);
    // On a machine that has other work a player may be held up.
    assert.equal(`${player.stdout}${player.stderr}`.replaceAll('Audio device underrun detected.\n', ''), '');
  }
  assert.equal(await server.stop(), 0);
  assert.ok(JSON.parse(stdout).lost <= server.droppedLate);
});
