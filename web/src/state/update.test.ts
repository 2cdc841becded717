import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis } from '../../../src/base/units.js';
import { BANNER_TIME, menuItems } from '../../../src/contract/viewing.js';
import { plainStation } from '../../dev/plain-station.js';
import { type Effect, type Facts, initialState, type PageEvent, type PageState } from './state.js';
import { update } from './update.js';

const NOW = Millis(1_800_000_000_000);
const stations = [
  plainStation(1, 'harbour'),
  plainStation(2, 'news'),
  plainStation(3, 'stage'),
  plainStation(12, 'archive'),
];
const live: Facts = {
  now: NOW,
  time: Millis(NOW - 1200),
  behind: Millis(0),
  programmeFrom: Millis(NOW - 600_000),
};
const late: Facts = { ...live, time: Millis(NOW - 61_200), behind: Millis(60_000) };

/** Applies events, and keys by name, to a state. */
function play(events: readonly (string | PageEvent)[], from = onWall(), facts = live) {
  let state = from;
  const effects: Effect[] = [];
  for (const event of events) {
    const step = update(state, typeof event === 'string' ? { type: 'key', key: event } : event, facts);
    state = step.state;
    effects.push(...step.effects);
  }
  return { state, effects };
}

const onWall = (): PageState => ({ ...initialState({ favourites: [], last: null }), stations });
const choose = (station: string): PageEvent => ({ type: 'choose', station });
const watching = (...names: string[]): PageState =>
  play(names.flatMap((name, index) => (index === 0 ? [choose(name)] : ['a', choose(name)]))).state;
const shown = ({ pictures }: PageState): string[] => pictures.map(({ station }) => station);

test('a chosen station is watched, with its banner', () => {
  const { state, effects } = play([choose('news')]);
  assert.equal(state.view, 'watch');
  assert.deepEqual(shown(state), ['news']);
  assert.equal(state.bannerUntil, NOW + BANNER_TIME);
  assert.deepEqual(effects, [{ type: 'tune', picture: state.focus, station: 'news' }]);
});

test('a number that is no prefix of a longer one is taken at once', () => {
  assert.deepEqual(shown(play(['2']).state), ['news']);
});

test('a number that may be longer waits for 1.4 s, or for Enter', () => {
  const { state } = play(['1']);
  assert.equal(state.view, 'wall');
  assert.equal(state.typed, '1');
  assert.deepEqual(shown(update(state, { type: 'tick' }, { ...live, now: Millis(NOW + 1400) }).state), ['harbour']);
  assert.equal(update(state, { type: 'tick' }, { ...live, now: Millis(NOW + 1399) }).state.view, 'wall');
  assert.deepEqual(shown(play(['enter'], state).state), ['harbour']);
  assert.deepEqual(shown(play(['2'], state).state), ['archive']);
});

test('digits can be deleted, leading zeros are ignored, and an unknown number shows a notice', () => {
  assert.equal(play(['0', '1', 'backspace']).state.typed, '');
  const { state } = play(['7']);
  assert.equal(state.view, 'wall');
  assert.equal(state.notice?.text, 'There is no station 7.');
});

test('Page Up and Page Down go through the stations and wrap around', () => {
  assert.deepEqual(shown(play(['pgup'], watching('harbour')).state), ['news']);
  assert.deepEqual(shown(play(['pgdn'], watching('harbour')).state), ['archive']);
  assert.deepEqual(shown(play(['pgup'], watching('archive')).state), ['harbour']);
});

test('Backspace switches between the last two stations', () => {
  const state = play([choose('news')], watching('harbour')).state;
  assert.deepEqual(shown(play(['backspace'], state).state), ['harbour']);
  assert.deepEqual(shown(play(['backspace', 'backspace'], state).state), ['news']);
  assert.deepEqual(shown(play(['backspace'], watching('harbour')).state), ['harbour']);
});

