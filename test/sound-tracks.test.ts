/** Tracks of sound from end to end: a film in two languages, as a gateway gives it to players and pages. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { systemTimers } from '../src/base/timers.js';
import { Millis, millisToTicks } from '../src/base/units.js';
import { openGateway } from '../src/gateway/gateway.js';
import { LocalCatalogue } from '../src/gateway/local-catalogue.js';
import { Viewers } from '../src/gateway/viewers.js';
import { describer } from '../src/server/station-description.js';
import { Plans, planStation } from '../src/server/station-plan.js';
import { Station } from '../src/station/station.js';
import { LIVE_HEADER_LENGTH } from '../src/wire/live-frame.js';
import { until } from './support/display.js';
import { ffmpeg } from './support/ffmpeg.js';
import { reelOf } from './support/film.js';
import { run } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

const needs = { skip: without('ffmpeg', 'ffprobe') };
/** Hz. */
const tones = { en: 500, de: 300 };

async function open(context: TestContext) {
  const folder = scratchFolder(context);
  const film = join(folder, 'film.mkv');
  const tone = (frequency: number) => ['-f', 'lavfi', '-i', `sine=f=${frequency}:r=48000:d=8`];
  ffmpeg(
    ...['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=8', ...tone(tones.de), ...tone(tones.en)],
    ...['-map', '0', '-map', '1', '-map', '2', '-c:v', 'libx264', '-g', '25', '-c:a', 'aac', '-ac', '2'],
    ...['-metadata:s:a:0', 'language=ger', '-metadata:s:a:1', 'language=eng', film],
  );
  const reel = await reelOf(context, film, { languages: ['en', 'de'] });
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const source = { name: 'film', path: film, files: [film], notes: [] };
  const plan = planStation({ config: {}, source, number: 1, format: 'h264', others: new Plans() });
  const now = () => Millis(Date.now());
  const catalogue = new LocalCatalogue({ now, timers: systemTimers });
  const info = describer({ plan, station, server: 'projector' });
  catalogue.add({ station, info: () => info(millisToTicks(now())), poster: async () => null });
  const gateway = await openGateway({
    context: { catalogue, viewers: new Viewers(), server: 'projector', ttl: 1, timers: systemTimers, now, log() {} },
    host: '127.0.0.1',
    port: 0,
  });
  context.after(() => gateway.close());
  return { folder, url: gateway.url, base: `${gateway.url}/stations/film` };
}

/** The tracks of sound of an address or file as ffprobe finds them, each once. */
async function tracksOf(context: TestContext, address: string): Promise<string[]> {
  const entries = ['-show_entries', 'stream=codec_type:stream_tags=language'];
  const { stdout } = await run(context, 'ffprobe', ['-v', 'error', ...entries, '-of', 'json', address]);
  const { streams } = JSON.parse(stdout.toString('utf8')) as {
    streams: { codec_type: string; tags?: { language?: string } }[];
  };
  return streams.map(({ codec_type, tags }) => `${codec_type} ${tags?.language ?? '-'}`);
}

/** The tone of a track of sound, Hz. */
async function toneOf(context: TestContext, address: string, track = 0): Promise<number> {
  const { stdout } = await run(context, 'ffmpeg', [
    ...['-v', 'error', '-i', address, '-map', `0:a:${track}`, '-t', '1'],
    ...['-ac', '1', '-ar', '48000', '-f', 's16le', '-'],
  ]);
  const samples = new Int16Array(stdout.buffer, stdout.byteOffset, stdout.length >> 1);
  const crossings = samples.filter((sample, i) => i > 0 && sample >= 0 && samples[i - 1]! < 0).length;
  return Math.round((crossings * 48_000) / samples.length / 20) * 20;
}

test('a stream has all tracks, or the one in a language', needs, async (context) => {
  const { base } = await open(context);
  const all = `${base}.ts?at=-10s`;
  assert.deepEqual(await tracksOf(context, all), ['video -', 'audio eng', 'audio deu']);
  assert.deepEqual([await toneOf(context, all), await toneOf(context, all, 1)], [tones.en, tones.de]);
  const german = `${all}&audio=ger`;
  assert.deepEqual(await tracksOf(context, german), ['video -', 'audio deu']);
  assert.equal(await toneOf(context, german), tones.de);
  const none = await fetch(`${base}.ts?audio=fr`, { method: 'HEAD' });
  assert.equal(none.status, 404);
  assert.match(
    ((await (await fetch(`${base}.ts?audio=fr`)).json()) as { detail: string }).detail,
    /Its tracks are en, de/,
  );
});

test('HLS has the tracks as renditions', needs, async (context) => {
  const { base } = await open(context);
  const master = `${base}/index.m3u8?start=-30s`;
  const text = await (await fetch(master)).text();
  assert.match(text, /TYPE=AUDIO,GROUP-ID="sound",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES\n/);
  assert.match(text, /NAME="German",LANGUAGE="de",DEFAULT=NO,AUTOSELECT=YES,URI="2-de-sound\/index\.m3u8\?/);
  assert.match(text, /AUDIO="sound"\n2-en\/index\.m3u8\?/);
  const list = new URL(/URI="([^"]+)"/.exec(text)![1]!, `${base}/`);
  const segment = new URL(/^\d+\.ts$/m.exec(await (await fetch(list)).text())![0], list);
  assert.deepEqual(await tracksOf(context, segment.href), ['audio deu']);
  assert.equal(await toneOf(context, segment.href), tones.de);
  const pictures = segment.href.replace('-de-sound', '-en');
  assert.deepEqual(await tracksOf(context, pictures), ['video -', 'audio eng']);
  assert.deepEqual((await tracksOf(context, segment.href.replace('-de-sound', ''))).length, 3);
  assert.equal((await fetch(segment.href.replace('-de-', '-fr-'))).status, 404);

  const german = await (await fetch(`${master}&audio=de`)).text();
  assert.match(german, /LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES\n/);
  assert.match(german, /\n2-de\/index\.m3u8\?/);
});

test('a page gets one track, in its language', needs, async (context) => {
  const { folder, url } = await open(context);
  for (const [audio, expected] of [
    [['it', 'de'], 'deu'],
    [undefined, 'eng'],
  ] as const) {
    const socket = new WebSocket(`${url.replace('http', 'ws')}/live`);
    context.after(() => socket.terminate());
    const media: Buffer[] = [];
    socket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) media.push(data.subarray(LIVE_HEADER_LENGTH));
    });
    await once(socket, 'open');
    const at = Date.now() - 10_000;
    const words = audio ? { audio } : {};
    socket.send(JSON.stringify({ type: 'tune', channel: 1, station: 'film', at, ...words }));
    await until(context, () => media.length > 40);
    socket.terminate();
    const path = join(folder, `${expected}.ts`);
    writeFileSync(path, Buffer.concat(media));
    assert.deepEqual(await tracksOf(context, path), ['video -', `audio ${expected}`]);
  }
});
