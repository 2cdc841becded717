import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from './support/display.js';
import { makeFilm, openStore } from './support/film.js';
import { finished, type Server, serve, startMsc } from './support/msc.js';
import { type Star, star, withoutNetwork } from './support/network.js';
import { scratchFolder } from './support/spool.js';

const SECONDS = 12;
/** How long the interruptions last, ms. */
const LENGTH = 3_000;

const interruptions: { what: string; interrupt: (star: Star, server: Server) => Promise<void> }[] = [
  {
    what: 'the interfaces of both vanish and are made again',
    async interrupt({ cut, lay }) {
      cut(0);
      await sleep(LENGTH);
      lay(0);
    },
  },
  {
    what: 'the server is suspended',
    async interrupt(_, { child }) {
      child.kill('SIGSTOP');
      await sleep(LENGTH);
      child.kill('SIGCONT');
    },
  },
];

for (const { what, interrupt } of interruptions) {
  test(`a recording is complete although ${what} for ${LENGTH / 1_000} s`, {
    skip: withoutNetwork(),
    timeout: 120_000,
  }, async (context) => {
    const store = await openStore(context);
    const film = makeFilm(join(scratchFolder(context), 'film.mp4'), 20);
    const network = await star(context, 1);
    const words = [`Film=${film}`, '--store', store.folder, '--interface', 'cable'];
    const server = await serve(context, words, 1, network.ends[0]);
    const path = join(scratchFolder(context), 'out.ts');
    const [cable = ''] = network.interfaces;
    const options = ['--interface', cable, '-o', path, '-d', `${SECONDS}s`, '--json'];
    const recording = startMsc(context, ['record', '1', ...options], network.middle);
    const done = finished(recording);
    await until(context, () => (statSync(path, { throwIfNoEntry: false })?.size ?? 0) > 0);
    await sleep(1_000); // Until the group feeds the recording.
    await interrupt(network, server);
    const { exitCode, stdout, stderr } = await done;
    assert.equal(exitCode, 0, stderr);
    // Warnings are lines before the summary.
    const { lost, seconds } = JSON.parse(stdout.trim().split('\n').at(-1)!);
    assert.deepEqual([lost, Math.round(seconds)], [0, SECONDS], stderr);
  });
}

test('a server listens by HTTP at an address that has gone and returned, and a viewer says that its interface has', {
  skip: withoutNetwork(),
  timeout: 240_000,
}, async (context) => {
  const store = await openStore(context);
  const film = makeFilm(join(scratchFolder(context), 'film.mp4'), 20);
  const { middle, ends, interfaces, cut, lay } = await star(context, 1);
  const [cable = ''] = interfaces;
  const words = [`Film=${film}`, '--store', store.folder, '--interface', 'cable', '--http', '10.0.0.2:8080'];
  await serve(context, words, 1, ends[0]);
  const program = "console.log((await fetch('http://10.0.0.2:8080/readyz')).status)";
  const isAnswered = (): boolean => {
    const [command, ...rest] = [...middle, process.execPath, '--input-type=module', '-e', program];
    return spawnSync(command!, rest, { encoding: 'utf8' }).stdout === '200\n';
  };
  await until(context, isAnswered);
  const viewer = startMsc(context, ['watch', '1', '--player', 'none', '--interface', cable], middle);
  let printed = '';
  viewer.stdout!.setEncoding('utf8').on('data', (text) => {
    printed += text;
  });
  await until(context, () => printed.includes('Mbit/s'));
  cut(0);
  await until(context, () => printed.includes(`The network interface ${cable} (10.0.0.1) is gone`));
  lay(0);
  await until(context, () => printed.includes(`The network interface ${cable} (10.0.0.1) is back.`));
  await until(context, isAnswered);
});
