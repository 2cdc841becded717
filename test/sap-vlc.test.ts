import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openAnnouncer } from '../src/discovery/announcer.js';
import { loopback } from '../src/net/interfaces.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { makeStation } from './support/stations.js';
import { without } from './support/tools.js';

/** The output of a process so far, and a way to wait for more. */
class Output {
  text = '';
  #onMore: () => void = () => undefined;
  #hasEnded = false;

  constructor(stream: Readable) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
      this.#onMore();
    });
    stream.on('close', () => {
      this.#hasEnded = true;
      this.#onMore();
    });
  }

  /** Resolves once `wanted` was printed; rejects with the output where the stream ends without it. */
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

/** VLC refuses to run as root. */
const asNobody = (): { uid?: number; gid?: number } => {
  if (!isRoot) return {};
  const [uid, gid] = ['-u', '-g'].map((which) => Number(spawnSync('id', [which, 'nobody']).stdout));
  return { uid, gid };
};

/** VLC with its SAP list and its remote control on stdin. */
function startVlc(context: TestContext) {
  const home = mkdtempSync(join(tmpdir(), 'msc-vlc-'));
  chmodSync(home, 0o777); // VLC's user
  const child = spawn(
    'vlc',
    ['-I', 'rc', '--rc-fake-tty', '--services-discovery', 'sap', '--miface', loopback().name, '-vv'],
    { cwd: home, env: { ...process.env, HOME: home, LC_ALL: 'C.UTF-8' }, detached: true, ...asNobody() },
  );
  context.after(async () => {
    await ended(child);
    rmSync(home, { recursive: true, force: true });
  });
  return { child, log: new Output(child.stderr), remote: new Output(child.stdout) };
}

/** Ends a process group. */
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

test('VLC lists the announced stations, one of two servers once', {
  skip: without('cvlc'),
  ...limit,
}, async (context) => {
  const { child, log, remote } = startVlc(context);
  const unique = `${process.pid}`;
  const twin = makeStation(1, { name: `Harbour ${unique} ö & <b>` });
  await announce(context, [{ ...twin, server: 'hall' }]);
  await announce(context, [{ ...twin, server: 'attic', number: 2 }]);
  await log.until(`adding: ${twin.name}`);
  const last = makeStation(3, { name: `Last ${unique}`, format: 'jpeg' });
  await announce(context, [last]);
  await log.until(`adding: ${last.name}`);
  child.stdin.write('playlist\n');
  await remote.until('End of playlist');
  const rows = remote.text.split('\n').filter((line) => line.startsWith('|') && line.includes(unique));
  assert.deepEqual(
    rows.map((row) => row.replace(/^\|\s+\d+ - /, '').trim()),
    [twin.name, last.name],
  );
});

/** An isolated network with loopback only: ffmpeg joins on the interface that has the route. */
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
  const output = new Output(child.stderr);
  await output.until('a=rtpmap:33 MP2T/90000');
  assert.match(output.text, /^s=Harbour News\r?$/m);
  assert.match(output.text, /^c=IN IP4 239\.255\.0\.1\/1\r?$/m);
});
