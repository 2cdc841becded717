/** Plays an attack: rest, attack, rest. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CompletenessReport } from '../completeness.js';
import { type HelperProcess, memory, multicastSent, type Program } from '../processes.js';
import type { Received } from '../receive.js';
import { inTime } from './in-time.js';
import { type Measured, type Outcome, outcomeOf, type Sample, type Turn, type Witness } from './outcome.js';
import { Scene, type SceneOptions, type Watchers } from './scene.js';
import type { Answer } from './series.js';

const SAMPLE_PERIOD = 500;
/** Programs compile their code, ms. */
const WARM_UP = 2_000;
/** Longest wait for what a program has seen: one that hangs has seen nothing. Milliseconds. */
const PATIENCE = 15_000;
/** Longest time for starting and ending everything, ms; the stations have 45 s of it. */
const AROUND = 120_000;
/** A rogue server is there for this long before the server starts, ms. */
const EARLIER = 1_000;

/** Seconds. */
interface Lengths {
  rest: number;
  length: number;
}

/** Plays with a scene of its own, which ends with it; rejects when it takes too long. */
async function withScene<T>(options: SceneOptions, seconds: number, act: (scene: Scene) => Promise<T>): Promise<T> {
  const scene = new Scene(options);
  try {
    const acting = act(scene);
    acting.catch(() => undefined); // After its time is up it rejects, because its programs end.
    const result = await inTime(
      acting.then((value) => ({ value })),
      seconds * 1000 + AROUND,
    );
    if (result === null) throw new Error('it takes too long');
    return result.value;
  } finally {
    await scene.end();
  }
}

export const play = (options: SceneOptions, { rest, length }: Lengths): Promise<Outcome> =>
  withScene(options, 2 * rest + length, async (scene) => {
    const { hosts, plan } = options;
    const { server, stations, onAirAfter } = await scene.serve();
    const watchers = await scene.watch(stations);
    const { gateway, recorders, listener, witnesses } = watchers;
    for (const each of [server, gateway, ...recorders, listener, ...Object.values(witnesses)]) each.prefer();
    const attacker = await scene.attacker(stations);
    await sleep(WARM_UP);

    const samples: Sample[] = [];
    const wait = async (seconds: number) => {
      for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(SAMPLE_PERIOD)) {
        samples.push(sampleOf({ server: [server], gateway: [gateway], recorders }));
      }
    };
    const turn = (): Turn => ({
      ...{ at: Date.now(), multicast: multicastSent().octets, attacker: hosts.attacker.traffic().sent },
    });
    for (const recorder of recorders) recorder.write('begin');
    const beginning = turn();
    await wait(rest);
    const calm = await Promise.all(recorders.map((recorder) => recorder.ask<CompletenessReport>('end')));
    listener.write('begin');
    const from = turn();
    const attack = attacker.ask<{ sent: number; seconds: number }>(`begin ${length * 1000}`);
    attack.catch(() => undefined); // It is awaited below.
    await wait(length);
    const to = turn();
    const sent = await attack;
    await wait(rest);
    const over = Date.now();
    const ended = endedOf(server, watchers);
    const reports = await Promise.all(recorders.map((recorder) => seenBy<CompletenessReport>(recorder, 'end')));
    return outcomeOf({
      ...{ rest: beginning, from, to, over, sent, onAirAfter, samples, ended },
      answers: await answersOf(witnesses),
      recorded: reports.map((all, i) => ({ calm: calm[i]!, all })),
      received: await seenBy<Received>(listener, 'end clocked'),
      bitrate: stations[0]!.bitrate,
      isSpoofed: plan.isSpoofed ?? false,
    });
  });

/** The attack begins before the server. Returns the seconds until the server is on the air; null: never. */
export const playEarlier = (options: SceneOptions): Promise<number | null> =>
  withScene(options, 0, async (scene) => {
    const first = await scene.serve();
    await first.server.end();
    const attacker = await scene.attacker(first.stations);
    attacker.write(`begin ${AROUND}`); // It ends with the scene.
    await sleep(EARLIER);
    const serving = await scene.serve().catch(() => null);
    return serving?.onAirAfter ?? null;
  });

function sampleOf(programs: Record<Measured, readonly Program[]>): Sample {
  const pss = (of: Measured) => memory(new Set(programs[of].map(({ group }) => group))).pss;
  return { at: Date.now(), memory: { server: pss('server'), gateway: pss('gateway'), recorders: pss('recorders') } };
}

const endedOf = (server: Program, { gateway, recorders }: Watchers): string[] => [
  ...(server.hasEnded ? ['server'] : []),
  ...(gateway.hasEnded ? ['gateway'] : []),
  ...(recorders.some(({ hasEnded }) => hasEnded) ? ['recorder'] : []),
];

/** What a program has seen; null: it has ended, or hangs. */
const seenBy = <T>(program: HelperProcess, command: string): Promise<T | null> =>
  inTime(
    program.ask<T>(command).catch(() => null),
    PATIENCE,
  );

async function answersOf(witnesses: Record<Witness, HelperProcess>): Promise<Record<Witness, readonly Answer[]>> {
  const of = async (witness: Witness) => (await seenBy<Answer[]>(witnesses[witness], 'end')) ?? [];
  const [tuning, control, pages, operator] = [of('tuning'), of('control'), of('pages'), of('operator')];
  return { tuning: await tuning, control: await control, pages: await pages, operator: await operator };
}
