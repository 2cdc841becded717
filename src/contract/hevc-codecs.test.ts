import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostDemandingHevc, ORDINARY_HEVC } from './hevc-codecs.js';

const main = 'hvc1.1.6.L93.B0,mp4a.40.2';
const main10 = 'hvc1.2.4.L120.90,mp4a.40.2';

test('the films of a station need the highest profile, tier and level of them', () => {
  for (const [films, needed] of [
    [[main], main],
    [[main, main10], main10],
    [['hvc1.1.6.L153.B0,mp4a.40.2', main10], 'hvc1.2.4.L153.90,mp4a.40.2'],
    [[main10, 'hvc1.1.6.H120,mp4a.40.2'], 'hvc1.2.4.H120.90,mp4a.40.2'],
    [['hev1.A4.8.L90.BD.8'], 'hev1.A4.8.L90.BD.8'],
    [[ORDINARY_HEVC], ORDINARY_HEVC],
  ] as const) {
    assert.equal(mostDemandingHevc(films), needed);
  }
});

test('films that are not HEVC need something else', () => {
  for (const films of [[], ['avc1.640028,mp4a.40.2'], [main, 'jpeg'], ['']])
    assert.equal(mostDemandingHevc(films), null);
});
