import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, Ticks90k } from '../../../src/base/units.js';
import type { Beginning } from './station-player.js';
import { type PlaybackOrder, type PlaybackView, VideoPlayback } from './video-playback.js';

/** Page time 0, by the server's clock; a PTS is a page time after it. */
const EPOCH = 1_800_000_000_000;
const STARTUP = Millis(120);

interface Options {
  at?: Millis | null;
  paused?: boolean;
  /** Whether the element may be sent to where nothing is buffered. */
  goesAhead?: boolean;
}

/** A playback with an element that carries orders out at once, and a clock turned by hand. */
function open({ at = null, paused = false, goesAhead = true }: Options = {}) {
  const element = { currentTime: 0, seeking: false, paused: true };
  const world = { now: 0, isHidden: false, end: 0, rate: 1 };
  const view: PlaybackView = {
    get now() {
      return Millis(world.now);
    },
    get due() {
      return Millis(EPOCH + world.now);
    },
    get isHidden() {
      return world.isHidden;
    },
    element,
    feed: {
      goesAhead,
      toMedia: (pts) => (pts - EPOCH) / 1000,
      toPts: (media) => Millis(EPOCH + media * 1000),
      ranges: () => (world.end > 0 ? [{ start: -60, end: world.end }] : []),
    },
  };
  const beginning: Pick<Beginning, 'at' | 'paused'> = { at, paused };
  const playback = new VideoPlayback({ beginning, view, startup: { time: STARTUP } });
  const done: PlaybackOrder['type'][] = [];
  const run = (orders: readonly PlaybackOrder[] | null): PlaybackOrder['type'][] => {
    assert.ok(orders !== null, 'refused');
    for (const order of orders) {
      if (order.type === 'seek') element.currentTime = order.media;
      if (order.type === 'play') element.paused = false;
      if (order.type === 'pause') element.paused = true;
      if (order.type === 'rate') world.rate = order.rate;
    }
    const types = orders.map(({ type }) => type);
    done.push(...types);
    return types;
  };
  /** Feeds a picture that is due at `first` after now, and media up to `end` after now. */
  const load = ({ first, end }: { first: number; end: number }) => {
    run(
      playback.onFirstPicture(
        { wrapped: Ticks90k(0), pts: Millis(EPOCH + world.now + first) },
        Millis(EPOCH + world.now - 1_000),
      ),
    );
    world.end = (world.now + end) / 1000;
    run(playback.onFeedReady());
  };
  const show = (after: number | null = null) => {
    const late = after === null ? null : Millis(after);
    return run(playback.onPicture({ media: element.currentTime, late }));
  };
  /** Lets time pass with a look every 250 ms; the element moves on unless `moves` is false. */
  const pass = (millis: number, { moves = true } = {}) => {
    for (let passed = 0; passed < millis; passed += 250) {
      world.now += 250;
      world.end += 0.25;
      if (moves && !element.paused) element.currentTime += 0.25;
      run(playback.onLook());
    }
  };
  const playing = () => {
    load({ first: -40, end: 1_000 });
    show();
    assert.equal(playback.phase, 'playing');
  };
  return { playback, element, world, done, run, load, show, pass, playing };
}

test('a live station goes through its phases until its picture is on the screen', () => {
  const { playback, element, run, show } = open();
  assert.deepEqual([playback.phase, playback.status], ['tuning', 'tuning']);
  run(playback.onFirstPicture({ wrapped: Ticks90k(0), pts: Millis(EPOCH - 40) }, Millis(EPOCH - 1_040)));
  assert.equal(playback.phase, 'opening');
  assert.deepEqual(run(playback.onFeedReady()), ['rate', 'seek', 'play']);
  assert.equal(playback.phase, 'starting');
  assert.equal(element.currentTime, STARTUP / 1000 + 0.001, 'at the picture that is due once it plays');
  assert.deepEqual(show(), ['release', 'shown', 'changed']);
  assert.deepEqual([playback.phase, playback.status], ['playing', 'playing']);
});

test('a player that cannot be sent ahead starts when its start is buffered', () => {
  const { playback, world, run } = open({ goesAhead: false });
  run(playback.onFirstPicture({ wrapped: Ticks90k(0), pts: Millis(EPOCH - 40) }, Millis(EPOCH - 1_040)));
  run(playback.onFeedReady());
  assert.equal(playback.phase, 'buffering');
  world.end = 0.1;
  run(playback.onAppended());
  assert.equal(playback.phase, 'buffering');
  world.end = 0.5;
  run(playback.onAppended());
  assert.equal(playback.phase, 'starting');
});

test('a first picture long before the due one is a preview, and stands until the due one is buffered', () => {
  const { playback, element, world, load, show, pass } = open();
  load({ first: -2_000, end: -1_000 });
  assert.equal(element.currentTime, -1.999);
  assert.equal(playback.holdsBack(Millis(EPOCH - 1_000 + 1_501)), true, 'later packets wait for the preview');
  assert.equal(playback.holdsBack(Millis(EPOCH - 1_000 + 1_500)), false);
  assert.deepEqual(show(), ['release', 'shown', 'changed']);
  assert.deepEqual([playback.phase, element.paused], ['preview', true]);
  pass(250);
  assert.equal(playback.phase, 'preview');
  world.end = 1;
  pass(250);
  assert.deepEqual([playback.phase, element.paused], ['playing', false]);
});

test('a pause ends a preview: the picture stays where it is', () => {
  const { playback, element, load, show, run, pass } = open();
  load({ first: -2_000, end: 1_000 });
  show();
  const { currentTime } = element;
  run(playback.pause());
  pass(1_000);
  assert.deepEqual([playback.phase, playback.status, element.currentTime], ['playing', 'paused', currentTime]);
  run(playback.resume());
  assert.equal(element.paused, false);
});

