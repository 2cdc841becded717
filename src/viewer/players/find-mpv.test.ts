import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Problem } from '../../base/problem.js';
import { findMpv, hasMpv, type Machine } from './find-mpv.js';

const machine = (platform: NodeJS.Platform, programs: string[]): Machine => ({
  platform,
  env: { PATH: ['/usr/bin', '/opt/bin'].join(':'), ProgramFiles: 'C:\\Program Files' },
  isProgram: (path) => programs.includes(path),
});

test('mpv is found in PATH', { skip: process.platform === 'win32' }, () => {
  const here = machine('linux', ['/opt/bin/mpv']);
  assert.equal(findMpv(here), '/opt/bin/mpv');
  assert.equal(hasMpv(here), true);
  assert.equal(hasMpv(machine('linux', ['/usr/bin/vlc'])), false);
});

test('mpv is found where installers put it', () => {
  for (const [platform, path] of [
    ['darwin', '/Applications/mpv.app/Contents/MacOS/mpv'],
    ['win32', 'C:\\Program Files\\mpv\\mpv.exe'],
  ] as const) {
    assert.equal(findMpv(machine(platform, [path])), path);
  }
});

test('without mpv the problem names the command that installs it on this system', () => {
  for (const [platform, command] of [
    ['linux', 'apt install mpv'],
    ['darwin', 'brew install mpv'],
    ['win32', 'winget install mpv'],
  ] as const) {
    assert.throws(
      () => findMpv(machine(platform, [])),
      (error: unknown) => error instanceof Problem && error.code === 'player' && error.next.includes(command),
    );
  }
});
