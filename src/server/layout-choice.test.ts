import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ticks90k } from '../base/units.js';
import type { SourceFacts } from '../media/source-facts.js';
import { type Candidate, chooseLayout, costText, encodedFor, type LayoutRequest } from './layout-choice.js';

type Facts = Partial<Omit<SourceFacts, 'duration'>> & { seconds?: number };

function candidate(file: string, facts: Facts | null): Candidate {
  if (facts === null) return { file, facts };
  const { seconds = 60, ...given } = facts;
  const usual = {
    width: 1920,
    height: 1080,
    sampleAspectRatio: [1, 1] as [number, number],
    channels: 2,
    encoded: null,
    isStill: false,
    languages: [],
    dolby: null,
  };
  return {
    file,
    facts: {
      ...usual,
      frameRate: [25, 1],
      reorderDelay: Ticks90k(7_200),
      duration: Ticks90k(seconds * 90_000),
      ...given,
    },
  };
}

const candidatesOf = (files: Record<string, Facts | null>): Candidate[] =>
  Object.entries(files).map(([file, facts]) => candidate(file, facts));

const choose = (files: Record<string, Facts | null>, request: LayoutRequest = {}, format: 'h264' | 'jpeg' = 'h264') =>
  chooseLayout({ candidates: candidatesOf(files), format, request });

const modelOf = (files: Record<string, Facts | null>, request?: LayoutRequest) => choose(files, request)?.model;

const small = { width: 640, height: 360 };

test('most of the time decides on the layout, not the first file nor the number of files', () => {
  assert.equal(modelOf({ trailer: { ...small, seconds: 30 }, film: {} }), 'film');
  assert.equal(modelOf({ a: { ...small, seconds: 20 }, b: { ...small, seconds: 20 }, film: { seconds: 30 } }), 'a');
  assert.equal(modelOf({ a: { frameRate: [24, 1] }, b: {}, c: {} }), 'b', 'frame rate');
  assert.equal(modelOf({ a: { sampleAspectRatio: [64, 45] }, b: {}, c: {} }), 'b', 'pixel shape');
});

test('of equals, the first decides', () => {
  assert.equal(modelOf({ a: small, b: {} }), 'a');
  assert.equal(modelOf({ a: {}, b: {} }), 'a');
  assert.equal(modelOf({ a: { ...small, seconds: 0 }, b: { seconds: 0 } }), 'a', 'also without a duration');
});

test('the depth of most of the time that can be copied is the station’s', () => {
  const ten = { bitDepth: 10 } as const;
  assert.equal(modelOf({ a: {}, b: ten, c: ten }), 'b');
  assert.equal(modelOf({ a: {}, b: { ...ten, seconds: 10 } }), 'a');
  assert.equal(modelOf({ a: { encoded: 'H.264 instead of H.265' }, b: { ...ten, seconds: 10 } }), 'b');
});

test('the most demanding reordering that can be copied is the station’s', () => {
  const long = { reorderDelay: Ticks90k(10_800) };
  assert.equal(modelOf({ plain: { reorderDelay: Ticks90k(0) }, usual: {}, long, again: long }), 'long');
  assert.equal(modelOf({ usual: {}, long: { ...long, encoded: 'interlaced pictures' } }), 'usual');
  assert.equal(modelOf({ usual: {}, long: { ...long, ...small, seconds: 1 } }), 'usual');
});

test('a file that can be copied sets the layout, with the channels of most of the time', () => {
  assert.equal(modelOf({ hevc: { encoded: 'H.265 instead of H.264' }, film: { seconds: 1 } }), 'film');
  assert.equal(modelOf({ silent: { channels: 0, seconds: 999 }, mono: { channels: 1 }, a: {}, b: {} }), 'a');
});

test('slides fit into any layout: they have a say only among themselves', () => {
  const slide = { isStill: true, encoded: 'a still picture', width: 4_000 };
  assert.equal(modelOf({ a: slide, b: slide, c: slide, film: { ...small, seconds: 1 } }), 'film');
  assert.equal(modelOf({ a: slide, b: slide }), 'a');
});

test('files that cannot be used have no say', () => {
  assert.equal(modelOf({ bad: null, film: {} }), 'film');
  assert.equal(choose({ bad: null }), null);
  assert.equal(choose({}), null);
});

