/** From what was seen of an attack to what it did. No processes, no clock. */
import type { CompletenessReport } from '../completeness.js';
import type { Received } from '../receive.js';
import { type Answer, lastBad, type Summary, summary } from './series.js';

export const witnesses = ['tuning', 'control', 'pages', 'operator'] as const;
export type Witness = (typeof witnesses)[number];

export const measured = ['server', 'gateway', 'recorders'] as const;
export type Measured = (typeof measured)[number];

/** Bytes: memory of programs, and of all interfaces, at a time. */
export interface Sample {
  /** Unix epoch, ms. */
  at: number;
  memory: Record<Measured, number>;
}

/** At the three turns of a scene: bytes since the machine's start. */
export interface Turn {
  /** Unix epoch, ms. */
  at: number;
  /** Multicast that the server has sent. */
  multicast: number;
  /** What the attacker has sent. */
  attacker: number;
}

export interface Seen {
  /** The rest began, the attack began, and ended; and when it was over. */
  rest: Turn;
  from: Turn;
  to: Turn;
  over: number;
  /** Of the attacker itself. */
  sent: { sent: number; seconds: number };
  onAirAfter: number;
  samples: readonly Sample[];
  answers: Record<Witness, readonly Answer[]>;
  /** Of the recorders, of the rest before and of all; null: it has ended. */
  recorded: readonly { calm: CompletenessReport; all: CompletenessReport | null }[];
  received: Received | null;
  ended: readonly string[];
  /** Of the attacked station, bit/s. */
  bitrate: number;
  /** The attacker is at the server's address: the traffic of the two cannot be told apart. */
  isSpoofed: boolean;
}

export interface Outcome {
  /** Seconds from the command to the last station on the air; null: they never were. */
  onAirAfter: number | null;
  /** Datagrams or connections a second. */
  rate: number;
  answers: Record<Witness, Summary>;
  /** Packets that recorders miss, of the attacked station and of another; and forged ones among those recorded. */
  missing: readonly number[];
  forged: number;
  /** Of other stations' packets on arrival, 99th percentile, ms; null: none arrived. */
  lateness: number | null;
  /** Bytes above those at rest, at most. */
  memory: Record<Measured, number>;
  /** What the attacker sends, and what the server sends to groups beyond what it does at rest, bit/s; null: unknown. */
  traffic: { attacker: number; groups: number } | null;
  /** Seconds from the end of the attack until all is as at rest; Infinity: not within the rest. */
  backAfter: number;
  /** Programs that ended. */
  ended: readonly string[];
  /** What was not as it should be. */
  faults: readonly string[];
}

/**
 * Slower answers than these are not those of a server at rest: to a viewer that tunes, a request, a page, the operator, whose
 * password takes a third of a second to check. Milliseconds.
 */
const AT_REST: Record<Witness, number> = { tuning: 250, control: 50, pages: 500, operator: 1_000 };
/** An attack may make answers slower, within these. Milliseconds. */
const ATTACKED: Record<Witness, number> = { tuning: 250, control: 100, pages: 1_000, operator: 2_000 };
/** Lateness of other stations' packets, ms; memory above that at rest, bytes. */
const MOST_LATE = 10;
const MOST_MEMORY = 100e6;
/** A recorder is behind by what it buffers, which differs by this much at most, ms. */
const SPARE = 500;

export function outcomeOf(seen: Seen): Outcome {
  const { rest, from, to, over, sent, answers, recorded, received, ended, isSpoofed } = seen;
  const window = { from: from.at, to: to.at };
  const tail = { from: to.at, to: over };
  const of = (witness: Witness) => summary(answers[witness], window);
  const back = Math.max(...witnesses.map((each) => lastBad(answers[each], tail, to.at, AT_REST[each])));
  // With an answer in the last second that is not as at rest, nobody knows when it will be.
  const isBack = to.at + back * 1000 < over - 1_000 && ended.length === 0;
  const calm = from.at - rest.at;
  const groups = (to.multicast - from.multicast) / (to.at - from.at) - (from.multicast - rest.multicast) / calm;
  const attacker = (to.attacker - from.attacker) / (to.at - from.at);
  const outcome = {
    ...{ onAirAfter: seen.onAirAfter, rate: sent.sent / sent.seconds, ended, forged: recorded[0]?.all?.unknown ?? 0 },
    answers: { tuning: of('tuning'), control: of('control'), pages: of('pages'), operator: of('operator') },
    missing: recorded.map((each) => missingOf(each, (over - rest.at - SPARE) / calm)),
    lateness: received?.lateness?.p99 ?? null,
    memory: grownOf(seen),
    traffic: isSpoofed ? null : { attacker: attacker * 8_000, groups: groups * 8_000 },
    backAfter: isBack ? back : Number.POSITIVE_INFINITY,
  };
  return { ...outcome, faults: faultsOf(outcome, seen.bitrate) };
}

/** TS packets that a recorder lacks: those between others, and those that should have come in `times` the time of the rest. */
function missingOf({ calm, all }: Seen['recorded'][number], times: number): number {
  const { expected, missing } = all ?? { expected: 0, missing: 0 };
  return missing + Math.max(0, Math.round(calm.expected * times) - expected);
}

function grownOf({ samples, from }: Seen): Record<Measured, number> {
  const grown = (of: Measured) => {
    const atRest = samples.filter(({ at }) => at < from.at).at(-1)!.memory[of];
    return Math.max(...samples.filter(({ at }) => at >= from.at).map(({ memory }) => memory[of])) - atRest;
  };
  return { server: grown('server'), gateway: grown('gateway'), recorders: grown('recorders') };
}

function faultsOf(outcome: Omit<Outcome, 'faults'>, bitrate: number): string[] {
  const { answers, missing, forged, lateness, memory, traffic, backAfter, ended } = outcome;
  const found: [what: string, isFault: boolean][] = [
    ...witnesses.map((each): [string, boolean] => [each, answers[each].worst > ATTACKED[each]]),
    ['missing', missing.some((count) => count > 0)],
    ['forged', forged > 0],
    ['late', lateness === null || lateness > MOST_LATE],
    ...measured.map((of): [string, boolean] => [`memory of ${of}`, memory[of] > MOST_MEMORY]),
    ['to groups', traffic !== null && traffic.groups > bitrate],
    ['not back', backAfter === Number.POSITIVE_INFINITY],
    ...ended.map((program): [string, boolean] => [`${program} ended`, true]),
  ];
  return found.filter(([, isFault]) => isFault).map(([what]) => what);
}
