import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openAnnouncer } from '../src/discovery/announcer.js';
import { loopback } from '../src/multicast/interfaces.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { makeStation } from './support/stations.js';
import { without } from './support/tools.js';

/** What a process has printed so far, and a way to wait for more of it. */
class Output {
  text = '';
  #onMore: () => void = () => undefined;
  #hasEnded = false;

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.text += data.toString();
        this.#onMore();
      });
    }
    child.on('close', () => {
      this.#hasEnded = true;
      this.#onMore();
    });
  }

  /** Resolves once `wanted` has been printed; rejects with what was printed where the process ends without it. */
  until(wanted: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onMore = () => {
        if (this.text.includes(wanted)) resolve();
        else if (this.#hasEnded) reject(new Error(`It ended without "${wanted}":\n${this.text}`));
      };
      this.#onMore();
    });
  }
}

const isRoot = process.getuid?.() === 0;

/** VLC with its SAP list and its remote control on stdin. It refuses to run as root. */
function startVlc(context: TestContext): { child: ChildProcess; output: Output } {
  const home = mkdtempSync(join(tmpdir(), 'msc-vlc-'));
  chmodSync(home, 0o777); // for whom VLC runs as
  const words = ['-I', 'rc', '--rc-fake-tty', '--services-discovery', 'sap', '--miface', loopback().name, '-vv'];
  const options = { cwd: home, env: { ...process.env, HOME: home, LC_ALL: 'C.UTF-8' }, detached: true };
  const child = isRoot
    ? spawn('su', ['nobody', '-s', '/bin/sh', '-c', `HOME=${home} exec vlc ${words.join(' ')}`], options)
    : spawn('vlc', words, options);
  context.after(async () => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  });
  return { child, output: new Output(child) };
}

/** Ends a process that leads a group of its own, with all that it started. */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const over = new Promise((resolve) => child.once('exit', resolve));
  process.kill(-child.pid, 'SIGKILL');
  await over;
}

const announce = (context: TestContext, stations: StationInfo[]) =>
  openAnnouncer({ stations: () => stations, localAddress: '127.0.0.1', log: (line) => assert.fail(line) }).then(
    (announcer) => context.after(() => announcer.close()),
  );

const limit = { timeout: 60_000 };

test('VLC lists the stations by itself, that of two servers once', {
  skip: without('cvlc'),
  ...limit,
}, async (context) => {
  const { child, output } = startVlc(context);
  const unique = `${process.pid}`;
  const twin = makeStation(1, { name: `Harbour ${unique} ö & <b>` });
  await announce(context, [{ ...twin, server: 'hall' }]);
  await announce(context, [{ ...twin, server: 'attic', number: 2 }]);
  await output.until(`adding: ${twin.name}`);
  const last = makeStation(3, { name: `Last ${unique}`, format: 'jpeg' });
  await announce(context, [last]);
  await output.until(`adding: ${last.name}`);
  child.stdin?.write('playlist\n');
  await output.until('End of playlist');
  const listed = output.text.slice(output.text.lastIndexOf('Playlist - '));
  const rows = listed.split('\n').filter((line) => line.startsWith('|') && line.includes(unique));
  assert.deepEqual(
    rows.map((row) => row.replace(/^\|\s+\d+ - /, '').trim()),
    [twin.name, last.name],
  );
});

/** A network of its own, with nothing in it but loopback: ffmpeg joins on whichever interface has the route. */
const inOwnNetwork = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo';
const noOwnNetwork = (): string | false =>
  process.platform === 'linux' && isRoot && spawnSync('unshare', ['-n', 'sh', '-c', inOwnNetwork]).status === 0
    ? false
    : 'needs root on Linux, to make a network of its own (unshare -n)';

test('ffmpeg reads an announcement', { skip: without('ffprobe') || noOwnNetwork(), ...limit }, async (context) => {
  const announcer = fileURLToPath(new URL('support/announce.js', import.meta.url));
  const both = `${inOwnNetwork} && { "$0" "$1" "Harbour News" & exec ffprobe -v verbose sap://239.255.255.255:9875; }`;
  const child = spawn('unshare', ['-n', 'sh', '-c', both, process.execPath, announcer], { detached: true });
  context.after(() => ended(child));
  const output = new Output(child);
  await output.until('a=rtpmap:33 MP2T/90000');
  assert.match(output.text, /^s=Harbour News\r?$/m);
  assert.match(output.text, /^c=IN IP4 239\.255\.0\.1\/1\r?$/m);
});
