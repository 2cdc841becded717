/** Stations of HEVC as players and gateways of other people get them. */
import assert from 'node:assert/strict';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { PacketNumber, Ticks90k } from '../src/base/units.js';
import { FirstAccessUnit } from '../src/gateway/thumbnails/first-picture.js';
import { silenceLog } from '../src/media/input/input.js';
import { makeThumbnail } from '../src/media/pictures/thumbnail.js';
import { Station } from '../src/station/station.js';
import { transportStream } from './support/film.js';
import { makeHevc } from './support/hevc.js';
import { openHevcGateway } from './support/hevc-gateway.js';
import { hevcReel } from './support/hevc-reel.js';
import { runMsc, serve } from './support/msc.js';
import { run } from './support/run.js';
import { jpegSize } from './support/sources.js';
import { scratchFolder } from './support/spool.js';
import { type Tool, without } from './support/tools.js';
import { analyseTs } from './support/ts-analyser.js';

silenceLog();

const SECONDS = 2;
const LOOPS = 3;
const PICTURES = 25 * SECONDS * LOOPS;

const needs = (...tools: Tool[]) => ({ skip: without('ffmpeg', 'ffprobe', ...tools), timeout: 60_000 });

/** Three loops of a film, as a file that every user may read. */
async function loops(context: TestContext) {
  const reel = await hevcReel(context, { seconds: SECONDS });
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const stream = transportStream(station, 0, reel.packetCount * LOOPS);
  const folder = scratchFolder(context);
  chmodSync(folder, 0o755);
  const path = join(folder, 'station.ts');
  writeFileSync(path, stream);
  return { reel, station, stream, path };
}

test('three loops keep every rule of a transport stream, and decode without a message', needs(), async (context) => {
  const { stream, path } = await loops(context);
  const { faults, randomAccessPoints } = analyseTs(stream);
  assert.deepEqual(faults, []);
  assert.equal(randomAccessPoints, SECONDS * LOOPS);
  const words = ['-v', 'warning', '-i', path, '-map', '0:v', '-f', 'framemd5', '-'];
  const { stdout, stderr } = await run(context, 'ffmpeg', words);
  assert.equal(stderr, '');
  assert.equal(stdout.toString().match(/^0,/gm)?.length, PICTURES);
  const probed = await run(context, 'ffprobe', [
    '-v',
    'error',
    '-show_entries',
    'stream=codec_name',
    '-of',
    'csv',
    path,
  ]);
  assert.deepEqual(
    [...new Set(probed.stdout.toString().trim().split(/\s+/))],
    ['program,stream,hevc', 'stream,aac', 'stream,hevc'],
  );
});

test('mpv and VLC play it', needs('mpv', 'cvlc'), async (context) => {
  const { path } = await loops(context);
  const quiet = ['--no-config', '--vo=null', '--ao=null', '--untimed', '--msg-level=all=warn'];
  const mpv = await run(context, 'mpv', [...quiet, path]);
  assert.deepEqual([mpv.exitCode, mpv.stdout.toString(), mpv.stderr], [0, '', '']);
  const vlc = ['cvlc', '-vv', '--vout', 'dummy', '--aout', 'dummy', path];
  const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', 'HOME=/tmp'];
  // VLC refuses to run as root.
  const [program = '', ...words] = process.getuid?.() === 0 ? [...nobody, ...vlc] : vlc;
  const seen = /Received first picture/;
  const { stderr } = await run(context, program, words, { until: (printed) => seen.test(printed) });
  assert.match(stderr, seen);
});

test('a station is recorded as it is sent, and from its past', needs(), async (context) => {
  const folder = scratchFolder(context);
  const film = makeHevc({ path: join(folder, 'film.mp4'), seconds: 3 });
  const words = [`Film ${process.pid}=${film}`, '--format', 'hevc', '--store', join(folder, 'store')];
  const [station] = (await serve(context, words, 1)).stations;
  const { id, format, codecs, videoCodec } = station!;
  assert.deepEqual([format, codecs, videoCodec], ['hevc', 'hvc1.1.6.L30.90,mp4a.40.2', 'H.265 Main 1.0']);
  for (const from of [[], ['--from', '-2s']]) {
    const output = join(folder, 'recording.ts');
    const { exitCode, stderr } = await runMsc(context, ['record', id, '-o', output, '-d', '2s', ...from]);
    assert.equal(exitCode, 0, stderr);
    const decoding = ['-v', 'warning', '-i', output, '-map', '0:v', '-f', 'framemd5', '-'];
    const decoded = await run(context, 'ffmpeg', decoding);
    assert.equal(decoded.stderr, '');
    // Those before the first random access point in their order are not decoded.
    assert.ok(decoded.stdout.toString().match(/^0,/gm)!.length >= 2 * 25 - 3);
  }
});

test('any random access point gives a thumbnail', needs(), async (context) => {
  const { reel, station } = await loops(context);
  for (const from of [0, Math.floor(reel.packetCount / 2)]) {
    const unit = new FirstAccessUnit();
    unit.push(transportStream(station, station.randomAccessBefore(PacketNumber(from)), reel.packetCount));
    const picture = unit.picture(Ticks90k(0))!.data;
    assert.deepEqual(jpegSize(makeThumbnail({ format: 'hevc', picture, width: 320 })!), [320, 180]);
  }
  assert.equal(makeThumbnail({ format: 'hevc', picture: Buffer.from('no picture'), width: 320 }), null);
});

