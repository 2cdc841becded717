import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DyingChange, DyingStation, DyingThreadData } from '../../test/support/dying-thread.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Thread } from './thread.js';

/** A thread that dies `deaths` times, its notes and deaths as they come, and the clock of its revival. */
async function dyingThread(options: Omit<DyingThreadData, 'lives'>) {
  const timers = new HandTimers();
  const lines: string[] = [];
  let rung = 0;
  let onLine = (): void => undefined;
  const log = (line: string) => {
    lines.push(line);
    onLine();
  };
  const data: DyingThreadData = { ...options, lives: new SharedArrayBuffer(4) };
  const thread = new Thread<DyingStation, DyingChange>({
    entry: new URL('../../test/support/dying-thread.js', import.meta.url),
    data,
    timers,
    ring: () => {
      rung++;
    },
    onDeath: log,
    onMessage: (message) => {
      if (message.is === 'note') log(message.line);
    },
  });
  if (!options.diesAtStart) await thread.ready;
  /** The line numbered `count`, from 1 on. */
  const lineAt = async (count: number): Promise<string> => {
    while (lines.length < count) {
      await new Promise<void>((resolve) => {
        onLine = resolve;
      });
    }
    return lines[count - 1]!;
  };
  return { thread, timers, lines, lineAt, rings: () => rung, lives: () => new Int32Array(data.lives)[0] };
}

test('a thread that dies is replaced by one with its stations as they are now, and its stack is logged', async () => {
  const { thread, timers, lineAt } = await dyingThread({ deaths: 1 });
  thread.add({ id: 'a', title: 'Films' });
  assert.match(
    await lineAt(1),
    /died, and another takes its place in 0\.1 s: RangeError: out of range\n +at .*dying-thread/,
  );
  thread.change({ id: 'a', title: 'More films' }, { do: 'rename', id: 'a', title: 'More films' });
  timers.advance(100);
  assert.equal(await lineAt(2), 'life 1 has a, More films');
  await thread.remove('a');
  await thread.remove('a');
  await thread.close();
});

test('a thread that dies again and again is replaced after ever longer delays, and each death is logged', async () => {
  const { thread, timers, lines, lineAt, lives } = await dyingThread({ deaths: 12 });
  thread.add({ id: 'a', title: 'Films' });
  const delays: number[] = [];
  for (let death = 1; death <= 12; death++) {
    const line = await lineAt(death);
    if (death > 1) assert.match(line, new RegExp(`, ${death} times in a row, `));
    const delay = Number(/in ([\d.]+) s/.exec(line)![1]) * 1_000;
    delays.push(delay);
    assert.equal(timers.pending, 1);
    timers.advance(delay - 1);
    assert.equal(lives(), death, 'not replaced before');
    timers.advance(1);
  }
  assert.deepEqual(delays.slice(0, 4), [100, 200, 400, 800]);
  assert.equal(Math.max(...delays), 30_000);
  assert.equal(await lineAt(13), 'life 12 has a, Films');
  assert.equal(lines.length, 13);
  await thread.close();
});

test('a dead thread that is tried again does not wait for the end of its delay', async () => {
  const { thread, timers, lineAt } = await dyingThread({ deaths: 1 });
  thread.add({ id: 'a', title: 'Films' });
  await lineAt(1);
  thread.retry();
  assert.equal(timers.pending, 0);
  assert.equal(await lineAt(2), 'life 1 has a, Films');
  thread.retry();
  await thread.close();
  thread.retry();
});

test('a station is removed at once while its thread is dead', async () => {
  const { thread, timers, lineAt, lives } = await dyingThread({ deaths: 1 });
  thread.add({ id: 'a', title: 'Films' });
  await lineAt(1);
  await thread.remove('a');
  thread.add({ id: 'b', title: 'News' });
  timers.advance(100);
  assert.equal(await lineAt(2), 'life 1 has b, News');
  assert.equal(lives(), 2);
  await thread.close();
});

test('each removal resolves when the thread has done it, not at the answer to an earlier one', async () => {
  const { thread, lines, lineAt } = await dyingThread({ deaths: 0 });
  const done: string[] = [];
  const add = (title: string) => thread.add({ id: 'a', title });
  const remove = async (name: string) => {
    await thread.remove('a');
    done.push(`${name} after ${lines.length}`);
  };
  add('Films');
  const removals = [remove('first'), remove('first, asked again')];
  add('News');
  removals.push(remove('second'));
  await Promise.all(removals);
  assert.deepEqual(done, ['first after 1', 'first, asked again after 1', 'second after 2']);
  assert.equal(await lineAt(2), 'life 0 has a, News');
  await thread.close();
});

test('a thread that is being closed gets no more messages, and closing twice ends once', async () => {
  const { thread, rings } = await dyingThread({ deaths: 0 });
  thread.add({ id: 'a', title: 'Films' });
  const closing = [thread.close(), thread.close()];
  const before = rings();
  thread.add({ id: 'b', title: 'News' });
  await Promise.all([...closing, thread.remove('a')]);
  assert.equal(rings(), before, 'its bell may be closed by now');
});

test('a thread that is closed while it is dead is not replaced', async () => {
  const { thread, timers, lineAt } = await dyingThread({ deaths: 1 });
  thread.add({ id: 'a', title: 'Films' });
  await lineAt(1);
  await thread.close();
  assert.equal(timers.pending, 0);
});

test('a thread that dies while it is being closed has ended, and its error is reported', async () => {
  const { thread, timers, lines } = await dyingThread({ deaths: 0, diesAtStop: true });
  await assert.rejects(thread.close(), /the socket is stuck/);
  assert.deepEqual(lines, []);
  assert.equal(timers.pending, 0);
});

test('a thread that dies before it is ready is reported, and tried again with its stations', async () => {
  const { thread, timers, lineAt } = await dyingThread({ deaths: 1, diesAtStart: true });
  thread.add({ id: 'a', title: 'Films' });
  await assert.rejects(thread.ready, /no memory/);
  assert.match(await lineAt(1), /died.*no memory/);
  timers.advance(100);
  assert.equal(await lineAt(2), 'life 1 has a, Films');
  await thread.close();
});
