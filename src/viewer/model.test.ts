import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { channel } from '../../test/support/channels.js';
import { Millis } from '../base/units.js';
import { TYPING_TIMEOUT } from '../contract/viewing.js';
import { initialState, SILENCE, update } from './model.js';
import type { Channel, Effect, ViewerEvent } from './state.js';

/** A viewer with a clock turned by hand, which records its effects. */
class Bench {
  state;
  effects: Effect[] = [];
  now = Millis(1000);
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
  /** Time passes; the last packet came at `last`. */
  tick(by: number, last: number | null): this {
    this.now = Millis(this.now + by);
    const lastPacket = last === null ? null : Millis(last);
    return this.event({ type: 'tick', lastPacket, distance: null, reach: null, offset: null });
  }
  /** The picture is measured at this distance. */
  behind(distance: number, back: number | null = null): this {
    const reach = back === null ? null : Millis(back);
    return this.event({ type: 'tick', lastPacket: this.now, distance: Millis(distance), reach, offset: null });
  }
  did(...types: string[]): void {
    assert.deepEqual(
      this.effects.splice(0).map((effect) => {
        if (effect.type === 'tune') return `tune ${effect.key}`;
        if (effect.type !== 'seek') return effect.type;
        return effect.to.kind === 'by' ? `seek ${effect.to.time}` : `seek ${effect.to.kind}`;
      }),
      types,
    );
  }
}

const watching = (): Bench => {
  const bench = new Bench().keys('2');
  bench.did('tune studio/station-2');
  return bench.event({ type: 'picture' });
};

test('a number that is no prefix of a longer one is tuned at once', () => {
  const bench = new Bench().keys('3');
  assert.equal(bench.state.mode, 'watching');
  bench.did('tune studio/station-3');
});

test('a number that is a prefix of a longer one is tuned after 1.4 s, or with Enter', () => {
  const many = [1, 12, 13].map((number) => channel(number));
  const slow = new Bench(many).keys('1').tick(TYPING_TIMEOUT - 1, null);
  slow.did();
  slow.tick(1, null).did('tune studio/station-1');
  new Bench(many).keys('1', 'enter').did('tune studio/station-1');
  new Bench(many).keys('1', '3').did('tune studio/station-13');
  new Bench(many).keys('1', 'line-end').did('tune studio/station-1');
});

test('a number without a station gives a notice and is dropped', () => {
  const bench = watching().keys('9');
  bench.did();
  assert.match(bench.state.notice?.text ?? '', /no station 9/);
  assert.equal(bench.tick(10_000, 11_000).state.notice, null);
});

test('p pauses at once and opens the menu; p, space, 3 and Esc resume', () => {
  for (const key of ['p', 'space', '3', 'esc']) {
    const bench = watching().keys('p');
    assert.equal(bench.state.mode, 'menu');
    bench.did('pause');
    bench.keys(key).did('resume');
    assert.equal(bench.state.mode, 'watching');
    assert.equal(bench.state.paused, false);
  }
});

test('1 in the menu exits, and later events do nothing', () => {
  const bench = watching().keys('p', '1', 'p', '2');
  bench.did('pause', 'exit');
  assert.equal(bench.state.mode, 'ended');
});

test('2 in the menu opens the list, and another station then plays', () => {
  const bench = watching().keys('p', '2');
  bench.did('pause', 'refresh');
  assert.equal(bench.state.marked, 1);
  bench.keys('down', 'enter').did('tune studio/station-3');
  assert.equal(bench.state.paused, false);
  assert.equal(bench.state.previous, 'studio/station-2');
});

test('Esc in the list returns to the menu when paused, and to the picture otherwise', () => {
  assert.equal(watching().keys('p', '2', 'esc').state.mode, 'menu');
  assert.equal(watching().keys('c', 'esc').state.mode, 'watching');
  assert.equal(new Bench().keys('esc').state.mode, 'ended');
});

test('choosing the paused station resumes it', () => {
  const bench = watching().keys('p', '2', 'enter');
  bench.did('pause', 'refresh', 'resume');
});

test('the menu takes arrows and Enter, too', () => {
  watching().keys('p', 'enter').did('pause', 'resume');
  watching().keys('p', 'down', 'enter').did('pause', 'exit');
});

test('page up and page down cycle through the stations, Backspace returns to the one before', () => {
  watching().keys('pgup').did('tune studio/station-3');
  watching().keys('pgdn', 'pgdn').did('tune studio/station-1', 'tune studio/station-3');
  watching()
    .keys('pgup', 'backspace', 'backspace')
    .did(...[3, 2, 3].map((n) => `tune studio/station-${n}`));
});

