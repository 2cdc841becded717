import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { outOfFiles, runOutOfFiles } from '../../test/support/out-of-files.js';
import { jpegSize, makeSource } from '../../test/support/sources.js';
import { scratchFolder } from '../../test/support/spool.js';
import { type ThumbnailAnswer, ThumbnailChild, type ThumbnailJob, thumbnailLimits } from './thumbnail-child.js';

const job: ThumbnailJob = { format: 'h264', picture: Buffer.from('a picture'), width: 320 };
const good: ThumbnailAnswer = { thumbnail: Buffer.from('a thumbnail'), memory: 1 };

class FakeProcess {
  readonly jobs: ThumbnailJob[] = [];
  isKilled = false;
  onAnswer!: (answer: ThumbnailAnswer) => void;
  onEnd!: () => void;
}

function childWithFakes() {
  const timers = new HandTimers();
  const lines: string[] = [];
  const processes: FakeProcess[] = [];
  const child = new ThumbnailChild({
    timers,
    log: (line) => lines.push(line),
    start(events) {
      const process = Object.assign(new FakeProcess(), events);
      processes.push(process);
      return {
        send: (sent) => process.jobs.push(sent),
        kill: () => {
          process.isKilled = true;
        },
      };
    },
  });
  return { timers, lines, processes, child };
}

test('one process makes all pictures, one at a time', async () => {
  const { processes, child } = childWithFakes();
  const thumbnails = [child.make(job), child.make(job)];
  assert.equal(processes.length, 1);
  assert.equal(processes[0]!.jobs.length, 1);
  processes[0]!.onAnswer(good);
  assert.deepEqual(await thumbnails[0], Buffer.from('a thumbnail'));
});

test('after a picture the process rests as long as it worked', async () => {
  const { timers, processes, child } = childWithFakes();
  const thumbnails = [child.make(job), child.make(job)];
  timers.advance(40);
  processes[0]!.onAnswer(good);
  timers.advance(39);
  assert.equal(processes[0]!.jobs.length, 1);
  timers.advance(1);
  assert.equal(processes[0]!.jobs.length, 2);
  processes[0]!.onAnswer({ thumbnail: null, memory: 1 });
  assert.deepEqual(await Promise.all(thumbnails), [Buffer.from('a thumbnail'), null]);
});

test('an idle process is ended, and the next picture starts another', () => {
  const { timers, processes, child } = childWithFakes();
  void child.make(job);
  processes[0]!.onAnswer(good);
  timers.advance(thumbnailLimits.idle - 1);
  assert.equal(processes[0]!.isKilled, false);
  timers.advance(1);
  assert.equal(processes[0]!.isKilled, true);
  void child.make(job);
  assert.equal(processes.length, 2);
});

test('a picture that takes too long ends the process, and all waiting jobs resolve with null', async () => {
  const { timers, processes, child, lines } = childWithFakes();
  const thumbnails = [child.make(job), child.make(job)];
  timers.advance(thumbnailLimits.time);
  assert.equal(processes[0]!.isKilled, true);
  assert.deepEqual(await Promise.all(thumbnails), [null, null]);
  assert.equal(lines.length, 1);
  // Its late messages are ignored.
  processes[0]!.onAnswer(good);
  processes[0]!.onEnd();
  assert.equal(lines.length, 1);
});

test('a process that keeps failing is started after growing pauses, which a finished picture resets', async () => {
  const { timers, processes, child } = childWithFakes();
  for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const thumbnail = child.make(job);
    processes.at(-1)?.onEnd();
    assert.equal(await thumbnail, null);
    assert.equal(child.isAble, false);
    assert.equal(await child.make(job), null, 'nothing is started');
    timers.advance(pause * 1_000 - 1);
    assert.equal(child.isAble, false);
    timers.advance(1);
    assert.equal(child.isAble, true);
  }
  assert.equal(processes.length, 8);
  void child.make(job);
  processes.at(-1)?.onAnswer(good);
  timers.advance(0);
  processes.at(-1)?.onEnd();
  timers.advance(1_000);
  assert.equal(child.isAble, true);
});

test('a process that takes too much memory is replaced', async () => {
  const { timers, processes, child } = childWithFakes();
  const thumbnail = child.make(job);
  void child.make(job);
  processes[0]!.onAnswer({ thumbnail: Buffer.from('large'), memory: thumbnailLimits.memory + 1 });
  assert.deepEqual(await thumbnail, Buffer.from('large'));
  assert.equal(processes[0]!.isKilled, true);
  timers.advance(0);
  assert.equal(processes.length, 2);
  assert.equal(processes[1]!.jobs.length, 1);
});

test('a missing FFmpeg is logged once and not tried again', async () => {
  const { timers, processes, child, lines } = childWithFakes();
  const thumbnail = child.make(job);
  processes[0]!.onAnswer({ missing: true });
  assert.equal(await thumbnail, null);
  timers.advance(1e9);
  assert.equal(child.isAble, false);
  assert.equal(await child.make(job), null);
  assert.equal(processes.length, 1);
  assert.equal(lines.length, 1);
});

test('a process that cannot be started is a failure, and the log gives its cause', async () => {
  const lines: string[] = [];
  const child = new ThumbnailChild({
    timers: new HandTimers(),
    log: (line) => lines.push(line),
    start() {
      throw new Error('no memory');
    },
  });
  assert.equal(await child.make(job), null);
  assert.equal(child.isAble, false);
  assert.match(lines.join(), /could not be started \(no memory\)/);
});

test('an error that is no fault of the picture is a failure, and the log gives its cause', async () => {
  const { processes, child, lines } = childWithFakes();
  const thumbnail = child.make(job);
  processes[0]!.onAnswer({ failed: 'x is not a function' });
  assert.equal(await thumbnail, null);
  assert.equal(child.isAble, false);
  assert.match(lines.join(), /failed \(x is not a function\)/);
});

test('the child process makes thumbnails, also after bytes that are no picture', async (context) => {
  const lines: string[] = [];
  const timers = new HandTimers();
  const child = new ThumbnailChild({ timers, log: (line) => lines.push(line) });
  // The child does not keep this process alive.
  const alive = setInterval(() => {}, 1_000);
  context.after(() => {
    clearInterval(alive);
    child.close();
  });
  const path = join(scratchFolder(context), 'one.h264');
  const picture = readFileSync(makeSource({ path, seconds: 0.04, video: { width: 640, height: 360 }, audio: null }));
  assert.equal(await child.make({ format: 'h264', picture: Buffer.from('nothing'), width: 320 }), null);
  timers.advance(0);
  const thumbnail = await child.make({ format: 'h264', picture, width: 320 });
  assert.ok(thumbnail);
  assert.deepEqual(jpegSize(thumbnail), [320, 180]);
  assert.deepEqual(lines, []);
});

test('a process that cannot be forked because too many files are open is a failure, not a crash', outOfFiles, () => {
  assert.match(runOutOfFiles('thumbnail'), /The process that makes thumbnails .*\nnull/);
});
