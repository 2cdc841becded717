import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { channel, stationInfo } from '../../test/support/channels.js';
import { Millis, Ticks90k } from '../base/units.js';
import { durationText, fit, frameRateText, stationTable, textWidth } from '../contract/station-text.js';
import type { ReceiverStats } from '../receiver/receiver-stats.js';
import type { StationInfo } from '../wire/station-info.js';
import { initialState, update } from './model.js';
import { overlayFor, receiverStatsText } from './overlay.js';
import { assOf, escapeAss } from './overlay-ass.js';
import { linesOf } from './overlay-text.js';
import type { ViewerState } from './state.js';

const report: ReceiverStats = {
  received: 51_201,
  duplicates: 0,
  late: 1,
  lost: 2,
  reordered: 0,
  jumps: 0,
  bytes: 0,
  foreign: 0,
  malformed: 0,
  conflicting: 0,
  frames: 0,
  torn: 0,
  lastArrival: Millis(0),
  lostBeforeRepair: 0,
  repaired: { request: 0, group: 0, parity: 0, path: 0 },
  paths: [],
  jitter: Ticks90k(0),
};

const after = (keys: string[], channels = [channel(1), channel(2)]): ViewerState =>
  keys.reduce((state, key) => update(state, { type: 'key', key }, Millis(1000)).state, initialState(channels));

test('the menu offers 1 Exit, 2 Change the station, 3 Resume', () => {
  const overlay = overlayFor(after(['1', 'p']), null, Millis(1000));
  assert.deepEqual(
    overlay?.rows.map(({ key, text }) => `${key} ${text}`),
    ['1 Exit', '2 Change the station', '3 Resume'],
  );
  assert.deepEqual(overlay && linesOf(overlay, { width: 60, styled: false }), [
    'Paused',
    '  1  Exit',
    '  2  Change the station',
    '> 3  Resume',
    'Station 1',
  ]);
});

test('the distance of the picture is in the corner of every overlay', () => {
  const behind = (distance: number, ...keys: string[]): ViewerState => ({
    ...after(['1', ...keys]),
    distance: Millis(distance),
  });
  const badge = (state: ViewerState): string | undefined =>
    overlayFor({ ...state, bannerUntil: Millis(0) }, null, Millis(1000))?.badge;
  assert.equal(badge(behind(1_000)), undefined);
  assert.equal(badge(behind(1_001)), '−0:01');
  assert.equal(badge(behind(45_999)), '−0:45');
  assert.equal(badge(behind(3_723_000)), '−1:02:03');
  assert.equal(badge(behind(500, 'p')), '');
  assert.equal(badge(behind(45_000, 'p')), '−0:45');
  assert.equal(badge(behind(45_000, 'c')), '−0:45');
  const overlay = overlayFor({ ...behind(45_000), bannerUntil: Millis(0) }, null, Millis(1000));
  assert.ok(overlay);
  assert.match(assOf(overlay, 16 / 9), /−0:45$/);
  assert.deepEqual(linesOf(overlay, { width: 60, styled: true }), []);
});

test('while the picture is behind, the menu offers to go back to live', () => {
  const overlay = overlayFor({ ...after(['1', 'p']), distance: Millis(45_000) }, null, Millis(1000));
  assert.deepEqual(
    overlay?.rows.map(({ key, text }) => `${key} ${text}`),
    ['1 Exit', '2 Change the station', '3 Resume', '4 Back to live'],
  );
});

test('the banner shows the end of the item and the next one', () => {
  const banner = (changes: Partial<StationInfo>) => {
    const state = { ...after(['1'], [channel(1, changes)]), reception: 'playing' as const, bannerUntil: Millis(9000) };
    return overlayFor(state, null, Millis(1000))?.rows.map(({ text, detail }) => `${detail}: ${text}`);
  };
  const nowUntil = new Date(2026, 2, 1, 20, 5).getTime();
  assert.deepEqual(banner({ nowUntil, next: 'News' })?.slice(0, 3), [
    'Now playing: A film, until 20:05',
    'Next: News',
    'Picture: 1920×1080 · 16:9 · 23.976 fps',
  ]);
  for (const changes of [{}, { nowUntil: Number.MAX_VALUE }]) assert.equal(banner(changes)?.[0], 'Now playing: A film');
});

