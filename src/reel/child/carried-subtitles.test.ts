import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { before, test } from 'node:test';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings, type MediaSettings, type StationLayout } from '../../media/settings.js';
import { subtitleFilesAmong } from '../../media/subtitles/subtitle-files.js';
import { decodeText, PES_DATA_END, SegmentType } from '../../wire/dvb-subtitle.js';
import { makeReel } from './make-reel.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg', 'ffprobe') };

/** Pictures 13 to 29 of 25 a second, and 40 to 59. */
const CUES = '1\n00:00:00,500 --> 00:00:01,200\nHello\n\n2\n00:00:01,600 --> 00:00:02,400\nSecond\n';
const EXPECTED = [...range(13, 30), ...range(40, 60)];

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

interface Made {
  packets: string;
  layout: StationLayout;
  notes: string[];
}

function made(source: string, settings: Partial<MediaSettings>): Made {
  const reel = mkdtempSync(at('reel-'));
  const subtitleFiles = subtitleFilesAmong(source, readdirSync(dirname(source)));
  makeReel(
    { source, folder: reel, settings: { ...defaultMediaSettings, ...settings }, subtitleFiles },
    () => undefined,
  );
  const { layout, properties } = JSON.parse(readFileSync(join(reel, 'reel.json'), 'utf8'));
  return { packets: join(reel, 'packets.ts'), layout, notes: properties.notes };
}

/** PID, codec and language of the streams of subtitles, as ffprobe finds them. */
function streamsOf({ packets }: Made): string[] {
  const entries = 'stream=id,codec_name:stream_tags=language';
  const words = ['-v', 'error', '-select_streams', 's', '-show_entries', entries, '-of', 'json', packets];
  const { streams } = JSON.parse(execFileSync('ffprobe', words).toString());
  return streams.map((each: { id: string; codec_name: string; tags: { language: string } }) =>
    [each.id, each.codec_name, each.tags.language].join(' '),
  );
}

/** The numbers of the pictures on which FFmpeg draws something light in the lower half. */
function drawn(packets: string, stream: number): number[] {
  const graph = `[0:v]scale=1280:720[v];[v][0:s:${stream}]overlay,crop=1280:360:0:360,format=gray,scale=160:45:flags=area`;
  const words = ['-v', 'error', '-canvas_size', '1280x720', '-i', packets, '-filter_complex', graph];
  const grey = execFileSync('ffmpeg', [...words, '-fps_mode', 'passthrough', '-f', 'rawvideo', '-'], {
    maxBuffer: 1 << 28,
  });
  const size = 160 * 45;
  return range(0, 75).filter((i) => Math.max(...grey.subarray(i * size, (i + 1) * size)) > 120);
}

let both: Made;

before(() => {
  if (needs.skip) return;
  writeFileSync(at('cues.srt'), CUES);
  const blue = ['-f', 'lavfi', '-i', 'color=c=0x203040:s=160x90:r=25:d=3'];
  ffmpeg(
    ...blue,
    '-i',
    at('cues.srt'),
    '-c:v',
    'libx264',
    '-c:s',
    'mov_text',
    '-metadata:s:s:0',
    'language=ger',
    at('film.mp4'),
  );
  writeFileSync(at('film.en.srt'), CUES.replace('0,500', '2,000').replace('1,200', '2,200').split('\n\n')[0]!);
  both = made(at('film.mp4'), { subtitles: ['de', 'en', 'fr'] });
});

test('each language has a stream of DVB subtitles of its own, also one that the film lacks', needs, () => {
  assert.deepEqual(streamsOf(both), ['0x110 dvb_subtitle deu', '0x111 dvb_subtitle eng', '0x112 dvb_subtitle fra']);
  assert.deepEqual(
    both.layout.further,
    ['de', 'en', 'fr'].map((language) => ({ kind: 'subtitles', language })),
  );
  assert.deepEqual(both.notes, ['no subtitles in French']);
});

test('FFmpeg draws each cue from its first picture to its last', needs, () => {
  assert.deepEqual(drawn(both.packets, 0), EXPECTED);
  assert.deepEqual(drawn(both.packets, 1), range(50, 55));
  assert.deepEqual(drawn(both.packets, 2), []);
});