test('a gateway sends it by HTTP and HLS, with its codecs', needs(), async (context) => {
  const { url, hevc } = await openHevcGateway(context);
  const main = await (await fetch(`${url}/stations/${hevc}/index.m3u8`)).text();
  assert.match(main, /^#EXT-X-STREAM-INF:.*,CODECS="hvc1\.1\.6\.L63\.90,mp4a\.40\.2",RESOLUTION=640x360/m);
  for (const address of [`/stations/${hevc}.ts`, `/stations/${hevc}/index.m3u8`]) {
    const input = ['-v', 'warning', '-i', url + address, '-map', '0:v', '-frames:v', '40', '-f', 'framemd5', '-'];
    const { stdout, stderr } = await run(context, 'ffmpeg', input);
    assert.equal(stderr, '', address);
    assert.equal(stdout.toString().match(/^0,/gm)?.length, 40, address);
  }
  const sdp = await (await fetch(`${url}/stations/${hevc}.sdp`)).text();
  assert.match(sdp, /^a=rtpmap:33 MP2T\/90000/m);
  const list = await (await fetch(`${url}/stations.m3u`)).text();
  assert.ok(list.includes(`${url}/stations/${hevc}.ts`));
});

test('HLS has it as fragmented MP4 too, whose segments follow each other without a gap', needs(), async (context) => {
  const { url, hevc, h264 } = await openHevcGateway(context);
  const main = `${url}/stations/${hevc}/index.m3u8?segments=mp4`;
  const address = new URL((await (await fetch(main)).text()).trimEnd().split('\n').at(-1)!, main).href;
  assert.match(address, /\/2-mp4\/index\.m3u8$/);
  const list = await (await fetch(address)).text();
  assert.match(list, /^#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n/);
  const maps = [...list.matchAll(/^#EXT-X-MAP:URI="([0-9a-f]{16}\.mp4)"$/gm)].map(([, map = '']) => map);
  assert.equal(maps.length, 1, 'one set of parameters');
  const media = [...list.matchAll(/^\d+\.m4s$/gm)].map(([name]) => name);
  assert.equal(media.length, 7);
  const parts = [];
  for (const name of [...maps, ...media]) {
    const response = await fetch(new URL(name, address));
    assert.equal(response.status, 200, name);
    assert.match(response.headers.get('cache-control')!, /immutable/);
    parts.push(Buffer.from(await response.arrayBuffer()));
  }
  const path = join(scratchFolder(context), 'segments.mp4');
  writeFileSync(path, Buffer.concat(parts));
  const decoded = await run(context, 'ffmpeg', ['-v', 'warning', '-i', path, '-f', 'null', '-']);
  assert.equal(decoded.stderr, '');
  const entries = ['-show_entries', 'packet=codec_type,pts,dts,duration:stream=codec_tag_string', '-of', 'json'];
  const probed = await run(context, 'ffprobe', ['-v', 'error', ...entries, path]);
  const { packets, streams } = JSON.parse(probed.stdout.toString()) as {
    packets: { codec_type: string; pts: number; dts: number; duration: number }[];
    streams: { codec_tag_string: string }[];
  };
  assert.deepEqual(
    streams.map((stream) => stream.codec_tag_string),
    ['hvc1', 'mp4a'],
  );
  const pictures = packets.filter(({ codec_type }) => codec_type === 'video');
  // A segment begins with the first random access point in its two seconds.
  assert.ok(pictures.length >= 6 * 2 * 25, `${pictures.length} pictures`);
  const gaps = pictures.slice(1).filter(({ dts }, i) => dts !== pictures[i]!.dts + pictures[i]!.duration);
  assert.deepEqual(gaps, []);
  // Frames of AAC have 1,920 ticks, and are spread evenly over the film.
  const frames = packets.filter(({ codec_type }) => codec_type === 'audio');
  const steps = frames.slice(1).map(({ dts }, i) => dts - frames[i]!.dts);
  assert.ok(
    steps.every((step) => step > 1_910 && step < 1_930),
    `${Math.min(...steps)} to ${Math.max(...steps)}`,
  );
  const shown = pictures.map(({ pts }) => pts).sort((a, b) => a - b);
  assert.deepEqual([...new Set(shown.slice(1).map((pts, i) => pts - shown[i]!))], [3_600]);

  const played = ['-v', 'warning', '-i', main, '-map', '0:v', '-frames:v', '40', '-f', 'framemd5', '-'];
  const { stdout, stderr } = await run(context, 'ffmpeg', played);
  assert.equal(stderr, '');
  assert.equal(stdout.toString().match(/^0,/gm)?.length, 40);
  for (const other of [
    `${h264}/index.m3u8?segments=mp4`,
    `${h264}/2-mp4/index.m3u8`,
    `${hevc}/2-mp4/${'0'.repeat(16)}.mp4`,
    `${hevc}/2/1.m4s`,
  ]) {
    assert.equal((await fetch(`${url}/stations/${other}`)).status, 404, other);
  }
});