test('p and Space pause with the menu, and resume', () => {
  for (const key of ['p', 'space']) {
    const paused = play([key], watching('news'));
    assert.equal(paused.state.dialog, 'menu');
    assert.deepEqual(paused.effects, [{ type: 'pause', picture: paused.state.focus }]);
    for (const again of ['p', 'space', '3', 'esc']) {
      const resumed = play([again], paused.state);
      assert.equal(resumed.state.dialog, null);
      assert.deepEqual(resumed.effects, [{ type: 'resume', picture: resumed.state.focus }]);
      assert.equal(resumed.state.pictures[0]!.paused, false);
    }
  }
});

test('the menu has a fourth item only while the picture is behind', () => {
  assert.deepEqual(menuItems(Millis(0)), ['Exit', 'Change the station', 'Resume']);
  assert.deepEqual(menuItems(Millis(45_000)), ['Exit', 'Change the station', 'Resume', 'Back to live']);
  const paused = play(['p'], watching('news')).state;
  assert.equal(play(['1'], paused).state.view, 'wall');
  assert.equal(play(['2'], paused).state.dialog, 'list');
  assert.equal(play(['4'], paused).state.dialog, 'menu');
  const { state, effects } = play(['4'], paused, late);
  assert.equal(state.dialog, null);
  assert.deepEqual(
    effects.map(({ type }) => type),
    ['live', 'resume'],
  );
});

test('a list opened from the menu leads back to it, or to another station', () => {
  const list = play(['p', '2'], watching('news')).state;
  assert.equal(play(['esc'], list).state.dialog, 'menu');
  const { state } = play([choose('stage')], list);
  assert.equal(state.dialog, null);
  assert.deepEqual(state.pictures, [{ id: state.focus, station: 'stage', paused: false }]);
});

test('choosing the current station again continues where it is', () => {
  const { state, effects } = play(['p', '2', choose('news')], watching('news'));
  assert.equal(state.pictures[0]!.paused, false);
  assert.deepEqual(effects.at(-1), { type: 'resume', picture: state.focus });
  assert.deepEqual(play([choose('news')], watching('news')).effects, []);
});

test('arrows and Page keys belong to an open list', () => {
  const list = play(['c'], watching('news')).state;
  for (const key of ['up', 'down', 'left', 'right', 'home', 'pgup', 'pgdn', 'enter']) {
    assert.deepEqual(play([key], list), { state: list, effects: [] }, key);
  }
});

test('up to four pictures are shown side by side, and the newest has the focus', () => {
  const four = watching('harbour', 'news', 'stage', 'archive');
  assert.deepEqual(shown(four), ['harbour', 'news', 'stage', 'archive']);
  assert.equal(four.pictures[3]!.id, four.focus);
  assert.equal(new Set(four.pictures.map(({ id }) => id)).size, 4);
  const full = play(['a'], four).state;
  assert.equal(full.dialog, null);
  assert.match(full.notice!.text, /4 pictures/);
});

test('a picture can be removed, but not the only one', () => {
  const two = watching('harbour', 'news');
  assert.deepEqual(shown(play(['x'], two).state), ['harbour']);
  assert.deepEqual(shown(play(['x', 'x'], two).state), ['harbour']);
});

test('keys act on the picture in focus', () => {
  const two = watching('harbour', 'news');
  const first = two.pictures[0]!.id;
  const { state, effects } = play([{ type: 'focus', picture: first }, 'pgup'], two);
  // news is shown already
  assert.deepEqual(shown(state), ['stage', 'news']);
  assert.deepEqual(effects, [{ type: 'tune', picture: first, station: 'stage' }]);
});

test('adding a station that is already shown moves the focus to it', () => {
  const { state, effects } = play(['a', choose('harbour')], watching('harbour', 'news'));
  assert.deepEqual(shown(state), ['harbour', 'news']);
  assert.equal(state.focus, state.pictures[0]!.id);
  assert.deepEqual(effects, []);
});

test('arrows seek by 10 s, with Shift by 60 s, and presses add up', () => {
  const seeks = (keys: string[], facts: Facts) => play(keys, watching('news'), facts).effects;
  const picture = watching('news').focus;
  assert.deepEqual(seeks(['left'], live), [{ type: 'seek', picture, time: live.time! - 10_000 }]);
  assert.deepEqual(seeks(['shift-left'], live), [{ type: 'seek', picture, time: live.time! - 60_000 }]);
  assert.deepEqual(seeks(['left', 'left'], live).at(-1), { type: 'seek', picture, time: live.time! - 20_000 });
  assert.deepEqual(seeks(['left', 'right'], live).at(-1), { type: 'live', picture });
  assert.deepEqual(seeks(['right'], late), [{ type: 'seek', picture, time: late.time! + 10_000 }]);
});

