import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { channel } from '../../test/support/channels.js';
import { type Channel, type Effect, initialState, SILENCE, TYPING_TIMEOUT, update, type ViewerEvent } from './model.js';

/** A viewer whose clock is turned by hand, and which notes what it is told to do. */
class Bench {
  state;
  effects: Effect[] = [];
  now = 1000;
  constructor(channels: Channel[] = [channel(1), channel(2), channel(3)]) {
    this.state = initialState(channels);
  }
  event(event: ViewerEvent): this {
    const { state, effects } = update(this.state, event, this.now);
    this.state = state;
    this.effects.push(...effects);
    return this;
  }
  keys(...keys: string[]): this {
    for (const key of keys) this.event({ type: 'key', key });
    return this;
  }
  /** Time passes; the last packet came at `lastPacket`. */
  tick(by: number, lastPacket: number | null): this {
    this.now += by;
    return this.event({ type: 'tick', lastPacket });
  }
  did(...types: string[]): void {
    assert.deepEqual(
      this.effects.splice(0).map((effect) => ('key' in effect ? `${effect.type} ${effect.key}` : effect.type)),
      types,
    );
  }
}

const watching = (): Bench => {
  const bench = new Bench().keys('2');
  bench.did('tune studio/station-2');
  return bench.event({ type: 'picture' });
};

test('a number that no longer one begins with is taken at once', () => {
  const bench = new Bench().keys('3');
  assert.equal(bench.state.mode, 'watching');
  bench.did('tune studio/station-3');
});

test('a number that could go on is taken after 1.4 s, or with Enter', () => {
  const many = [1, 12, 13].map((number) => channel(number));
  const slow = new Bench(many).keys('1').tick(TYPING_TIMEOUT - 1, null);
  slow.did();
  slow.tick(1, null).did('tune studio/station-1');
  new Bench(many).keys('1', 'enter').did('tune studio/station-1');
  new Bench(many).keys('1', '3').did('tune studio/station-13');
  new Bench(many).keys('1', 'line-end').did('tune studio/station-1');
});

test('a number that no station has is said and forgotten', () => {
  const bench = watching().keys('9');
  bench.did();
  assert.match(bench.state.notice?.text ?? '', /no station 9/);
  assert.equal(bench.tick(10_000, 11_000).state.notice, null);
});

test('p pauses at once and opens the menu; p, space, 3 and Esc go on', () => {
  for (const key of ['p', 'space', '3', 'esc']) {
    const bench = watching().keys('p');
    assert.equal(bench.state.mode, 'menu');
    bench.did('pause');
    bench.keys(key).did('resume');
    assert.equal(bench.state.mode, 'watching');
    assert.equal(bench.state.paused, false);
  }
});

test('1 in the menu exits, and nothing happens after it', () => {
  const bench = watching().keys('p', '1', 'p', '2');
  bench.did('pause', 'exit');
  assert.equal(bench.state.mode, 'ended');
});

test('2 in the menu shows the list; another station is played, not paused', () => {
  const bench = watching().keys('p', '2');
  bench.did('pause', 'refresh');
  assert.equal(bench.state.marked, 1);
  bench.keys('down', 'enter').did('tune studio/station-3');
  assert.equal(bench.state.paused, false);
  assert.equal(bench.state.previous, 'studio/station-2');
});

test('Esc in the list goes back to where it was opened: the menu when paused, the picture when not', () => {
  assert.equal(watching().keys('p', '2', 'esc').state.mode, 'menu');
  assert.equal(watching().keys('c', 'esc').state.mode, 'watching');
  assert.equal(new Bench().keys('esc').state.mode, 'ended');
});

test('choosing the station that is paused resumes it', () => {
  const bench = watching().keys('p', '2', 'enter');
  bench.did('pause', 'refresh', 'resume');
});

test('the menu is driven by arrows and Enter, too', () => {
  watching().keys('p', 'enter').did('pause', 'resume');
  watching().keys('p', 'down', 'enter').did('pause', 'exit');
});

test('page up and page down go round the stations, Backspace to the one before', () => {
  watching().keys('pgup').did('tune studio/station-3');
  watching().keys('pgdn', 'pgdn').did('tune studio/station-1', 'tune studio/station-3');
  watching()
    .keys('pgup', 'backspace', 'backspace')
    .did(...[3, 2, 3].map((n) => `tune studio/station-${n}`));
});

test('a number that two servers have opens the list at the first of them', () => {
  const bench = new Bench([channel(1), channel(2, { server: 'attic' }), channel(2)]).keys('1');
  bench.did('tune studio/station-1');
  bench.keys('2').did('refresh');
  assert.equal(bench.state.mode, 'choosing');
  assert.equal(bench.state.channels[bench.state.marked].key, 'attic/station-2');
  assert.match(bench.state.notice?.text ?? '', /attic and studio/);
});

test('silence is noticed, and when packets come again the player goes on live', () => {
  const bench = watching().tick(100, 1050);
  assert.equal(bench.state.reception, 'playing');
  bench.tick(SILENCE, 1050);
  assert.equal(bench.state.reception, 'silent');
  bench.did();
  bench.tick(200, bench.now + 150).did('live');
});

test('packets that come again while paused leave the picture alone', () => {
  const bench = watching().keys('p').tick(SILENCE, 1000).tick(200, 4100);
  bench.did('pause');
});

test('a place that is no longer held is said, and the player goes on live', () => {
  const bench = watching().event({ type: 'place-lost' });
  bench.did('live');
  assert.match(bench.state.notice?.text ?? '', /no longer held/);
});

test('the station that is watched stays in the list when its server no longer tells of it', () => {
  const bench = watching().event({ type: 'channels', channels: [channel(7), channel(1)] });
  assert.deepEqual(
    bench.state.channels.map(({ info }) => info.number),
    [1, 2, 7],
  );
});

test('a window that was closed ends it', () => {
  watching().event({ type: 'closed' }).did('exit');
});

test('no keys lead anywhere strange', () => {
  const keys = [
    'p',
    'space',
    'c',
    'i',
    'l',
    'esc',
    'enter',
    'up',
    'down',
    'pgup',
    'pgdn',
    'backspace',
    'line-end',
    'z',
  ];
  const any = fc.array(fc.constantFrom(...keys, '1', '2', '3', '4', '0', 'tick'), { maxLength: 60 });
  fc.assert(
    fc.property(any, (pressed) => {
      const bench = new Bench([channel(1), channel(2), channel(21), channel(22)]);
      let paused = false;
      for (const key of pressed) {
        if (key === 'tick') bench.tick(700, bench.now);
        else bench.keys(key);
        for (const { type } of bench.effects.splice(0)) {
          if (type === 'pause') assert.equal(paused, false);
          paused = type === 'pause' || (paused && type !== 'resume' && type !== 'tune');
        }
        assert.equal(bench.state.paused && bench.state.mode !== 'ended', paused && bench.state.mode !== 'ended');
        assert.ok(bench.state.mode !== 'menu' || bench.state.paused);
        assert.ok(bench.state.marked >= 0 && bench.state.marked < 4);
      }
    }),
  );
});
