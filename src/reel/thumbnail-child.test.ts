import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { type ThumbnailAnswer, ThumbnailChild, type ThumbnailJob, thumbnailLimits } from './thumbnail-child.js';

const job: ThumbnailJob = { format: 'h264', picture: Buffer.from('a picture'), width: 320 };
const good: ThumbnailAnswer = { still: Buffer.from('a still'), memory: 1 };

class FakeProcess {
  readonly jobs: ThumbnailJob[] = [];
  isKilled = false;
  answered!: (answer: ThumbnailAnswer) => void;
  ended!: () => void;
}

function childWithFakes() {
  const timers = new HandTimers();
  const lines: string[] = [];
  const processes: FakeProcess[] = [];
  const child = new ThumbnailChild({
    timers,
    say: (line) => lines.push(line),
    start(heard) {
      const process = Object.assign(new FakeProcess(), heard);
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
  assert.equal(processes[0].jobs.length, 1);
  processes[0].answered(good);
  assert.deepEqual(await thumbnails[0], Buffer.from('a still'));
});

test('after a picture the process rests as long as it worked', async () => {
  const { timers, processes, child } = childWithFakes();
  const thumbnails = [child.make(job), child.make(job)];
  timers.advance(40);
  processes[0].answered(good);
  timers.advance(39);
  assert.equal(processes[0].jobs.length, 1);
  timers.advance(1);
  assert.equal(processes[0].jobs.length, 2);
  processes[0].answered({ still: null, memory: 1 });
  assert.deepEqual(await Promise.all(thumbnails), [Buffer.from('a still'), null]);
});

test('a process without anything to do is ended, and another started when there is', () => {
  const { timers, processes, child } = childWithFakes();
  void child.make(job);
  processes[0].answered(good);
  timers.advance(thumbnailLimits.idle - 1);
  assert.equal(processes[0].isKilled, false);
  timers.advance(1);
  assert.equal(processes[0].isKilled, true);
  void child.make(job);
  assert.equal(processes.length, 2);
});

test('a picture that takes too long ends the process, and whoever waits gets nothing', async () => {
  const { timers, processes, child, lines } = childWithFakes();
  const thumbnails = [child.make(job), child.make(job)];
  timers.advance(thumbnailLimits.time);
  assert.equal(processes[0].isKilled, true);
  assert.deepEqual(await Promise.all(thumbnails), [null, null]);
  assert.equal(lines.length, 1);
  // Its last words are not taken for another's.
  processes[0].answered(good);
  processes[0].ended();
  assert.equal(lines.length, 1);
});

test('a process that breaks again and again is started ever more seldom, and at once after it worked', async () => {
  const { timers, processes, child } = childWithFakes();
  for (const pause of [1, 2, 4, 8, 16, 32, 60, 60]) {
    const still = child.make(job);
    processes.at(-1)?.ended();
    assert.equal(await still, null);
    assert.equal(child.isAble, false);
    assert.equal(await child.make(job), null, 'nothing is started');
    timers.advance(pause * 1_000 - 1);
    assert.equal(child.isAble, false);
    timers.advance(1);
    assert.equal(child.isAble, true);
  }
  assert.equal(processes.length, 8);
  void child.make(job);
  processes.at(-1)?.answered(good);
  timers.advance(0);
  processes.at(-1)?.ended();
  timers.advance(1_000);
  assert.equal(child.isAble, true);
});

test('a process that holds too much memory is followed by another', async () => {
  const { timers, processes, child } = childWithFakes();
  const still = child.make(job);
  void child.make(job);
  processes[0].answered({ still: Buffer.from('large'), memory: thumbnailLimits.memory + 1 });
  assert.deepEqual(await still, Buffer.from('large'));
  assert.equal(processes[0].isKilled, true);
  timers.advance(0);
  assert.equal(processes.length, 2);
  assert.equal(processes[1].jobs.length, 1);
});

test('where FFmpeg is not installed, it is said once and not tried again', async () => {
  const { timers, processes, child, lines } = childWithFakes();
  const still = child.make(job);
  processes[0].answered({ missing: true });
  assert.equal(await still, null);
  timers.advance(1e9);
  assert.equal(child.isAble, false);
  assert.equal(await child.make(job), null);
  assert.equal(processes.length, 1);
  assert.equal(lines.length, 1);
});

test('a process that cannot be started is a process that broke', async () => {
  const child = new ThumbnailChild({
    timers: new HandTimers(),
    say() {},
    start() {
      throw new Error('no memory');
    },
  });
  assert.equal(await child.make(job), null);
  assert.equal(child.isAble, false);
});