test('seeking forward ends at live', () => {
  assert.deepEqual(play(['right'], watching('news'), live).effects, []);
  const { effects } = play(['shift-right'], watching('news'), late);
  assert.deepEqual(
    effects.map(({ type }) => type),
    ['live'],
  );
});

test('seeking back ends at the oldest moment, with a notice', () => {
  const short = { ...watching('news'), stations: [plainStation(2, 'news', { oldest: live.time! - 30_000 })] };
  const { state, effects } = play(['shift-left'], short);
  assert.deepEqual(effects, [{ type: 'seek', picture: state.focus, time: live.time! - 30_000 }]);
  assert.equal(state.notice?.text, 'News reaches back no further.');
  const none = { ...watching('news'), stations: [plainStation(2, 'news', { oldest: null })] };
  assert.deepEqual(play(['left'], none).effects, []);
});

test('Home goes to the beginning of the programme, where that is known', () => {
  const state = watching('news');
  assert.deepEqual(play(['home'], state).effects, [{ type: 'seek', picture: state.focus, time: live.programmeFrom }]);
  const unknown = play(['home'], state, { ...live, programmeFrom: null });
  assert.deepEqual(unknown.effects, []);
  assert.notEqual(unknown.state.notice, null);
});

test('l goes back to live, and does nothing to a live picture', () => {
  assert.deepEqual(
    play(['l'], watching('news'), late).effects.map(({ type }) => type),
    ['live'],
  );
  assert.deepEqual(play(['l'], watching('news'), live).effects, []);
});

test('favourites can be added and removed', () => {
  const state = play(['*'], watching('news')).state;
  assert.deepEqual(state.favourites, ['news']);
  assert.deepEqual(play(['*'], state).state.favourites, []);
});

test('the sleep timer warns a minute before it stops the pictures', () => {
  const state = play([{ type: 'sleep', minutes: 30 }], watching('news')).state;
  const at = (minutes: number) =>
    update(state, { type: 'tick' }, { ...live, now: Millis(NOW + minutes * 60_000) }).state;
  assert.equal(at(29).notice?.text, 'The sleep timer stops in a minute. Press t to extend it.');
  assert.equal(at(29).view, 'watch');
  assert.equal(at(30).view, 'wall');
  assert.equal(at(30).sleepAt, null);
  assert.equal(play([{ type: 'sleep', minutes: null }], state).state.sleepAt, null);
});

test('notices and banners disappear after a while', () => {
  const state = play([{ type: 'notice', text: 'Hello' }], watching('news')).state;
  const later = update(state, { type: 'tick' }, { ...live, now: Millis(NOW + 6000) }).state;
  assert.equal(later.notice, null);
  assert.equal(later.bannerUntil, 0);
});

test('an address shows its stations, by id or number, and the first at its moment', () => {
  const { state, effects } = play([
    { type: 'address', address: { stations: ['news', '12'], time: Millis(NOW - 5000) } },
  ]);
  assert.deepEqual(shown(state), ['news', 'archive']);
  assert.deepEqual(effects, [
    { type: 'tune', picture: state.pictures[0]!.id, station: 'news', at: NOW - 5000 },
    { type: 'tune', picture: state.pictures[1]!.id, station: 'archive' },
  ]);
  assert.equal(play([{ type: 'address', address: { stations: [], time: null } }], state).state.view, 'wall');
});

test('the current address changes nothing', () => {
  const state = watching('news');
  const step = update(state, { type: 'address', address: { stations: ['news'], time: null } }, live);
  assert.equal(step.state, state);
});

test('keys without a function leave the state unchanged', () => {
  for (const state of [onWall(), watching('news')]) {
    for (const key of ['z', 'ß', 'shift-up']) assert.equal(play([key], state).state, state);
  }
});