test('a number of two stations opens the list at the first of them', () => {
  const bench = new Bench([channel(1), channel(2, { server: 'attic' }), channel(2)]).keys('1');
  bench.did('tune studio/station-1');
  bench.keys('2').did('refresh');
  assert.equal(bench.state.mode, 'choosing');
  assert.equal(bench.state.channels[bench.state.marked]!.key, 'attic/station-2');
  assert.match(bench.state.notice?.text ?? '', /attic and studio/);
});

test('silence is noticed, and when packets come again the player goes live', () => {
  const bench = watching().tick(100, 1050);
  assert.equal(bench.state.reception, 'playing');
  bench.tick(SILENCE, 1050);
  assert.equal(bench.state.reception, 'silent');
  bench.did();
  bench.tick(200, bench.now + 150).did('seek live');
});

test('after a silence a picture that is behind goes on where it is', () => {
  const bench = watching().behind(20_000).tick(SILENCE, 1000);
  assert.equal(bench.state.reception, 'silent');
  bench.tick(200, bench.now + 150).did();
  assert.equal(bench.state.reception, 'playing');
});

test('packets that come again while paused leave the picture alone', () => {
  const bench = watching().keys('p').tick(SILENCE, 1000).tick(200, 4100);
  bench.did('pause');
});

test('a position that is no longer held gives a notice, and the player goes live', () => {
  const bench = watching().event({ type: 'position-lost' });
  bench.did('seek live');
  assert.match(bench.state.notice?.text ?? '', /no longer held/);
});

test('arrows seek by 10 s, with Shift by 60, and the distance is the one sought until its picture is shown', () => {
  const bench = watching().behind(200).keys('left', 'shift-left', 'right', 'shift-left');
  bench.did('seek -10000', 'seek -60000', 'seek 10000', 'seek -60000');
  assert.equal(bench.state.distance, 120_200);
  bench.behind(200);
  assert.equal(bench.state.distance, 120_200);
  bench.event({ type: 'picture' }).behind(120_100);
  assert.equal(bench.state.distance, 120_100);
  bench.keys('shift-right').did('seek 60000');
  assert.equal(bench.state.mode, 'watching');
});

test('seeking to the present or beyond goes live', () => {
  watching().behind(9_000).keys('right').did('seek live');
  watching().behind(10_900).keys('right').did('seek live');
  watching().behind(11_100).keys('right').did('seek 10000');
  watching().behind(900).keys('right', 'shift-right').did();
  watching().keys('right').did('seek live');
});

test('seeking while paused stays paused', () => {
  const bench = watching().behind(0).keys('p').behind(5_000).keys('left', 'home', 'right', 'shift-right');
  bench.did('pause', 'seek -10000', 'seek item', 'seek 10000', 'seek live');
  assert.deepEqual([bench.state.mode, bench.state.paused], ['menu', true]);
  bench.event({ type: 'picture' }).keys('3').did('resume');
});

test('seeking further than the station reaches back goes to its oldest picture and gives a notice', () => {
  const bench = watching().behind(3_000, 8_000).keys('left');
  bench.did('seek -5000');
  assert.equal(bench.state.notice?.text, 'Station 2 reaches back no further.');
  bench.event({ type: 'picture' }).behind(8_000, 8_000).keys('shift-left').did();
});

test('a failed seek gives a notice, and the picture goes on where it is', () => {
  const bench = watching().behind(3_000).keys('left');
  bench.event({ type: 'seek-failed', text: 'No.' }).did('seek -10000', 'resume');
  assert.equal(bench.state.notice?.text, 'No.');
  assert.equal(bench.behind(3_100).state.distance, 3_100);
  bench.keys('p', 'left').event({ type: 'seek-failed', text: 'No.' }).did('pause', 'seek -10000');
});

test('Home plays the item on the air from its beginning', () => {
  const bench = watching().behind(0).keys('home');
  bench.did('seek item');
  assert.equal(bench.state.following, false);
});

test('l goes live, also from a pause, and a live picture stays', () => {
  watching().behind(500).keys('l').did();
  watching().behind(45_000).keys('l').did('seek live');
  const bench = watching().behind(0).keys('p').behind(500).keys('l');
  bench.did('pause', 'seek live');
  assert.deepEqual([bench.state.mode, bench.state.paused, bench.state.following], ['watching', false, true]);
});

