import { join, resolve } from 'node:path';
import { Host, layLan } from './support/attack/lan.js';
import type { Outcome } from './support/attack/outcome.js';
import { plans } from './support/attack/plans.js';
import { play, playEarlier } from './support/attack/play.js';
import { type SceneOptions, VIEWERS } from './support/attack/scene.js';
import { attempt, finish, log, openBenchmark } from './support/benchmark.js';
import { refuse } from './support/namespace.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { makeReel } from './support/reels.js';

/** Addresses of the attacker’s host: with 77, guesses of a password can use up what a server takes of all together. */
const ADDRESSES = 77;

const options = readOptions(
  `What viewers, recorders and pages see while a server is attacked from another host, each attack against a server of its
own: rest, attack, rest. Needs Linux and root, and two processors. The attacks:

${plans.map(({ name, what }) => `  ${name.padEnd(14)} ${what}`).join('\n')}`,
  {
    only: ['', 'attacks whose names begin with these, separated by commas; default all'],
    seconds: [8, 'length of each attack; some take at least 12 s'],
    rest: [5, 'seconds before it and after it'],
    rate: [50_000, 'datagrams a second of a flood'],
    connections: [1_000, 'HTTP connections a second'],
    against: ['', 'folder of another build, which is attacked first'],
    ...outOption,
    ...mscOption,
  },
);
const wanted = plans.filter(({ name }) => nameFilter(options.only)(name));
if (wanted.length === 0) refuse(`--only ${options.only}: the attacks are ${plans.map(({ name }) => name).join(', ')}`);
const { store } = await openBenchmark(['ffmpeg', 'ip', 'taskset', 'nsenter']);
layLan();
const from = Array.from({ length: ADDRESSES }, (_, i) => `10.77.1.${1 + i}`);
const hosts = { viewers: await Host.join('viewers', [VIEWERS]), attacker: await Host.join('attacker', from) };
process.on('exit', () => {
  for (const host of Object.values(hosts)) host.leave();
});
const film = await makeReel(store, { duration: 20, program: options.msc });
const builds = [
  ...(options.against === '' ? [] : [{ build: 'before', program: join(resolve(options.against), 'bin', 'msc.js') }]),
  { build: 'now', program: options.msc },
];

const whole = (value: number, digits = 0) => {
  if (Number.isNaN(value)) return '';
  return Number.isFinite(value) ? value.toFixed(digits) : 'never';
};
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const megabits = (rate: number) => (rate / 1e6).toFixed(2);

function row(name: string, build: string, outcome: Outcome): Record<string, string | number> {
  const { answers, missing, memory, traffic } = outcome;
  const { tuning, control, pages, operator } = answers;
  return {
    attack: name,
    build,
    faults: outcome.faults.join(', '),
    'sent/s': whole(outcome.rate),
    'Mbit/s': traffic === null ? '' : `${megabits(traffic.attacker)}, ${megabits(traffic.groups)}`,
    'tuning, ms': tuning.count === 0 ? '' : `${whole(tuning.median)}, ${whole(tuning.worst)}`,
    'missing TS packets': missing.join(', '),
    'forged recorded': outcome.forged,
    'late p99, ms': outcome.lateness === null ? '' : whole(outcome.lateness, 1),
    'control, ms': whole(control.worst),
    'page, ms': whole(pages.worst),
    'operator, ms': whole(operator.worst),
    'memory, MB': `${megabytes(memory.server)}, ${megabytes(memory.gateway)}, ${megabytes(memory.recorders)}`,
    'back after, s': whole(outcome.backAfter, 1),
  };
}

const rows: Record<string, string | number>[] = [];
const starts: Record<string, string | number>[] = [];
const data: unknown[] = [];
for (const plan of wanted) {
  for (const { build, program } of builds) {
    log(`${plan.name}, ${build}: ${plan.what}`);
    await attempt(`${plan.name}, ${build}`, async () => {
      const { rate, connections, rest, seconds } = options;
      const scene: SceneOptions = {
        ...{ program, store: store.folder, film, hosts, plan },
        attack: { from, rate, connections },
      };
      if (plan.isEarlier) {
        const onAirAfter = await playEarlier(scene);
        data.push({ attack: plan.name, build, onAirAfter });
        starts.push({ attack: plan.name, build, 'on the air after, s': onAirAfter?.toFixed(1) ?? 'never' });
        return;
      }
      const outcome = await play(scene, { rest, length: Math.max(seconds, plan.atLeast ?? 0) });
      data.push({ attack: plan.name, build, ...outcome });
      rows.push(row(plan.name, build, outcome));
    });
  }
}

const title = `${options.seconds} s of each attack, between rests of ${options.rest} s. "Mbit/s": what the attacker sends, and what the server
sends to groups beyond what it does at rest; "tuning": of new viewers, median and worst; "missing": at recorders of the attacked
station, and of another; "late": other stations' packets; "control", "page", "operator": the worst answer to a session, to a page
and to the operator at the machine; "memory": above that at rest, of server, gateway and recorders; "back": from the end of the
attack until all answers are as at rest.`;
finish({
  tables: [
    [title, rows],
    ['A server that starts while another claims its groups', starts],
  ],
  data: { attacks: plans.map(({ name, what }) => ({ name, what })), outcomes: data },
  out: options.out,
});