test('what is asked for is what a file has, or a layout into which all are encoded', () => {
  const files = { a: {}, b: {}, c: small };
  assert.equal(modelOf(files, { size: small }), 'c');
  assert.deepEqual(choose(files, { size: { width: 1280, height: 720 } })?.target, {
    width: 1280,
    height: 720,
    sampleAspectRatio: [1, 1],
    frameRate: [25, 1],
    channels: 2,
    reorderDelay: 7_200,
  });
  const faster = choose({ a: { ...small, channels: 1, sampleAspectRatio: [2, 1] } }, { rate: [30_000, 1_001] })?.target;
  assert.deepEqual(faster, {
    ...small,
    sampleAspectRatio: [2, 1],
    frameRate: [30_000, 1_001],
    channels: 1,
    reorderDelay: 6_006,
  });
  assert.equal(choose(files, { rate: [5, 1] })?.target?.reorderDelay, 0, 'slow pictures are not reordered');
});

test('JPEG pictures count by size alone, and have whole blocks', () => {
  const files = { a: { ...small, frameRate: [24, 1] as [number, number] }, b: small, film: { seconds: 100 } };
  assert.equal(choose(files, {}, 'jpeg')?.model, 'a');
  assert.deepEqual(choose(files, { size: { width: 1000, height: 566 } }, 'jpeg')?.target, {
    width: 1000,
    height: 560,
    sampleAspectRatio: [1, 1],
    frameRate: [24, 1],
    channels: 0,
    reorderDelay: 0,
  });
});

test('what a layout costs is one line', () => {
  const candidates = candidatesOf({
    a: {},
    b: {},
    c: small,
    d: { frameRate: [24_000, 1_001] },
    e: { encoded: 'H.265 instead of H.264' },
    f: small,
    bad: null,
  });
  const layout = candidates[0]!.facts!;
  assert.equal(
    costText(candidates, layout),
    '6 files, 1920 × 1080 at 25 frames a second: 2 can be copied, 4 are encoded (2 not 1920 × 1080, 1 not 25 frames a second, 1 H.265 instead of H.264)',
  );
  assert.equal(
    costText(candidates.slice(0, 2), layout),
    '2 files, 1920 × 1080 at 25 frames a second: all can be copied',
  );
  assert.equal(
    costText(candidates.slice(2, 3), layout),
    '1 file, 1920 × 1080 at 25 frames a second: all are encoded (1 not 1920 × 1080)',
  );
  const further = { reorderDelay: Ticks90k(10_800) };
  assert.equal(
    encodedFor({ ...layout, ...further }, { ...layout, reorderDelay: Ticks90k(7_200) }),
    'pictures reordered further than the station allows',
  );
  assert.equal(encodedFor({ ...layout, ...further }, { ...layout, ...further }), null);
  assert.equal(encodedFor(candidate('a', { sampleAspectRatio: [2, 1] }).facts!, layout), 'another pixel shape');
});

test('of several languages that are asked for, the file with most of them is the model', () => {
  const languages = ['en', 'ger', 'fr'];
  const files = { plain: { languages: ['en'] }, both: { languages: ['de', 'en'] }, other: { languages: ['pl', 'ru'] } };
  assert.equal(modelOf(files, { languages }), 'both');
  assert.equal(modelOf(files, { languages: ['ger'] }), 'plain', 'one is a choice of the file’s tracks, no layout');
});

test('a layout that no file has has the channels that are asked for, 5.1 where there is some', () => {
  const size = { width: 320, height: 180 };
  const channelsOf = (channels: number, asked?: 2 | 6) =>
    choose({ a: { channels } }, { size, channels: asked })?.target?.channels;
  assert.deepEqual([channelsOf(6), channelsOf(6, 2), channelsOf(6, 6), channelsOf(2, 6)], [2, 2, 6, 2]);
  assert.deepEqual([channelsOf(1), channelsOf(1, 2)], [1, 2]);
});

test('a layout that no file has gets a track for each language that is asked for and there', () => {
  const files = { a: { languages: ['fr'] }, b: { languages: ['de', 'en'] } };
  const request = { size: { width: 320, height: 180 }, languages: ['en-GB', 'de', 'it', 'fr'] };
  const target = choose(files, request)?.target;
  const sound = (language: string) => ({ kind: 'sound', language, channels: 2 });
  assert.deepEqual([target?.language, target?.further], ['en', [sound('de'), sound('fr')]]);
  const alone = choose({ a: { languages: ['fr'] } }, request)?.target;
  assert.ok(alone && !('further' in alone) && !('language' in alone));
});

test('AC-3 that is asked for is in the layout where a file has some', () => {
  const request = { size: { width: 320, height: 180 }, ac3: true };
  const files = { plain: {}, dolby: { dolby: 'e-ac-3' as const } };
  const sound = { kind: 'sound', codec: 'e-ac-3', language: 'und', channels: 6 };
  assert.deepEqual(choose(files, request)?.target?.further, [sound]);
  assert.equal(choose({ plain: {} }, request)?.target?.further, undefined);
  assert.equal(modelOf(files, { ac3: true }), 'dolby');
  assert.equal(modelOf(files), 'plain');
});