test('the menu has a fourth line only while the picture is behind', () => {
  const bench = watching().behind(0).keys('p', '4', 'down');
  assert.equal(bench.state.marked, 0);
  bench.behind(1_001).keys('up');
  assert.equal(bench.state.marked, 3);
  bench.did('pause');
  bench.keys('enter').did('seek live');
  assert.equal(bench.state.paused, false);
  watching().behind(2_000).keys('p', '4').did('pause', 'seek live');
});

test('the mark leaves the fourth line when that disappears', () => {
  const bench = watching().behind(0).keys('p').behind(2_000).keys('down');
  assert.equal(bench.state.marked, 3);
  assert.equal(bench.behind(1_000).state.marked, 2);
  bench.behind(2_000).keys('down', 'right');
  assert.equal(bench.state.marked, 2);
});

test('the picture follows the one on the air unless the user went back', () => {
  const follows = (...keys: string[]): boolean =>
    watching()
      .behind(5_000)
      .keys(...keys).state.following;
  assert.ok(follows());
  assert.ok(follows('l'));
  assert.ok(follows('left', 'l'));
  assert.ok(follows('left', '3'));
  for (const keys of [['left'], ['home'], ['p', '3'], ['left', 'p', 'p']])
    assert.equal(follows(...keys), false, `${keys}`);
});

test('the station being watched stays in the list when its server no longer announces it', () => {
  const bench = watching().event({ type: 'channels', channels: [channel(7), channel(1)] });
  assert.deepEqual(
    bench.state.channels.map(({ info }) => info.number),
    [1, 2, 7],
  );
});

test('closing the window ends the viewer', () => {
  watching().event({ type: 'closed' }).did('exit');
});

test('no sequence of keys leads to an inconsistent state', () => {
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
    'left',
    'shift-right',
    'home',
  ];
  const any = fc.array(fc.constantFrom(...keys, '1', '2', '3', '4', '0', 'tick', 'behind'), { maxLength: 60 });
  fc.assert(
    fc.property(any, (pressed) => {
      const bench = new Bench([channel(1), channel(2), channel(21), channel(22)]);
      let paused = false;
      for (const key of pressed) {
        if (key === 'tick') bench.tick(700, bench.now);
        else if (key === 'behind') bench.behind(30_000);
        else bench.keys(key);
        for (const { type } of bench.effects.splice(0)) {
          if (type === 'pause') assert.equal(paused, false);
          // A seek keeps playing or paused, as the state is.
          paused = type === 'pause' || (paused && type !== 'resume' && type !== 'tune');
          if (type === 'seek') paused = bench.state.paused;
        }
        assert.equal(bench.state.paused && bench.state.mode !== 'ended', paused && bench.state.mode !== 'ended');
        assert.ok(bench.state.mode !== 'menu' || bench.state.paused);
        assert.ok(bench.state.marked >= 0 && bench.state.marked < 4);
      }
    }),
  );
});

test('b plays the next track of sound at the picture that is shown, and says which', () => {
  const { key, info } = channel(1);
  const bench = new Bench([{ key, info: { ...info, languages: ['en', 'de'] } }]).keys('1');
  bench.did('tune studio/station-1');
  bench.event({ type: 'picture' }).behind(0).keys('b');
  bench.did('seek live');
  assert.deepEqual([bench.state.sound, bench.state.notice?.text], [['de'], 'Sound: German']);
  bench.event({ type: 'picture' }).behind(20_000).keys('b');
  bench.did('seek 0');
  assert.deepEqual(bench.state.sound, ['en']);
});

test('b changes nothing where a station has one track of sound', () => {
  const bench = watching().keys('b');
  bench.did();
  assert.match(bench.state.notice!.text, /one track/);
});

test('v shows each language of the subtitles in turn, then none, while the picture goes on', () => {
  const { key, info } = channel(1);
  const bench = new Bench([{ key, info: { ...info, subtitles: ['en', 'de'] } }]).keys('1');
  bench.did('tune studio/station-1');
  bench.event({ type: 'picture' }).behind(0).keys('v');
  bench.did('subtitles');
  assert.deepEqual([bench.state.subtitles, bench.state.notice?.text], [['en'], 'Subtitles: English']);
  bench.keys('v').keys('v');
  bench.did('subtitles', 'subtitles');
  assert.deepEqual([bench.state.subtitles, bench.state.notice?.text], [[], 'Subtitles off']);
});

test('v changes nothing where a station has no subtitles', () => {
  const bench = watching().keys('v');
  bench.did();
  assert.match(bench.state.notice!.text, /no subtitles/);
});
