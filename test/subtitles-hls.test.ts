/** Subtitles in HLS: WebVTT renditions of a film with cues beside it. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ffmpeg } from './support/ffmpeg.js';
import { serve } from './support/msc.js';
import { run } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

const needs = { skip: without('ffmpeg', 'ffprobe') };

async function open(context: TestContext): Promise<string> {
  const folder = scratchFolder(context);
  const film = join(folder, 'film.mp4');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=8', '-c:v', 'libx264', '-g', '25', film);
  // Three seconds long: in two segments at least.
  writeFileSync(join(folder, 'film.de.srt'), '1\n00:00:01,000 --> 00:00:04,000\n<i>Tom</i> & Jerry\n<3\n');
  const words = [`Texts ${process.pid}=${film}`, '--subtitles', 'de', '--store', join(folder, 'store'), '--http', '0'];
  const server = await serve(context, words, 1);
  return `${server.url}/stations/${server.stations[0]!.id}`;
}

const textOf = async (url: string) => (await fetch(url)).text();

test('HLS has the subtitles as WebVTT, a cue with the same times in each of its segments', needs, async (context) => {
  const base = await open(context);
  const master = await textOf(`${base}/index.m3u8`);
  const [, uri = ''] =
    /TYPE=SUBTITLES,GROUP-ID="subtitles",NAME="German",LANGUAGE="de",.*URI="([^"]+)"/.exec(master) ?? [];
  assert.match(master, /SUBTITLES="subtitles"/);
  const list = new URL(uri, `${base}/`).href;
  const names = (await textOf(list)).match(/^\d+\.vtt$/gm)!;
  assert.ok(names.length >= 6);
  const cues = new Map<string, number>();
  for (const name of names) {
    const response = await fetch(new URL(name, list));
    assert.match(response.headers.get('content-type')!, /^text\/vtt/);
    const text = await response.text();
    assert.match(text, /^WEBVTT\nX-TIMESTAMP-MAP=LOCAL:00:00:00\.000,MPEGTS:\d+\n\n/);
    for (const [cue] of text.matchAll(/^\d\d:.* --> .*\n(?:.+\n)+/gm)) cues.set(cue, (cues.get(cue) ?? 0) + 1);
  }
  const seconds = (time: string) => time.split(':').reduce((sum, part) => sum * 60 + Number(part), 0);
  for (const cue of cues.keys()) {
    const [, start = '', end = ''] = /^(\S+) --> (\S+)\nTom &amp; Jerry\n&lt;3\n$/.exec(cue) ?? [];
    assert.equal(Math.round((seconds(end) - seconds(start)) * 1_000), 3_000, cue);
    // The film begins with the Unix epoch, each picture a second after its moment.
    assert.ok(Math.abs(((seconds(start) - 1) % 8) - 1) < 0.002, cue);
  }
  assert.ok([...cues.values()].some((count) => count > 1));
  assert.equal((await fetch(list.replace('-de-', '-fr-'))).status, 404);
  // The main sound has no language, and is played all the same. Bitmaps, and players without WebVTT, have the DVB subtitles.
  const pictures = new URL(/^\d\S*$/m.exec(master)![0], `${base}/`).href;
  for (const address of [pictures, `${base}.ts?at=-5s&audio=und`]) {
    const words = ['-v', 'error', '-show_entries', 'stream=codec_name', '-of', 'csv=p=0', address];
    const { stdout } = await run(context, 'ffprobe', words);
    assert.deepEqual([...new Set(stdout.toString().trim().split(/\s+/))], ['h264', 'aac', 'dvb_subtitle']);
  }
});
