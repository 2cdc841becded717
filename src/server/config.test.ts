import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../base/problem.js';
import { checkServerConfig } from './config.js';

const messageOf = (input: unknown): string => {
  try {
    checkServerConfig(input);
  } catch (error) {
    assert.ok(error instanceof Problem);
    assert.equal(error.code, 'usage');
    return error.message;
  }
  return '';
};

test('a configuration needs only a name', () => {
  const { ttl, controlPort, fec, unicastBudget, stations } = checkServerConfig({ name: 'here' });
  assert.deepEqual([ttl, controlPort, fec, unicastBudget, stations], [1, 5601, 'none', 1e9, []]);
});

test('a wrong field is named with its value and the allowed ones', () => {
  const wrong: [object, RegExp][] = [
    [{ ttl: 256 }, /ttl is 256: .*255/],
    [{ controlPort: -1 }, /controlPort is -1: .*0/],
    [{ workers: 1.5 }, /workers is 1\.5: .*int/],
    [{ history: 0 }, /history is 0: .*0/],
    [{ fps: 121 }, /fps is 121/],
    [{ format: 'mpeg2' }, /format is "mpeg2": .*"h264"\|"hevc"\|"jpeg"/],
    [{ fec: { size: { columns: 3, rows: 5 }, mode: 'both' } }, /SMPTE 2022-1 does not allow it: L is 3, not 4 to 20/],
    [{ stations: [{ source: 'a.mp4' }, { source: 'b.mp4', number: 0 }] }, /stations\.1\.number is 0: .*1/],
    [{ stations: [{ source: 'a.mp4', group: '10.0.0.1' }] }, /stations\.0\.group is "10\.0\.0\.1": .*224\.0\.1\.0/],
    [{ stations: [{}] }, /stations\.0\.source/],
    [{ speed: 3 }, /speed/],
    [{ format: 'hevc', encoder: 'nvenc' }, /an encoder \(nvenc\) can be chosen for h264 only/],
    [{ encoder: 'auto', stations: [{ source: 'a.mp4', format: 'hevc' }] }, /x265: an encoder \(auto\)/],
  ];
  for (const [fields, expected] of wrong) assert.match(messageOf({ name: 'here', ...fields }), expected);
  assert.match(messageOf({}), /name/);
});

test('all wrong fields are named at once', () => {
  assert.match(messageOf({ name: '', ttl: 0, controlPort: 70_000 }), /name.*ttl.*controlPort/);
});
