import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decoderArguments } from './decoder.js';
import { pictureInfo, troubleIn } from './show-info.js';

const line = (n: string, pts: string): string =>
  `[Parsed_showinfo_5 @ 0x55d0] [info] n:${n} pts:${pts} pts_time:95443.7 pos:   123 fmt:rgb24 sar:1/1 s:640x360 i:P iskey:1 type:I checksum:0BD4`;

test('of each picture its time and its size are told', () => {
  assert.deepEqual(pictureInfo(line('   0', '8589930000')), { time: 8_589_930_000, width: 640, height: 360 });
  assert.deepEqual(pictureInfo(line(' 120', '   -3600')), { time: -3_600, width: 640, height: 360 });
  for (const other of [
    '',
    '[Parsed_showinfo_5 @ 0x55d0] [info] config in time_base: 1/90000, frame_rate: 25/1',
    '[Parsed_showinfo_5 @ 0x55d0] [info] color_range:tv color_space:bt709 color_primaries:bt709 color_trc:bt709',
    '[info] frame=  250 fps= 25 q=-0.0 size=1 time=00:00:10.00 bitrate=1.0kbits/s s:1x1',
  ]) {
    assert.equal(pictureInfo(other), null);
  }
});

test('what has gone wrong is told without who says it', () => {
  assert.equal(troubleIn('[http @ 0x5591] [error] Connection refused'), 'Connection refused');
  assert.equal(troubleIn("[fatal] Unrecognized option 'fps_mode'."), "Unrecognized option 'fps_mode'.");
  assert.equal(troubleIn('[h264 @ 0x5591] [warning] something'), null);
});

test('pictures before the one that is wanted are decoded, and not told of', () => {
  const media = { url: 'http://127.0.0.1/1.ts', format: 'h264', from: 2 ** 33 + 900_000 } as const;
  const most = { width: 640, height: 360 };
  const filters = (words: string[]): string => words[words.indexOf('-vf') + 1];
  assert.match(filters(decoderArguments({ media, most })), /^trim=start=9\.995,select=/);
  assert.match(filters(decoderArguments({ media: { ...media, from: null }, most })), /^select=/);
});
