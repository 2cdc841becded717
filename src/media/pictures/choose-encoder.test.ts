import assert from 'node:assert/strict';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type AVPixelFormat, FF_ENCODER_LIBX264 } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { accessUnits, shownPictures } from '../../../test/support/decoded.js';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { Ticks90k } from '../../base/units.js';
import { Encoder } from '../encoder.js';
import { FfmpegError } from '../ffmpeg-error.js';
import { FilterChain } from '../filters.js';
import { h264 } from '../h264/h264-codec.js';
import { MediaInput, silenceLog } from '../input/input.js';
import { Notes } from '../notes.js';
import { defaultMediaSettings, type EncoderName, type MediaSettings, type StationLayout } from '../settings.js';
import { spoolMedia } from '../spool-media.js';
import { chooseEncoder, tryEncoding } from './choose-encoder.js';
import { encodeVideo } from './encode-video.js';
import { type Hardware, hardware } from './hardware.js';
import { configurePictures, type EncodingPlan, openX264 } from './x264.js';

silenceLog();
const folder = sharedFolder();
const at = (name: string) => join(folder, name);
const needs = { skip: without('ffmpeg') };

const layout: StationLayout = {
  width: 160,
  height: 90,
  sampleAspectRatio: [1, 1],
  frameRate: [25, 1],
  channels: 2,
  reorderDelay: Ticks90k(7_200),
};
const plan: EncodingPlan = { frameRate: [25, 1], group: 10, bPictures: 2, maxRate: 800_000 };

/** x264 in the place of hardware. */
const made = (title: string, open: Hardware['open']): Hardware => ({
  name: 'nvenc',
  title,
  quality: (_, crf) => `CQ ${crf}`,
  open,
});
const working = made('Working', (frame, given, crf) => openX264(frame, given, { preset: 'veryfast', crf }));
const absent = made('Absent', () => {
  throw new FfmpegError('no such device');
});
const openWith = (params: string, changed: Partial<EncodingPlan> = {}, options: Record<string, string> = {}) =>
  made(params, (frame, given, crf) => {
    return new Encoder({
      name: FF_ENCODER_LIBX264,
      configure(context) {
        configurePictures(context, frame, { ...given, ...changed });
        context.pixelFormat = frame.format as AVPixelFormat;
      },
      options: { preset: 'veryfast', crf, 'x264-params': params, ...options },
    });
  });

/** Calls `use` with a picture in NV12. */
function withPicture<T>(use: (frame: Frame) => T): T {
  const chain = new FilterChain({
    kind: 'video',
    source: 'testsrc2=s=160x90:r=25',
    filters: ['format=pix_fmts=nv12', 'setsar=1'],
  });
  const frame = new Frame();
  frame.alloc();
  try {
    assert.ok(chain.take(frame));
    return use(frame);
  } finally {
    frame.free();
    chain.free();
  }
}

const choose = (asked: EncoderName, works: readonly string[]) => {
  const tried: string[] = [];
  const trial = ({ title }: Hardware) => {
    tried.push(title);
    return works.includes(title) ? null : 'absent';
  };
  const choice = chooseEncoder(asked, { trial });
  return { chosen: choice.hardware?.title ?? null, refused: choice.refused, tried };
};

test('hardware is tried only where it is asked for, and the first that works is used', () => {
  assert.deepEqual(choose('x264', ['NVENC']), { chosen: null, refused: [], tried: [] });
  assert.deepEqual(choose('nvenc', ['NVENC', 'VA-API']), { chosen: 'NVENC', refused: [], tried: ['NVENC'] });
  assert.deepEqual(choose('auto', ['VA-API']), {
    chosen: 'VA-API',
    refused: ['NVENC: absent', 'Quick Sync: absent'],
    tried: ['NVENC', 'Quick Sync', 'VA-API'],
  });
  // With and without a quality of its own.
  assert.deepEqual(choose('vaapi', []), { chosen: null, refused: ['VA-API: absent'], tried: ['VA-API', 'VA-API'] });
  assert.equal(choose('auto', []).tried.length, hardware.length);
});

