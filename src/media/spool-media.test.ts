import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import {
  FF_ENCODER_AC3,
  FF_ENCODER_LIBOPUS,
  FF_ENCODER_LIBSVTAV1,
  FF_ENCODER_LIBVPX_VP9,
  FF_ENCODER_MPEG4,
} from 'node-av/constants';
import { accessUnits } from '../../test/support/decoded.js';
import { makeSource, type SourceOptions } from '../../test/support/sources.js';
import { without } from '../../test/support/tools.js';
import { Millis, Ticks90k } from '../base/units.js';
import { NalList, splitAnnexB, splitLengthPrefixed } from '../wire/nal-units.js';
import { NalType, nalTypeOf, parseExtradata } from './h264/h264-nal.js';
import { MediaInput } from './input/input.js';
import { defaultMediaSettings, type MediaProperties, type MediaSettings } from './settings.js';
import { channelsOfAdts } from './sound/aac.js';
import type { FilmSpool, Spool } from './spool.js';
import { spoolMedia } from './spool-media.js';

// SVT-AV1 writes its settings to stderr, past FFmpeg's log; 1 leaves only errors.
process.env.SVT_LOG = '1';

const folder = mkdtempSync(join(tmpdir(), 'msc-media-'));
after(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
function spool(source: string, settings: Partial<MediaSettings> = {}): Spool {
  const progress: number[] = [];
  const result = spoolMedia({
    source,
    folder: mkdtempSync(join(folder, 'spool-')),
    settings: { ...defaultMediaSettings, ...settings },
    onProgress: (done) => progress.push(done),
  });
  assert.ok(progress.every((done, i) => done >= 0 && done <= 1 && (i === 0 || done >= progress[i - 1]!)));
  assert.equal(progress.at(-1), 1);
  return result;
}

function h264(source: string, settings: Partial<MediaSettings> = {}): FilmSpool {
  const result = spool(source, settings);
  assert.equal(result.format, 'h264');
  assertWhole(result);
  return result;
}

const source = (options: Partial<SourceOptions> & { extension: string }): string =>
  makeSource({ seconds: 2, ...options, path: join(folder, `${made++}.${options.extension}`) });

const total = (sizes: Uint32Array) => sizes.reduce((sum, size) => sum + size, 0);

/** NAL units of each access unit in the spool. */
function nalUnits({ video }: FilmSpool): Buffer[][] {
  const bytes = accessUnits(video);
  const list = new NalList();
  let at = 0;
  return Array.from(video.sizes, (size) => {
    const unit = bytes.subarray(at, at + size);
    at += size;
    assert.equal(unit.toString('hex', 0, 6), '0000000109f0', 'begins with a delimiter');
    assert.ok(splitAnnexB(unit, list));
    return Array.from({ length: list.count }, (_, i) => unit.subarray(list.starts[i], list.ends[i]));
  });
}

/** The rules for every spool. */
function assertWhole(result: FilmSpool): void {
  const { video, audio, properties } = result;
  assert.equal(statSync(audio.path).size, total(audio.sizes));
  assert.equal(video.pts.length, video.sizes.length);
  assert.equal(video.randomAccess.length, video.sizes.length);
  assert.equal(video.randomAccess[0], 1);
  const shown = video.pts.slice().sort();
  assert.equal(shown[0], 0);
  assert.ok(shown.every((pts, i) => Number.isInteger(pts) && (i === 0 || pts > shown[i - 1]!)));
  assert.ok(
    shown.every((pts, i) => pts - video.pts[i]! <= 22_500),
    'reordered by at most 250 ms',
  );
  assert.ok(video.duration > shown.at(-1)!);
  nalUnits(result).forEach((units, i) => {
    const types = units.map((unit) => nalTypeOf(unit[0]!));
    const isIdr = types.includes(NalType.idrSlice);
    assert.equal(video.randomAccess[i], isIdr ? 1 : 0);
    assert.equal(types.filter((type) => type === NalType.accessUnitDelimiter).length, 1);
    if (isIdr) assert.deepEqual(types.slice(1, 3), [NalType.sequenceParameters, NalType.pictureParameters]);
    else assert.ok(!types.includes(NalType.sequenceParameters));
  });
  const frames = readFileSync(audio.path);
  let at = 0;
  for (const size of audio.sizes) {
    assert.equal(channelsOfAdts(frames.subarray(at, at + size)), properties.channels);
    at += size;
  }
  assert.equal(channelsOfAdts(audio.silence), properties.channels);
}

/** The NAL units of each access unit of the source. */
function sourceUnits(path: string): Buffer[][] {
  const input = new MediaInput(path);
  const nalLengthSize = parseExtradata(input.video.codecpar.extradata)?.nalLengthSize ?? 0;
  const list = new NalList();
  const units: Buffer[][] = [];
  input.forEachPacket(({ packet, isVideo }) => {
    if (!isVideo || packet.data === null) return true;
    const data = Buffer.from(packet.data);
    assert.ok(nalLengthSize === 0 ? splitAnnexB(data, list) : splitLengthPrefixed(data, nalLengthSize, list));
    units.push(Array.from({ length: list.count }, (_, i) => data.subarray(list.starts[i], list.ends[i])));
    return true;
  });
  input.close();
  return units;
}

/** The NAL units without parameter sets and delimiters, whose order may change. */
const payloads = (units: Buffer[][]): string[] =>
  units.flat().flatMap((unit) => ([7, 8, 9].includes(nalTypeOf(unit[0]!)) ? [] : [unit.toString('base64')]));

for (const extension of ['mp4', 'mkv', 'ts', 'mov']) {
  test(`H.264 and AAC from ${extension} are copied byte for byte`, () => {
    const path = source({ extension });
    const result = h264(path);
    const { video, audio, properties } = result;
    assert.deepEqual(payloads(nalUnits(result)), payloads(sourceUnits(path)));
    assert.deepEqual([properties.video, properties.audio, properties.reason], ['copied', 'copied', '']);
    assert.equal(properties.videoCodec, 'H.264 Main 1.2');
    assert.equal(properties.audioCodec, 'AAC-LC stereo');
    assert.equal(properties.codecs, 'avc1.4d400c,mp4a.40.2');
    assert.deepEqual(properties.frameRate, [25, 1]);
    assert.equal(video.sizes.length, 50);
    assert.equal(video.duration, 180_000);
    assert.deepEqual(
      [...video.randomAccess.entries()].flatMap(([i, flag]) => (flag ? [i] : [])),
      [0, 25],
    );
    // The encoder's priming comes before the first picture, and an edit list cuts it off; Matroska counts milliseconds.
    const priming = extension === 'mp4' || extension === 'mov' ? 0 : 1;
    assert.ok(Math.abs(audio.start + priming * 1_920) <= 45, `${audio.start}`);
    assert.equal(audio.sizes.length, 93 + priming);
  });
}

interface Awkward {
  what: string;
  options: Partial<SourceOptions> & { extension: string };
  settings?: Partial<MediaSettings>;
  expected: Partial<MediaProperties>;
  pictures: number;
  duration: number;
}

const second = 90_000;
const awkward: Awkward[] = [
  {
    what: 'a variable frame rate is copied with its times',
    options: { extension: 'mp4', seconds: 3, video: { variable: true } },
    expected: { video: 'copied' },
    pictures: 51,
    duration: 3 * second,
  },
  {
    what: 'a variable frame rate that has to be encoded becomes a constant one',
    options: { extension: 'mp4', seconds: 3, video: { variable: true } },
    settings: { maxGop: Millis(500) },
    expected: { video: 'encoded', reason: 'key pictures more than 0.5 s apart' },
    pictures: 150,
    duration: 3 * second,
  },
  {
    what: 'a rotated picture is turned upright',
    options: { extension: 'mp4', video: { turn: 90 } },
    expected: { video: 'encoded', reason: 'rotated pictures', width: 180, height: 320, aspectRatio: '9:16' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'pixels that are not square are kept when copied',
    options: { extension: 'mp4', video: { width: 360, height: 288, sampleAspectRatio: [16, 15] } },
    expected: { video: 'copied', sampleAspectRatio: [16, 15], aspectRatio: '4:3' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'pixels that are not square are kept when encoded',
    options: {
      extension: 'mkv',
      video: { width: 360, height: 288, sampleAspectRatio: [64, 45], pixelFormat: 'yuv420p10le' },
    },
    expected: { video: 'encoded', reason: '10-bit pictures', sampleAspectRatio: [64, 45], aspectRatio: '16:9' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: '5.1 sound is copied',
    options: { extension: 'mp4', audio: { channels: 6 } },
    expected: { audio: 'copied', audioCodec: 'AAC-LC 5.1', channels: 6 },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'a file without sound gets a silent track',
    options: { extension: 'mp4', audio: null },
    expected: { audio: 'silent', audioCodec: 'AAC-LC stereo', channels: 2 },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'interlaced pictures are deinterlaced',
    options: { extension: 'ts', video: { interlaced: true, width: 352, height: 288 } },
    expected: { video: 'encoded', reason: 'interlaced pictures', frameRate: [25, 1] },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: '23.976 pictures a second keep their time',
    options: { extension: 'mp4', seconds: 3, video: { frameRate: [24_000, 1_001], group: 24 } },
    expected: { video: 'copied', frameRate: [24_000, 1_001] },
    pictures: 72,
    duration: 270_270,
  },
  {
    what: '23.976 pictures a second keep their time when encoded',
    options: {
      extension: 'mkv',
      seconds: 3,
      video: { frameRate: [24_000, 1_001], group: 24, untoldRate: true },
    },
    settings: { maxGop: Millis(500) },
    expected: { video: 'encoded', frameRate: [24_000, 1_001] },
    pictures: 72,
    duration: 270_270,
  },
  {
    what: 'VP9 and Opus in WebM are encoded',
    options: {
      extension: 'webm',
      video: { codec: FF_ENCODER_LIBVPX_VP9, bPictures: 0, options: { deadline: 'realtime', 'cpu-used': 8 } },
      audio: { codec: FF_ENCODER_LIBOPUS, sampleFormat: 'flt' },
    },
    expected: { video: 'encoded', audio: 'encoded', reason: 'VP9 instead of H.264, Opus sound' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'AV1 in WebM is encoded',
    options: {
      extension: 'webm',
      video: { codec: FF_ENCODER_LIBSVTAV1, bPictures: 0, options: { preset: 12 } },
      audio: null,
    },
    expected: { video: 'encoded', audio: 'silent', reason: 'AV1 instead of H.264' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'odd sizes lose their odd edge',
    options: {
      extension: 'mkv',
      video: { codec: FF_ENCODER_MPEG4, openGroups: true, width: 321, height: 181, bPictures: 0 },
    },
    expected: { video: 'encoded', width: 320, height: 180, reason: 'MPEG-4 instead of H.264' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'sound at 44.1 kHz is brought to 48 kHz',
    options: { extension: 'mp4', audio: { sampleRate: 44_100 } },
    expected: { video: 'copied', audio: 'encoded', reason: 'sound at 44.1 kHz' },
    pictures: 50,
    duration: 2 * second,
  },
  {
    what: 'groups that are open are one long group, since only IDR pictures count',
    options: { extension: 'mp4', seconds: 4, video: { openGroups: true, bPictures: 3 } },
    settings: { maxGop: Millis(2_000) },
    expected: { video: 'encoded', reason: 'key pictures more than 2 s apart' },
    pictures: 100,
    duration: 4 * second,
  },
  {
    what: 'the title is read',
    options: { extension: 'mkv', title: 'Überraschung & Co' },
    expected: { title: 'Überraschung & Co' },
    pictures: 50,
    duration: 2 * second,
  },
];

for (const { what, options, settings, expected, pictures, duration } of awkward) {
  test(what, () => {
    const { video, audio, properties } = h264(source(options), settings);
    for (const [key, value] of Object.entries(expected)) {
      assert.deepEqual(properties[key as keyof MediaProperties], value, key);
    }
    assert.equal(video.sizes.length, pictures);
    assert.equal(video.duration, duration);
    if (properties.video === 'encoded') {
      const seconds = Math.min(2, (settings?.maxGop ?? Number.POSITIVE_INFINITY) / 1_000);
      const group = Math.round((seconds * properties.frameRate[0]) / properties.frameRate[1]);
      video.randomAccess.forEach((flag, i) => {
        assert.equal(flag, i % group === 0 ? 1 : 0, `picture ${i}`);
      });
    }
    if (properties.audio === 'encoded') {
      assert.equal(audio.start, -1_920, 'one frame of priming');
      assert.ok(audio.sizes.length >= 1 + Math.round(duration / 1_920));
    }
    if (properties.audio === 'silent') assert.equal(audio.sizes.length, 0);
  });
}

test('encoded pictures say how they were made, and come in groups of 2 s, or shorter ones where that is asked for', () => {
  const path = source({ extension: 'mp4', seconds: 3 });
  const encode = (settings: Partial<MediaSettings>) => h264(path, { ...settings, maxGop: Millis(800) });
  const { video, properties } = encode({ preset: 'fast', crf: 30 });
  assert.equal(properties.encoding, 'x264 fast, CRF 30, at most 0.8 Mbit/s, groups of 0.8 s');
  assert.deepEqual(
    [...video.randomAccess.entries()].flatMap(([i, flag]) => (flag ? [i] : [])),
    [0, 20, 40, 60],
  );
  assert.match(encode({}).properties.encoding ?? '', /^x264 \w+, CRF 21, /);
  assert.ok(total(encode({ preset: 'fast', crf: 20 }).video.sizes) > total(video.sizes), 'a lower factor takes more');
  assert.equal(h264(path).properties.encoding, undefined, 'of copied pictures nothing is said');
});

test('pictures that start late keep their distance to the sound', () => {
  const { video, audio } = h264(source({ extension: 'mp4', video: { start: 0.48 } }));
  assert.equal(video.pts[0], 0);
  assert.equal(audio.start, -0.48 * second);
});

test('sound that starts late keeps its distance to the pictures', () => {
  const { audio } = h264(source({ extension: 'mp4', audio: { start: 0.5 } }));
  assert.equal(audio.start, 0.5 * second - 1_920);
});

/** For each frame from the first picture on, 1 where it is loud, else 0. */
function soundOf(path: string): number[] {
  const decoded = spawnSync('ffmpeg', ['-v', 'error', '-i', path, '-ac', '1', '-f', 'f32le', '-'], {
    maxBuffer: 1 << 28,
  });
  const samples = new Float32Array(
    decoded.stdout.buffer.slice(decoded.stdout.byteOffset),
    0,
    decoded.stdout.length >> 2,
  );
  const frames: number[] = [];
  for (let at = 0; at + 1_024 <= samples.length; at += 1_024) {
    frames.push(samples.subarray(at, at + 1_024).some((sample) => Math.abs(sample) > 0.02) ? 1 : 0);
  }
  return frames;
}

test('encoded sound that starts late keeps its time', { skip: without('ffmpeg') }, () => {
  const { audio } = h264(source({ extension: 'mkv', audio: { start: 0.512, codec: FF_ENCODER_AC3 } }));
  const sound = soundOf(audio.path);
  // 0.512 s are 24 frames, after one of priming.
  assert.equal(sound.indexOf(1), 25);
});

test('encoded sound is as long as the pictures, and quiet at both ends', { skip: without('ffmpeg') }, () => {
  const { audio, video } = h264(source({ extension: 'mkv', seconds: 3, audio: { codec: FF_ENCODER_AC3 } }));
  const frames = Math.round(video.duration / 1_920);
  const sound = soundOf(audio.path);
  assert.ok(sound.slice(2, frames - 2).every((loud) => loud === 1));
  assert.ok(audio.sizes.length <= frames + 2);
});

test('an item is converted to the layout of its station', () => {
  const target = {
    width: 640,
    height: 480,
    sampleAspectRatio: [1, 1] as [number, number],
    frameRate: [30_000, 1_001] as [number, number],
    channels: 2,
    reorderDelay: Ticks90k(9_000),
  };
  const { properties, video } = h264(source({ extension: 'mp4', audio: { channels: 6 } }), { target });
  assert.deepEqual(
    [properties.width, properties.height, properties.frameRate, properties.channels],
    [640, 480, [30_000, 1_001], 2],
  );
  assert.equal(
    properties.reason,
    "a picture size other than the station's, a number of channels other than the station's",
  );
  assert.equal(video.duration, 180_180);
  const layout = { ...target, width: 320, height: 180, frameRate: [25, 1] as [number, number] };
  assert.equal(h264(source({ extension: 'ts' }), { target: layout }).properties.video, 'copied');
});

test('pictures with more bits in a second than allowed are encoded with fewer, and the rate is said', () => {
  const film = source({ extension: 'mp4', video: { width: 640, height: 360 } });
  const copied = h264(film).video;
  // Two groups of 25 pictures, in their order.
  const seconds = [copied.sizes.subarray(0, 25), copied.sizes.subarray(25)].map((sizes) => total(sizes) * 8);
  const peak = Math.max(...seconds);
  assert.equal(h264(film, { maxBitrate: peak * 1.2 }).properties.video, 'copied');
  const { video, properties } = h264(film, { maxBitrate: 100_000 });
  const [, said] = /^(\d+\.\d) Mbit\/s at its peak, more than 0\.1$/.exec(properties.reason) ?? [];
  assert.ok(Number(said) * 1e6 >= peak - 50_000 && Number(said) * 1e6 <= peak * 1.2, `${properties.reason}; ${peak}`);
  // Of the buffer of 0.75 s, each second may use as much.
  assert.ok(total(video.sizes) * 8 <= 100_000 * (2 + 0.75) * 1.1, `${total(video.sizes) * 8}`);
});

test('FFmpeg decodes every spool without a message', { skip: without('ffmpeg') }, () => {
  const spools = [
    h264(source({ extension: 'mp4' })),
    h264(source({ extension: 'ts', seconds: 3 }), { maxGop: Millis(500) }),
    h264(source({ extension: 'mkv', audio: { codec: FF_ENCODER_AC3 } })),
  ];
  for (const { video, audio } of spools) {
    for (const [kind, input] of [
      ['h264', accessUnits(video)],
      ['aac', readFileSync(audio.path)],
    ] as const) {
      const { stderr } = spawnSync('ffmpeg', ['-v', 'warning', '-f', kind, '-i', '-', '-f', 'null', '-'], { input });
      const words = stderr.toString().replace(/^.*Estimating duration from bitrate.*\n/m, '');
      assert.equal(words, '', kind);
    }
  }
});
