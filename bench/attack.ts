import { join, resolve } from 'node:path';
import { Host, layLan } from './support/attack/lan.js';
import { type Outcome, type Plan, play, VIEWERS } from './support/attack/scene.js';
import { attempt, finish, log, openBenchmark } from './support/benchmark.js';
import { mscOption, nameFilter, outOption, readOptions } from './support/options.js';
import { makeReel } from './support/reels.js';

/** The attacks, in groups that docs/benchmarks.md describes. */
const plans: readonly (Plan & { what: string })[] = [
  { name: 'nothing', what: 'no attack, for comparison' },
  { name: 'past', what: 'a session requests past packets, others each time' },
  { name: 'copies', what: 'each packet requested three times, with copies' },
  { name: 'everything', what: 'a session requests all that is on the air' },
  { name: 'sessions', what: 'sessions of one address, as many as it can make' },
  { name: 'replays', what: '158 replays that take nothing' },
  { name: 'far', what: 'forged RTP 8,000 ahead, each second' },
  { name: 'near', what: '2,000 forged RTP packets a second, 1 to 30 ahead' },
  { name: 'empty', what: 'the same without payload' },
  { name: 'far-spoofed', what: 'as far, from the server’s address', isSpoofed: true },
  { name: 'near-spoofed', what: 'as near, from the server’s address', isSpoofed: true },
  { name: 'parity', what: '2,000 forged parity packets a second', flags: ['--fec', '10x5:columns'] },
  { name: 'repairs', what: '2,000 forged repairs a second to the group' },
  { name: 'bitrate', what: 'a rogue server: a station of 1 Tbit/s, and a viewer of it' },
  { name: 'list', what: 'a rogue server: 11,000 other stations with each search' },
  { name: 'twin', what: 'a rogue twin: the same stations, which it does not send' },
  { name: 'claim', what: 'a rogue server has the groups before the server starts', isEarlier: true },
  { name: 'bodies', what: 'POSTs whose body never comes' },
  { name: 'headers', what: 'headers that never end' },
  { name: 'idle', what: '1,100 idle connections under a limit of 1,024 files', files: 1_024 },
  { name: 'logins', what: '100 password guesses a second from nine addresses', hasPassword: true },
  { name: 'random', what: 'a flood of random datagrams' },
  { name: 'starts', what: 'a flood of searches without a cookie' },
  { name: 'malformed', what: 'a flood of malformed requests with forged cookies' },
];

const options = readOptions(
  'What viewers, recorders and pages see while a server is attacked from another host, each attack against a server of its ' +
    'own: rest, attack, rest. Needs Linux and root, and two processors.',
  {
    only: ['', `attacks whose names begin with ${plans.map(({ name }) => name).join(', ')}`],
    seconds: [8, 'length of each attack'],
    rest: [5, 'seconds before it and after it'],
    rate: [50_000, 'datagrams a second of a flood'],
    connections: [1_000, 'HTTP connections a second'],
    against: ['', 'folder of another build, which is attacked first'],
    ...outOption,
    ...mscOption,
  },
);
const isWanted = nameFilter(options.only);
const { store } = await openBenchmark(['ffmpeg', 'ip', 'taskset', 'nsenter']);
layLan();
/** One host with nine addresses. */
const from = Array.from({ length: 9 }, (_, i) => `10.77.1.${1 + i}`);
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

function row(name: string, build: string, outcome: Outcome): Record<string, string | number> {
  const { tuning, control, pages, operator, missing, memory } = outcome;
  return {
    attack: name,
    build,
    'sent/s': whole(outcome.rate),
    'tuning, ms': tuning.count === 0 ? '' : `${whole(tuning.median)}, ${whole(tuning.worst)}`,
    'missing TS packets': `${missing[0]}, ${missing[1]}`,
    'forged recorded': outcome.forged,
    'late p99, ms': outcome.lateness === null ? '' : whole(outcome.lateness, 1),
    'control, ms': whole(control.worst),
    'page, ms': whole(pages.worst),
    'operator, ms': whole(operator.worst),
    'memory, MB': `${megabytes(memory.server)}, ${megabytes(memory.gateway)}, ${megabytes(memory.recorders)}`,
    multicast: `× ${outcome.multicast.toFixed(1)}`,
    'back after, s': whole(outcome.backAfter, 1),
    ended: outcome.ended.join(', '),
  };
}

const rows: Record<string, string | number>[] = [];
const starts: Record<string, string | number>[] = [];
const data: unknown[] = [];
for (const plan of plans.filter(({ name }) => isWanted(name))) {
  for (const { build, program } of builds) {
    log(`${plan.name}, ${build}: ${plan.what}`);
    await attempt(`${plan.name}, ${build}`, async () => {
      const outcome = await play({
        ...{ program, store: store.folder, film, hosts, plan, rest: options.rest, length: options.seconds },
        attack: { from, rate: options.rate, connections: options.connections },
      });
      data.push({ attack: plan.name, build, ...outcome });
      const { onAirAfter } = outcome;
      if (!plan.isEarlier) rows.push(row(plan.name, build, outcome));
      else
        starts.push({
          attack: plan.name,
          build,
          'on the air after, s': onAirAfter === null ? 'never' : onAirAfter.toFixed(1),
        });
    });
  }
}

const title = `${options.seconds} s of each attack, between rests of ${options.rest} s. "tuning": of new viewers, median and worst; "missing": at
recorders of the attacked station, and of another; "late": other stations' packets; "control", "page", "operator": the worst
answer to a session, to a page and to the operator at the machine; "memory": above that at rest, of server, gateway and
recorders; "multicast": sent by the server, to that at rest; "back": from the end of the attack until all answers are as at rest.`;
finish({
  tables: [
    [title, rows],
    ['A server that starts while another claims its groups', starts],
  ],
  data: { attacks: plans.map(({ name, what }) => ({ name, what })), outcomes: data },
  out: options.out,
});
