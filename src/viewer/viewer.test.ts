import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { type TestContext, test } from 'node:test';
import { channel } from '../../test/support/channels.js';
import { until } from '../../test/support/display.js';
import { FakePlayer } from '../../test/support/fake-player.js';
import { FakeReceiver } from '../../test/support/fake-receiver.js';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Problem } from '../base/problem.js';
import { Millis, Ticks90k } from '../base/units.js';
import type { Target } from '../receiver/station-receiver.js';
import type { FoundChannel } from './channels.js';
import { Viewer, type ViewerOptions } from './viewer.js';

/** On the server's clock, in seconds; the buffer has random access points at every fourth. */
const NOW = 1_000;
const second = 90_000;

const found = (number: number): FoundChannel => {
  const { key, info } = channel(number);
  const server = { name: info.server, address: '127.0.0.1', port: 1, localAddress: '127.0.0.1' };
  return { key, info, found: { key, info, servers: [server] } };
};

/** A viewer of station 1, whose receiver holds the last 20 s, with a picture of 4 s ago on the screen. */
class Bench {
  readonly timers = new HandTimers();
  readonly receiver = new FakeReceiver();
  readonly tuned: (Target | undefined)[] = [];
  readonly server: string[] = [];
  player!: FakePlayer;
  readonly viewer: Viewer;
  readonly #responses: IncomingMessage[] = [];

  readonly context: TestContext;

  constructor(context: TestContext, options: Partial<ViewerOptions> = {}) {
    this.context = context;

    const { receiver, tuned, server } = this;
    receiver.now = Millis(NOW * 1000);
    receiver.hold(NOW - 20, NOW);
    let current: FakeReceiver | null = null;
    this.viewer = new Viewer({
      channels: [found(1), found(2)],
      refresh: async () => [],
      show: () => undefined,
      timers: this.timers,
      startPlayer: async (events) => {
        this.player = new FakePlayer(events);
        return this.player;
      },
      createTuner: () => ({
        get current() {
          return current;
        },
        async tune(_channel, start) {
          tuned.push(start);
          current = receiver;
          return receiver;
        },
        update: () => undefined,
        pause: () => server.push('pause'),
        resume: () => server.push('resume'),
        close: async () => undefined,
      }),
      ...options,
    });
  }

  /** Runs until the picture that was sent `behind` seconds ago is on the screen. */
  async watch(behind = 4): Promise<this> {
    const running = this.viewer.run(found(1));
    this.context.after(async () => {
      this.viewer.stop();
      for (const response of this.#responses) response.destroy();
      await running;
    });
    await this.given(1);
    await this.picture(NOW - behind);
    return this;
  }

  /** The media played last, once the player was given that many. */
  async given(count: number) {
    await until(this.context, () => this.player?.given.length === count);
    return this.player.given[count - 1];
  }

  /** The player requests its media, and shows the picture of that time. */
  async picture(time: number): Promise<void> {
    const { url } = this.player.given[this.player.given.length - 1]!;
    const [response] = (await once(get(url), 'response')) as [IncomingMessage];
    this.#responses.push(response);
    await once(response, 'readable');
    this.player.pictures(time * second);
    await this.look();
  }

  /** Time passes until the viewer has measured its player and shown that. */
  async look(): Promise<void> {
    for (let tick = 0; tick < 2; tick++) {
      this.timers.advance(200);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  get badge(): string | undefined {
    return this.player.overlay?.badge;
  }
}

test('the badge shows the distance of the picture to the server’s clock', {
  timeout: 10_000,
}, async (context) => {
  const bench = await new Bench(context).watch(4);
  assert.equal(bench.badge, '−0:04');
  bench.player.at = Ticks90k((NOW - 65.2) * second);
  await bench.look();
  assert.equal(bench.badge, '−1:05');
});

test('seeks count from the picture on the screen, and add up', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context).watch(4);
  bench.receiver.answer = { from: NOW - 28, to: NOW - 20 };
  for (const key of ['left', 'left', 'left', 'right']) bench.viewer.key(key);
  const { from, paused } = (await bench.given(2))!;
  assert.equal(from, (NOW - 24) * second);
  assert.equal(paused, false);
  assert.deepEqual(bench.receiver.sought, [{ kind: 'time', time: (NOW - 25) * 1000 + 1, item: false }]);
});

test('a picture that the receiver holds is sought without the server', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context).watch(4);
  bench.viewer.key('left');
  assert.equal((await bench.given(2))?.from, (NOW - 14) * second);
  assert.deepEqual(bench.receiver.sought, []);
  assert.equal(bench.badge, '−0:14');
});

test('a seek during a pause stays paused, and back to live plays', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context).watch(4);
  bench.viewer.key('p');
  bench.viewer.key('left');
  assert.equal((await bench.given(2))?.paused, true);
  await bench.picture(NOW - 14);
  assert.deepEqual(
    bench.player.overlay?.rows.map(({ text }) => text),
    [...['Exit', 'Change the station', 'Resume', 'Back to live']],
  );
  assert.deepEqual(bench.server, ['pause']);
  bench.viewer.key('4');
  const { paused, from } = (await bench.given(3))!;
  assert.deepEqual([paused, from], [false, NOW * second]);
  assert.deepEqual(bench.server, ['pause', 'resume']);
});

