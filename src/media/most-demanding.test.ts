import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mostDemandingVideo } from './most-demanding.js';

const film = (codecs: string) => ({ codecs: `${codecs},mp4a.40.2`, videoCodec: 'of the first' });

test('a station needs the highest profile and the highest level of its films', () => {
  const cases: [string[], string][] = [
    [['avc1.640028'], 'H.264 High 4.0'],
    [['avc1.64001e', 'avc1.4d4029', 'avc1.42c01f'], 'H.264 High 4.1'],
    [['avc1.42c01e', 'avc1.4d401e'], 'H.264 Main 3.0'],
    [['avc1.42c01e', 'avc1.42c01f'], 'H.264 Constrained Baseline 3.1'],
    [['avc1.42c01e', 'avc1.42801f'], 'H.264 Baseline 3.1'],
    [['hvc1.1.6.L93.90'], 'H.265 Main 3.1'],
    [['hvc1.1.6.L123.B0', 'hvc1.2.4.L93.90', 'hvc1.1.6.H60.90'], 'H.265 Main 10 4.1 High tier'],
  ];
  for (const [codecs, needed] of cases) assert.equal(mostDemandingVideo(codecs.map(film)), needed);
});

test('JPEG has neither', () => {
  assert.equal(mostDemandingVideo([{ codecs: 'jpeg', videoCodec: 'JPEG' }]), 'JPEG');
});
