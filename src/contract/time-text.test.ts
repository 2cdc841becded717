import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Millis } from '../base/units.js';
import { parseMoment } from './time-text.js';

const zoneBefore = process.env.TZ;
after(() => {
  if (zoneBefore === undefined) delete process.env.TZ;
  else process.env.TZ = zoneBefore;
});

/** The moment that `text` names at `now` (UTC) in the time zone `zone`; null for none. */
function meant(text: string, now: string, zone = 'Europe/Berlin'): string | null {
  process.env.TZ = zone;
  const moment = parseMoment(text, Millis(Date.parse(now)));
  return moment === null ? null : new Date(moment).toISOString().replace('.000', '');
}

test('a time of day is the last one that local clocks showed', () => {
  const now = '2026-01-15T20:00:00Z'; // 21:00 in Berlin
  assert.equal(meant('20:15', now), '2026-01-15T19:15:00Z');
  assert.equal(meant('8:05', now), '2026-01-15T07:05:00Z');
  assert.equal(meant('21:00', now), '2026-01-15T20:00:00Z');
  assert.equal(meant('21:00:01', now), '2026-01-14T20:00:01Z');
  assert.equal(meant('20:15:30.5', now), '2026-01-15T19:15:30.500Z');
  assert.equal(meant('20:15', now, 'America/New_York'), '2026-01-15T01:15:00Z');
  assert.equal(meant('20:15', '2026-01-01T00:30:00Z', 'UTC'), '2025-12-31T20:15:00Z');
});

test('a time ago counts from now', () => {
  const now = '2026-01-15T20:00:00Z';
  assert.equal(meant('-10m', now), '2026-01-15T19:50:00Z');
  assert.equal(meant('-1h30m', now), '2026-01-15T18:30:00Z');
  assert.equal(meant('-1h2m3s', now), '2026-01-15T18:57:57Z');
  assert.equal(meant('-0.5h', now), '2026-01-15T19:30:00Z');
  assert.equal(meant(' -45s ', now), '2026-01-15T19:59:15Z');
});

test('a date and time are local, unless they have an offset', () => {
  const now = '2026-08-01T00:00:00Z';
  assert.equal(meant('2026-01-15T20:15', now), '2026-01-15T19:15:00Z');
  assert.equal(meant('2026-07-15 20:15:30', now), '2026-07-15T18:15:30Z');
  assert.equal(meant('2026-07-15T20:15Z', now), '2026-07-15T20:15:00Z');
  assert.equal(meant('2026-07-15T20:15:00+05:30', now), '2026-07-15T14:45:00Z');
  assert.equal(meant('2026-07-15T20:15-0400', now), '2026-07-16T00:15:00Z');
});

test('when clocks are set back, an ambiguous time is the later one, or the one that has passed', () => {
  // Berlin, 25 October 2026: 03:00 summer time (01:00 UTC) becomes 02:00.
  assert.equal(meant('02:30', '2026-10-25T05:00:00Z'), '2026-10-25T01:30:00Z');
  assert.equal(meant('02:30', '2026-10-25T01:10:00Z'), '2026-10-25T00:30:00Z');
  assert.equal(meant('02:30', '2026-10-25T00:10:00Z'), '2026-10-24T00:30:00Z');
  assert.equal(meant('03:30', '2026-10-25T05:00:00Z'), '2026-10-25T02:30:00Z');
  // Lord Howe Island puts its clocks back by half an hour: 5 April 2026, 02:00 becomes 01:30 (15:00 UTC).
  assert.equal(meant('01:45', '2026-04-04T16:00:00Z', 'Australia/Lord_Howe'), '2026-04-04T15:15:00Z');
});

test('when clocks are set forward, a skipped time counts as if they had not been', () => {
  // Berlin, 29 March 2026: 02:00 (01:00 UTC) becomes 03:00.
  assert.equal(meant('02:30', '2026-03-29T05:00:00Z'), '2026-03-29T01:30:00Z');
  assert.equal(meant('2026-03-29T02:30', '2026-03-29T05:00:00Z'), '2026-03-29T01:30:00Z');
  assert.equal(meant('01:59', '2026-03-29T05:00:00Z'), '2026-03-29T00:59:00Z');
});

test('text that is no time, and the future, are refused', () => {
  const now = '2026-01-15T20:00:00Z';
  for (const text of [
    ...['', '-', 'now', '10m', '+10m', '-10', '-10m5h', '20', '24:00', '20:60', '20:15:60', '20:15pm'],
    ...['2026-01-15', '2026-02-30T10:00Z', '2026-13-01T10:00', '2026-00-10T10:00', '2026-01-15T24:00'],
    ...['2026-01-15T20:00:01Z', '2027-01-15T20:15'],
  ]) {
    assert.equal(meant(text, now), null, text);
  }
});