test('a trial succeeds where the rules of the air are kept, and says what is not', () => {
  withPicture((frame) => {
    const attempt = (candidate: Hardware, target: StationLayout | null = layout) =>
      tryEncoding(candidate, { codec: h264, frame, plan, crf: 21, target });
    assert.equal(attempt(working), null);
    assert.equal(attempt(absent), 'no such device');
    assert.equal(attempt(openWith('keyint=25:min-keyint=25')), 'key pictures more than 0.4 s apart');
    assert.match(
      attempt(openWith('open-gop=1:keyint=5:min-keyint=5:bframes=3:b-adapt=0')) ?? '',
      /^key pictures|order/,
    );
    const inOrder = { ...layout, reorderDelay: Ticks90k(0) };
    assert.equal(
      attempt(openWith('keyint=10:bframes=3:b-adapt=0'), inOrder),
      'pictures reordered by more than those of the station',
    );
  });
});

test('what hardware is not there, or cannot encode, is no error of the program', () => {
  withPicture((frame) => {
    for (const candidate of hardware) {
      const reason = tryEncoding(candidate, { codec: h264, frame, plan, crf: 21, target: null });
      assert.ok(reason === null || reason.length > 5, `${candidate.title}: ${reason}`);
    }
  });
});

let path = '';
function film(): string {
  if (path !== '') return path;
  path = at('film.mkv');
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=3', '-c:v', 'mpeg4', '-q:v', '2', path);
  return path;
}

function encode(all: readonly Hardware[], changed: Partial<MediaSettings> = {}) {
  const input = new MediaInput(film());
  const notes = new Notes();
  const settings: MediaSettings = { ...defaultMediaSettings, encoder: 'auto', ...changed };
  try {
    const { video, encoding } = encodeVideo(
      { input, notes, path: join(mkdtempSync(at('encode-')), 'video.h264'), settings, onProgress() {} },
      all,
    );
    const random = [...video.randomAccess.entries()].flatMap(([i, flag]) => (flag ? [i] : []));
    return { shown: shownPictures(accessUnits(video)), random, encoding, notes: notes.texts };
  } finally {
    input.close();
  }
}

test('hardware that works is used and noted; its pictures are those of x264', needs, () => {
  const { shown, random, encoding, notes } = encode([absent, working], { preset: 'veryfast' });
  assert.equal(encoding, 'Working, CQ 21, at most 0.8 Mbit/s, groups of 2 s');
  assert.deepEqual([random, notes], [[0, 50], ['encoded by Working instead of x264']]);
  const { shown: usual } = encode([], { encoder: 'x264', preset: 'veryfast' });
  // With several threads and a cap, x264 makes the others differently each time.
  assert.deepEqual([shown.length, shown[0]], [75, usual[0]]);
});

test('hardware that fails in the middle of a film is given up, the film encoded by x264, and both noted', needs, () => {
  const failing = made('Failing', (frame, given, crf) => {
    const encoder = working.open(frame, given, crf);
    let left = given.group + 20;
    return {
      extradata: encoder.extradata,
      free: () => encoder.free(),
      encode(picture, take) {
        // The trial has two pictures more than a group.
        if (left-- === 0) throw new FfmpegError('the device is lost');
        encoder.encode(picture, take);
      },
    };
  });
  const { shown, encoding, notes } = encode([failing]);
  assert.equal(shown.length, 75);
  assert.match(encoding, /^x264 medium, CRF 21, /);
  assert.deepEqual(notes, [
    'encoded by Failing instead of x264',
    'encoded by x264, because hardware cannot be used (Failing: the device is lost)',
  ]);
});

test(
  'a film is encoded where hardware is asked for that this machine may not have, and it is said by what',
  needs,
  () => {
    const settings: MediaSettings = { ...defaultMediaSettings, encoder: 'nvenc' };
    const { properties } = spoolMedia({ source: film(), folder: mkdtempSync(at('spool-')), settings, onProgress() {} });
    assert.match(properties.encoding ?? '', /^(x264 medium, CRF 21|NVENC, CQ 21), at most 0.8 Mbit\/s, groups of 2 s$/);
    assert.match(
      properties.notes.join(),
      /^encoded by (NVENC instead of x264|x264, because hardware cannot be used \(NVENC: .+\))$/,
    );
  },
);