test('a refusal is shown, and the picture goes on', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context).watch(4);
  bench.receiver.answer = new Problem('server', 'The server refused', 'Wait.');
  bench.viewer.key('shift-left');
  await until(context, () => bench.player.overlay?.title === 'The server refused. Wait.');
  assert.equal(bench.player.given.length, 1);
  await bench.look();
  assert.equal(bench.badge, '−0:04');
});

test('a picture that began behind approaches the present, and one that was sought does not', {
  timeout: 10_000,
}, async (context) => {
  const bench = await new Bench(context).watch(4);
  assert.deepEqual(bench.player.calls, ['speed 1.05']);
  bench.player.at = Ticks90k((NOW - 0.2) * second);
  await bench.look();
  assert.deepEqual(bench.player.calls, ['speed 1.05', 'speed 1']);
  bench.viewer.key('left');
  await bench.given(2);
  await bench.picture(NOW - 14);
  assert.deepEqual(bench.player.calls, ['speed 1.05', 'speed 1']);
});

test('with the option stay the picture keeps its distance', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context, { stay: true }).watch(4);
  assert.deepEqual(bench.player.calls, []);
});

test('a first picture in the past is tuned to, shown exactly, and keeps its distance', {
  timeout: 10_000,
}, async (context) => {
  const bench = new Bench(context, { first: Ticks90k((NOW - 10) * second) });
  await bench.watch(10);
  assert.deepEqual(bench.tuned, [{ kind: 'time', time: (NOW - 11) * 1000 + 1, item: false }]);
  assert.equal(bench.player.given[0]!.from, (NOW - 10) * second);
  assert.deepEqual(bench.player.calls, []);
  bench.viewer.key('2');
  await bench.given(2);
  assert.equal(bench.tuned[1], undefined);
});

test('while the player has unread media, no packets are expected', { timeout: 10_000 }, async (context) => {
  const bench = await new Bench(context).watch(4);
  bench.receiver.lastArrival = Millis(0);
  bench.timers.advance(5_000);
  assert.match(bench.player.overlay?.title ?? '', /Nothing has come/);
  const behind = await new Bench(context).watch(4);
  behind.receiver.lastArrival = Millis(0);
  const much = { data: Buffer.alloc(1_000_000), randomAccess: false };
  for (let unit = 1; unit <= 40; unit++) behind.receiver.buffer.push({ time: Ticks90k(NOW * second + unit), ...much });
  behind.timers.advance(5_000);
  assert.doesNotMatch(behind.player.overlay?.title ?? '', /Nothing has come/);
});

/** In step with others, 200 ms after the time stamps. */
const inStep = (context: TestContext, behind: number): Promise<Bench> =>
  new Bench(context, { delay: Millis(200) }).watch(behind);

test('in step, the first picture waits for its moment', { timeout: 10_000 }, async (context) => {
  const bench = await inStep(context, -0.5);
  const { paused, from } = bench.player.given[0]!;
  assert.equal(paused, true);
  assert.equal(from, (NOW + 0.05) * second, 'the one that is due when it can be there');
  bench.timers.advance(299);
  assert.deepEqual(bench.player.calls, [], '700 ms from when it was seen');
  bench.timers.advance(201);
  assert.deepEqual(bench.player.calls, ['resume']);
  assert.deepEqual(bench.server, []);
});

test('in step, a pause before the first picture’s moment lasts beyond it', {
  timeout: 10_000,
}, async (context) => {
  const bench = await inStep(context, -0.5);
  bench.viewer.key('p');
  bench.timers.advance(1_000);
  assert.deepEqual(bench.player.calls, ['pause']);
  bench.viewer.key('p');
  assert.deepEqual(bench.player.calls, ['pause', 'resume']);
});

test('in step, late pictures play faster until they are at their moments', {
  timeout: 10_000,
}, async (context) => {
  const bench = await inStep(context, 0);
  for (let picture = 0; picture < 20; picture++) bench.player.draws((NOW - 0.2 - 0.06) * second);
  await bench.look();
  assert.deepEqual(bench.player.calls, ['resume', 'speed 1.03']);
  assert.ok(bench.player.overlay?.rows.some(({ text }) => text === 'out of step, 60 ms late'));
});

test('in step, a picture far off jumps, and one behind after a pause does not', {
  timeout: 10_000,
}, async (context) => {
  const bench = await inStep(context, 0);
  for (let picture = 0; picture < 20; picture++) bench.player.draws((NOW - 2.2) * second);
  await bench.look();
  assert.equal((await bench.given(2))?.paused, true);
  await bench.picture(NOW);
  bench.viewer.key('p');
  bench.viewer.key('p');
  bench.timers.advance(1_000);
  for (let picture = 0; picture < 20; picture++) bench.player.draws((NOW - 30) * second);
  await bench.look();
  assert.equal(bench.player.given.length, 2);
  assert.deepEqual(bench.player.calls, ['resume', 'resume', 'pause', 'resume']);
});