test('GStreamer draws each cue', { skip: without('ffmpeg', 'gst-launch-1.0') }, () => {
  const words =
    `filesrc location=${both.packets} ! tsdemux name=demux dvbsuboverlay name=overlay ! videoconvert ! ` +
    `video/x-raw,format=GRAY8 ! filesink location=${at('drawn.grey')} ` +
    'demux.video_0_0100 ! queue ! h264parse ! avdec_h264 ! videoconvert ! overlay.video_sink ' +
    'demux.subpicture_0_0110 ! queue ! overlay.text_sink';
  execFileSync('gst-launch-1.0', ['-q', ...words.split(' ')]);
  const grey = readFileSync(at('drawn.grey'));
  const size = 160 * 90;
  const pictures = range(0, 75).filter((i) => Math.max(...grey.subarray(i * size, (i + 1) * size)) > 120);
  // GStreamer 1.22 compares the time stamps of subtitles with the time since the stream began: cues are as much late, and the last is cut off.
  const late = pictures[0]! - EXPECTED[0]!;
  assert.ok(late >= 0 && late <= 25 && pictures.length > 17, String(pictures));
  assert.deepEqual(pictures, EXPECTED.map((picture) => picture + late).slice(0, pictures.length));
});

test('FFmpeg decodes three loops of a reel without a message', needs, () => {
  const packets = readFileSync(both.packets);
  writeFileSync(at('loops.ts'), Buffer.concat([packets, packets, packets]));
  const words = ['-v', 'warning', '-copyts', '-i', at('loops.ts'), '-map', '0:s', '-c:s', 'dvbsub', '-f', 'null', '-'];
  assert.equal(execFileSync('ffmpeg', words, { stdio: ['ignore', 'pipe', 'pipe'] }).toString(), '');
});

test('in the layout of a station a film has its streams, also where others are set', needs, () => {
  const { layout } = both;
  const reel = made(at('film.mp4'), { subtitles: ['de'], target: layout });
  assert.deepEqual(reel.layout, layout);
  assert.deepEqual(drawn(reel.packets, 0), EXPECTED);
});

test('sound alone and slides have empty streams', needs, () => {
  ffmpeg('-f', 'lavfi', '-i', 'sine=d=1', at('sound.wav'));
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90', '-frames:v', '1', at('slide.png'));
  for (const name of ['sound.wav', 'slide.png']) {
    const reel = made(at(name), { subtitles: ['de', 'en', 'fr'] });
    assert.deepEqual(streamsOf(reel), streamsOf(both));
  }
});

test('nothing is carried where nothing is asked for, and that is said', needs, () => {
  const { layout, notes } = made(at('film.mp4'), {});
  assert.ok(!('further' in layout));
  assert.deepEqual(notes, ['the subtitles are left out: German']);
});

test('bitmaps of a broadcast and of a DVD are carried as they are', needs, () => {
  // The reel is the broadcast, without the sound that it has.
  const [broadcast, disc] = [at('broadcast.ts'), at('disc.mkv')];
  ffmpeg('-i', both.packets, '-map', '0:v', '-map', '0:s:0', '-c', 'copy', broadcast);
  ffmpeg('-i', both.packets, '-map', '0:v', '-map', '0:s:0', '-c:v', 'copy', '-c:s', 'dvdsub', '-s', '1280x720', disc);
  for (const source of [broadcast, disc]) {
    const reel = made(source, { subtitles: ['de'] });
    assert.deepEqual(drawn(reel.packets, 0), EXPECTED, source);
  }
});

test('the text of a page is beside its bitmaps, with the time for which it is still shown', needs, () => {
  const bytes = execFileSync('ffmpeg', [
    '-v',
    'error',
    '-i',
    both.packets,
    '-map',
    '0:s:0',
    '-c',
    'copy',
    '-f',
    'data',
    '-',
  ]);
  // FFmpeg leaves out what is around the segments.
  const texts: unknown[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 6 + bytes.readUInt16BE(at + 4);
    if (bytes[at + 1] === SegmentType.text) texts.push(decodeText(bytes.subarray(at + 6, end)));
    at = end + (bytes[end] === PES_DATA_END ? 1 : 0);
  }
  assert.deepEqual(texts, [
    { age: 0, duration: 700, text: 'Hello' },
    { age: 0, duration: 800, text: 'Second' },
  ]);
});