test('no progress is a stall, and progress ends it', () => {
  const { playback, playing, pass } = open();
  playing();
  pass(500, { moves: false });
  assert.deepEqual([playback.phase, playback.status, playback.stalls], ['stalled', 'waiting', 1]);
  pass(250);
  assert.deepEqual([playback.phase, playback.status, playback.stalls], ['playing', 'playing', 1]);
});

test('a hidden page does not stall', () => {
  const { playback, world, playing, pass } = open();
  playing();
  world.isHidden = true;
  pass(5_000, { moves: false });
  assert.equal(playback.stalls, 0);
});

test('a player that hangs with pictures buffered is replaced after six seconds', () => {
  const { done, world, playing, pass } = open();
  playing();
  world.end = 10;
  pass(6_000, { moves: false });
  assert.ok(!done.includes('broken'));
  pass(250, { moves: false });
  assert.ok(done.includes('broken'));
});

test('a paused picture no longer follows the air, and goes live again where the due picture is buffered', () => {
  const { playback, element, world, playing, pass, run, show } = open();
  playing();
  run(playback.pause());
  assert.deepEqual([playback.status, playback.isFollowing, element.paused], ['paused', false, true]);
  assert.equal(playback.position, EPOCH + STARTUP + 1 - 1_000);
  pass(1_000);
  world.end = 0.5;
  assert.equal(playback.goLive(), null, 'another player is needed');
  world.end = 3;
  run(playback.goLive());
  show();
  assert.deepEqual([playback.status, playback.isFollowing, element.paused], ['playing', true, false]);
  assert.equal(playback.position, null);
});

test('a seek within the buffer keeps the pause, and one outside it is refused', () => {
  const { playback, element, playing, run } = open();
  playing();
  run(playback.pause());
  run(playback.seek(Millis(EPOCH - 11_000)));
  assert.deepEqual([element.currentTime, element.paused, playback.status], [-9.999, true, 'paused']);
  assert.equal(playback.seek(Millis(EPOCH - 100_000)), null);
});

test('on the way to a sought picture, other pictures do not count', () => {
  const { playback, element, playing, run } = open();
  playing();
  run(playback.seek(Millis(EPOCH - 11_000)));
  element.seeking = true;
  run(playback.onPicture({ media: 5, late: null }));
  assert.equal(playback.time, EPOCH + STARTUP + 1 - 1_000);
  run(playback.onPicture({ media: -10, late: null }));
  assert.equal(playback.time, EPOCH - 11_000);
});

for (const [when, reach] of [
  ['its first packet', () => {}],
  [
    'its feed is ready',
    ({ run, playback }) =>
      run(playback.onFirstPicture({ wrapped: Ticks90k(0), pts: Millis(EPOCH - 40) }, Millis(EPOCH))),
  ],
  ['its first picture', ({ load }) => load({ first: -40, end: 1_000 })],
] as [string, (opened: ReturnType<typeof open>) => void][]) {
  test(`a station that is paused before ${when} waits at what was on the air then`, () => {
    const opened = open();
    const { playback, element, world, run, show, pass } = opened;
    reach(opened);
    run(playback.pause());
    assert.ok(Math.abs(playback.position! - (EPOCH - 1_000)) <= STARTUP, 'the moment of the pause');
    assert.ok(playback.until! > EPOCH, 'the gateway goes on sending');
    world.now += 2_000;
    if (!playback.isReady) {
      run(playback.onFirstPicture({ wrapped: Ticks90k(0), pts: Millis(EPOCH - 40) }, Millis(EPOCH)));
      world.end = 3;
      run(playback.onFeedReady());
    }
    show();
    assert.equal(playback.status, 'paused');
    assert.ok(element.currentTime <= STARTUP / 1000 + 0.001, `${element.currentTime}`);
    assert.equal(element.paused, true);
    run(playback.resume());
    pass(250);
    assert.equal(playback.status, 'playing');
  });
}

test('a station paused on the way to a past moment still goes there', () => {
  const past = Millis(EPOCH - 50_000);
  const { playback, element, load, show, run } = open({ at: past });
  run(playback.pause());
  load({ first: -49_000, end: -40_000 });
  show();
  assert.equal(element.currentTime, -48.999);
  assert.deepEqual([playback.status, playback.position], ['paused', past + 1]);
});

test('a late picture is caught up with by playing faster, and one far off by a seek', () => {
  const { world, element, playing, show, pass } = open();
  playing();
  for (let i = 0; i < 20; i++) show(40);
  pass(250);
  assert.ok(world.rate > 1);
  for (let i = 0; i < 80; i++) show(2_000);
  pass(250);
  // At the twelfth picture, the startup time has learned 40% of the lateness.
  assert.deepEqual([element.currentTime, world.rate], [(world.now + STARTUP + 16) / 1000 + 0.001, 1]);
});

test('an element that stops on its own is started again, and one stopped in picture-in-picture is paused', () => {
  const { playback, element, playing, run } = open();
  playing();
  element.paused = true;
  assert.deepEqual(run(playback.onElementPaused({ isInWindow: false })), ['play']);
  run(playback.onElementPaused({ isInWindow: true }));
  assert.equal(playback.status, 'paused');
  run(playback.onElementPlaying({ isInWindow: true }));
  assert.equal(playback.status, 'playing');
});

test('an ended station has a reason until it continues', () => {
  const { playback, playing, run } = open();
  playing();
  run(playback.onEnded('It has gone off the air.'));
  assert.deepEqual([playback.status, playback.problem], ['ended', 'It has gone off the air.']);
  run(playback.onContinued());
  assert.deepEqual([playback.status, playback.problem], ['playing', null]);
});
