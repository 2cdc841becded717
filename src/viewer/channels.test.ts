import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channel } from '../../test/support/channels.js';
import { Problem } from '../base/problem.js';
import { chooseChannel } from './channels.js';
import { findPlayer, type Surroundings } from './players/find-player.js';

const channels = [channel(1, { name: 'News' }), channel(2, { name: '1' }), channel(2, { server: 'attic' })];

test('a station is meant by its number, id or name', () => {
  assert.equal(chooseChannel(channels, '1'), channels[0]);
  assert.equal(chooseChannel(channels, 'station-1'), channels[0]);
  assert.equal(chooseChannel(channels, ' news '), channels[0]);
});

test('what means two stations says which, and each can be named', () => {
  assert.throws(
    () => chooseChannel(channels, '2'),
    (error: unknown) => error instanceof Problem && error.message.includes('attic/station-2'),
  );
  assert.equal(chooseChannel(channels, 'attic/station-2'), channels[2]);
});

test('what means none lists what there is', () => {
  assert.throws(
    () => chooseChannel(channels, '7'),
    (error: unknown) => error instanceof Problem && error.code === 'station' && error.next.includes('1 News'),
  );
});

const machine = (platform: NodeJS.Platform, programs: string[]): Surroundings => ({
  platform,
  env: { PATH: ['/usr/bin', '/opt/bin'].join(':'), ProgramFiles: 'C:\\Program Files' },
  isProgram: (path) => programs.includes(path),
});

test('mpv comes before ffplay, ffplay before VLC; the one asked for before all', {
  skip: process.platform === 'win32',
}, () => {
  const all = machine('linux', ['/usr/bin/vlc', '/opt/bin/ffplay', '/opt/bin/mpv']);
  assert.deepEqual(findPlayer(undefined, all), { name: 'mpv', program: '/opt/bin/mpv' });
  assert.deepEqual(findPlayer('vlc', all), { name: 'vlc', program: '/usr/bin/vlc' });
  const two = machine('linux', ['/usr/bin/vlc', '/opt/bin/ffplay']);
  assert.equal(findPlayer(undefined, two).name, 'ffplay');
});

test('players are found where installers put them', () => {
  const app = '/Applications/VLC.app/Contents/MacOS/VLC';
  assert.deepEqual(findPlayer(undefined, machine('darwin', [app])), { name: 'vlc', program: app });
  const program = 'C:\\Program Files\\VideoLAN\\VLC\\vlc.exe';
  assert.deepEqual(findPlayer(undefined, machine('win32', [program])), { name: 'vlc', program });
});

test('for the terminal ffmpeg is looked for, and never taken instead of a window', {
  skip: process.platform === 'win32',
}, () => {
  const here = machine('linux', ['/usr/bin/ffmpeg']);
  assert.deepEqual(findPlayer('terminal', here), { name: 'terminal', program: '/usr/bin/ffmpeg' });
  assert.throws(() => findPlayer(undefined, here), Problem);
  const program = 'C:\\Program Files\\ffmpeg\\bin\\ffmpeg.exe';
  assert.deepEqual(findPlayer('terminal', machine('win32', [program])), { name: 'terminal', program });
  assert.throws(
    () => findPlayer('terminal', machine('linux', ['/usr/bin/mpv'])),
    (error: unknown) => error instanceof Problem && error.next.includes('apt install ffmpeg'),
  );
});

test('without a player it says what to install on this system', () => {
  for (const [platform, command] of [
    ['linux', 'apt install mpv'],
    ['darwin', 'brew install mpv'],
    ['win32', 'winget install mpv'],
  ] as const) {
    assert.throws(
      () => findPlayer(undefined, machine(platform, [])),
      (error: unknown) => error instanceof Problem && error.code === 'player' && error.next.includes(command),
    );
  }
});