test('the list shows resolution, aspect ratio and frame rate, and as many stations as fit', () => {
  const many = Array.from({ length: 40 }, (_, index) => channel(index + 1));
  const overlay = overlayFor(after(['2', '0', 'enter', 'c'], many), null, Millis(1000));
  assert.equal(overlay?.title, 'Stations 16–24 of 40');
  assert.equal(overlay?.rows.find(({ marked }) => marked)?.key, '20');
  assert.equal(overlay?.rows[0]?.detail, '1920×1080 · 16:9 · 23.976 fps');
});

test('the banner shows picture, codecs and loss', () => {
  const state = update(after(['1', 'i']), { type: 'picture' }, Millis(1000)).state;
  const shown = JSON.stringify(overlayFor({ ...state, bannerUntil: Millis(9000) }, report, Millis(1000)));
  for (const part of [
    'Station 1',
    'A film',
    '"Reception"',
    '1920×1080',
    'AAC-LC stereo',
    '2 of 51,202 packets lost (0.0039%)',
  ]) {
    assert.ok(shown.includes(part), part);
  }
});

test('while tuning, the overlay shows the longest wait for the first picture', () => {
  const overlay = overlayFor(after(['1']), null, Millis(1500));
  assert.deepEqual(
    [overlay?.title, overlay?.rows[0]?.text],
    ['Tuning to Station 1…', 'The first picture comes within 2 s.'],
  );
});

test('a silent group comes with what to check, and a lost server is named', () => {
  const silent: ViewerState = { ...after(['1']), reception: 'silent' };
  assert.match(JSON.stringify(overlayFor(silent, null, Millis(9000))), /No packets.*--interface.*firewall.*5004/);
  const gone = overlayFor({ ...silent, serverLost: true, lastPacket: Millis(2000) }, null, Millis(9000));
  assert.match(gone?.title ?? '', /studio has gone off the air/);
});

test('the share of loss is shown only when there is some', () => {
  assert.equal(receiverStatsText({ ...report, lost: 0, late: 0, received: 1000 }), '1,000 packets, none lost');
});

test('no text from the network acts as a tag, a line break or a cursor movement', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (name) => {
      const escaped = escapeAss(name);
      assert.doesNotMatch(escaped, /(?<!\\)[{}]|[\n\r]|\\[Nnh]/);
      const overlay = overlayFor(after(['1', 'c'], [channel(1, { name }), channel(2)]), null, Millis(1000));
      assert.ok(overlay);
      const events = assOf(overlay, 16 / 9).split('\n');
      assert.equal(
        events.length,
        assOf({ ...overlay, rows: overlay.rows.map((row) => ({ ...row, text: '' })) }, 2).split('\n').length,
      );
      for (const line of linesOf(overlay, { width: 80, styled: false })) assert.doesNotMatch(line, /\p{Cc}/u);
    }),
  );
});

test('the table fits the width of the terminal', () => {
  const wide = stationInfo(1, { name: '長い名前の放送局'.repeat(8), nowPlaying: 'x'.repeat(100) });
  const lines = stationTable(
    [wide, stationInfo(12, { audioCodec: null, format: 'jpeg', videoCodec: 'JPEG' })],
    150,
  ).split('\n');
  assert.equal(lines.length, 3);
  for (const line of lines) assert.ok(textWidth(line) <= 150, line);
  assert.match(lines[2]!, /^ 12 {2}Station 12 .*JPEG, no sound/);
});

test('texts are fitted by columns, not by characters', () => {
  assert.equal(fit('日本語', 5), '日本…');
  assert.equal(fit('ab', 4, true), '  ab');
});

test('numbers are formatted for people', () => {
  assert.equal(frameRateText(23.976023976), '23.976');
  assert.equal(frameRateText(30), '30');
  assert.equal(durationText(30), '0:30');
  assert.equal(durationText(3723), '1:02:03');
});
