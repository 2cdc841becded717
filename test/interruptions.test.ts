import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { until } from './support/display.js';
import { sharedFilm, sharedStore } from './support/film.js';
import { finished, type Server, serve, startMsc } from './support/msc.js';
import { type Star, star, withoutNetwork } from './support/network.js';
import { scratchFolder } from './support/spool.js';

const SECONDS = 12;

interface Interruption {
  what: string;
  /** What the recorder says by then. */
  until: string;
  begin: (star: Star, server: Server) => void;
  end: (star: Star, server: Server) => void;
}

const interruptions: Interruption[] = [
  {
    what: 'the interfaces of both vanish and are made again',
    until: 'is gone',
    begin: ({ cut }) => cut(0),
    end: ({ lay }) => lay(0),
  },
  {
    what: 'the server is suspended',
    until: 'does not answer',
    begin: (_, { child }) => child.kill('SIGSTOP'),
    end: (_, { child }) => child.kill('SIGCONT'),
  },
];

/** Resolves with the size of the recording when more is written than `size`. */
async function growth(context: TestContext, path: string, size: number): Promise<number> {
  const sizeNow = () => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  await until(context, () => sizeNow() > size);
  return sizeNow();
}

for (const { what, until: said, begin, end } of interruptions) {
  test(`a recording is complete although ${what}, once the recorder has noticed`, {
    skip: withoutNetwork(),
    timeout: 120_000,
  }, async (context) => {
    const store = await sharedStore();
    const film = sharedFilm(20);
    const network = await star(context, 1);
    const words = [`Film=${film}`, '--store', store.folder, '--interface', 'cable'];
    const server = await serve(context, words, 1, network.ends[0]);
    const path = join(scratchFolder(context), 'out.ts');
    const [cable = ''] = network.interfaces;
    const options = ['--interface', cable, '-o', path, '-d', `${SECONDS}s`, '--json'];
    const recording = startMsc(context, ['record', '1', ...options], network.middle);
    const done = finished(recording);
    let printed = '';
    recording.stderr!.on('data', (text) => {
      printed += text;
    });
    // The first write has the burst; the next has what came from the group.
    const burst = await growth(context, path, 0);
    await growth(context, path, burst);
    begin(network, server);
    await until(context, () => printed.includes(said));
    end(network, server);
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
  const store = await sharedStore();
  const film = sharedFilm(20);
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
