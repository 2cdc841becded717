import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { stationInfo } from '../../test/support/channels.js';
import { without } from '../../test/support/tools.js';
import { Millis, Ticks90k } from '../base/units.js';
import type { StreamUnit } from '../receiver/stream-buffer.js';
import { matroskaPicture } from '../wire/matroska.js';
import { Pid, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../wire/ts.js';
import { containerFor } from './container.js';
import { Recorder } from './recorder.js';

/** TS packets, each named by its stream, in upper case where a unit begins: "V" "v" "A" "a". */
const packets = (names: string): Buffer =>
  Buffer.concat(
    [...names].map((name) => {
      const packet = Buffer.alloc(TS_PACKET_LENGTH);
      const pid = name.toLowerCase() === 'v' ? Pid.video : Pid.audio;
      packet[0] = TS_SYNC_BYTE;
      packet[1] = (name === name.toUpperCase() ? 0x40 : 0) | (pid >> 8);
      packet[2] = pid & 0xff;
      packet[3] = 0x10;
      return packet;
    }),
  );

test('a recording ends with complete pictures and sound, by the time of the stream', () => {
  const recorder = new Recorder(containerFor(stationInfo(1)), Millis(1000));
  const unit = (time: number, names: string) => ({ time: Ticks90k(time), data: packets(names), randomAccess: false });
  const take = (...units: StreamUnit[]) => Buffer.concat(recorder.take(units));
  const early = take(unit(500, 'VvA'), unit(90_499, 'Vv'));
  assert.deepEqual(early, packets('VvAVv'));
  assert.equal(recorder.isFull, false);
  const late = take(unit(90_500, 'vaVv'), unit(90_600, 'vaA'), unit(90_700, 'a'), unit(90_800, 'v'));
  assert.deepEqual(late, packets('vaa'));
  assert.ok(recorder.isFull);
  assert.equal(recorder.recorded, 1000);
});

test('the sound of a silent stream is waited for no longer than a second', () => {
  const recorder = new Recorder(containerFor(stationInfo(1)), Millis(1000));
  const unit = (time: number) => ({ time: Ticks90k(time), data: packets('V'), randomAccess: false });
  recorder.take([0, 90_000, 180_000].map(unit));
  assert.ok(recorder.isFull);
});

test('pictures are recorded for exactly the duration', () => {
  const recorder = new Recorder(containerFor(stationInfo(1, { format: 'jpeg' })), Millis(100));
  const jpeg = Buffer.from('picture');
  const units = Array.from({ length: 9 }, (_, n) => ({ time: Ticks90k(7 + n * 3000), data: jpeg, randomAccess: true }));
  const file = Buffer.concat(recorder.take(units));
  const pictures = Buffer.concat([0, 100 / 3, 200 / 3].map((time) => matroskaPicture(Millis(time), jpeg)));
  assert.ok(file.subarray(-pictures.length).equals(pictures));
  assert.equal(file.toString('latin1').split('picture').length - 1, 3);
});

test('FFmpeg reads every picture of the Matroska stream at its time', { skip: without('ffmpeg', 'ffprobe') }, () => {
  const source = ['-f', 'lavfi', '-i', 'testsrc2=s=320x180', '-frames:v', '1', '-pix_fmt', 'yuvj420p'];
  const jpeg = spawnSync('ffmpeg', ['-v', 'error', ...source, '-f', 'mjpeg', '-']).stdout;
  const station = stationInfo(1, { format: 'jpeg', width: 320, height: 180, frameRate: 30 });
  const recorder = new Recorder(containerFor(station), undefined);
  const units = Array.from({ length: 30 }, (_, n) => ({
    time: Ticks90k(2 ** 33 + n * 3000),
    data: jpeg,
    randomAccess: true,
  }));
  const entries = 'stream=codec_name,width,height,r_frame_rate:packet=pts_time,flags';
  const probed = spawnSync('ffprobe', ['-v', 'error', '-show_entries', entries, '-of', 'compact', '-'], {
    input: Buffer.concat(recorder.take(units)),
  });
  assert.equal(probed.stderr.toString(), '');
  const lines = probed.stdout.toString().trim().split('\n');
  assert.equal(lines.filter((line) => line.startsWith('packet') && line.includes('flags=K')).length, 30);
  assert.ok(lines.some((line) => line.includes('pts_time=0.967')));
  assert.ok(lines.some((line) => line.includes('codec_name=mjpeg|width=320|height=180|r_frame_rate=30/1')));
});
