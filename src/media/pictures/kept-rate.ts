/** The frame rate at which pictures are encoded: the lowest usual one that shows each of them, in time. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { PictureTimes } from '../input/picture-times.js';
import {
  encodedFrameRate,
  GREATEST_RATE,
  isEncodedRate,
  isNearly,
  LEAST_RATE,
  quotient,
  tidyFrameRate,
  usualRates,
} from '../ratio.js';
import type { Ratio } from '../settings.js';
import { Pacer } from './pacer.js';

/** Largest error of a time stamp at a constant rate: those in milliseconds have half of one, some recorders more. */
const STRAY = Ticks90k(1.5 * TICKS_PER_MILLI);
/** Farthest that a picture may be from its time at a low rate: half a picture of 25 a second. */
const MOST_OFF = Ticks90k(20 * TICKS_PER_MILLI);
/** From here on the pacing itself keeps pictures near enough to their times. */
const SMOOTH_RATE = 23.9;
/** Most by which the rate is raised so that all times are multiples of its period. */
const EXACT = 1.35;
/** Most by which gaps lower the average of a rate of which all times are multiples. */
const GAPS = 1.5;

type ShownTimes = Pick<PictureTimes, 'shown' | 'lastDuration'>;

/** The rates that a file's header gives, which few keep exactly. */
export interface HeaderRates {
  average: Ratio | null;
  /** All times are multiples of its period. */
  base: Ratio | null;
}

/** At most 60 a second, where pictures that come faster are left out evenly. */
export function keptRate(times: ShownTimes, { average, base }: HeaderRates): Ratio {
  if (times.shown.length === 0) return encodedFrameRate(average ?? base);
  const given = [base, average].flatMap((rate) => (rate ? [tidyFrameRate(rate)] : []));
  const constant = [...given, ...measured(times)].find((rate) => isConstant(times, rate));
  if (constant) {
    const divisor = Math.ceil(quotient(constant) / (GREATEST_RATE + 0.1));
    const lowered = encodedFrameRate([constant[0], constant[1] * Math.max(1, divisor)]);
    if (quotient(constant) >= LEAST_RATE) return lowered;
  }
  const isMeant = times.shown.length > 1 && base && average && quotient(base) <= quotient(average) * GAPS;
  const inOrder = [...given, ...usualRates, [LEAST_RATE, 1] as Ratio].sort((a, b) => quotient(a) - quotient(b));
  const candidates = [...(isMeant ? [tidyFrameRate(base)] : []), ...inOrder].filter(isEncodedRate);
  let best: { rate: Ratio; dropped: number } | null = null;
  for (const rate of candidates) {
    const { dropped, mostOff } = paced(times, rate);
    if (quotient(rate) < SMOOTH_RATE && mostOff > MOST_OFF) continue;
    if (best === null || dropped < best.dropped) best = { rate, dropped };
    if (dropped === 0) break;
  }
  const rate = best?.rate ?? ([GREATEST_RATE, 1] as Ratio);
  const isExact = base && isEncodedRate(base) && isNearly(base, rate, EXACT - 1) && quotient(base) > quotient(rate);
  return isExact ? tidyFrameRate(base) : rate;
}

/** The average of the times. */
function measured({ shown }: ShownTimes): Ratio[] {
  const span = (shown.at(-1) ?? 0) - (shown[0] ?? 0);
  if (span <= 0) return [];
  return [tidyFrameRate([Math.round(((shown.length - 1) / span) * TICKS_PER_SECOND * 1e6), 1e6])];
}

function isConstant({ shown }: ShownTimes, rate: Ratio): boolean {
  const interval = TICKS_PER_SECOND / quotient(rate);
  return shown.length > 1 && shown.every((time, i) => Math.abs(time - shown[0]! - i * interval) <= STRAY);
}

/** Pictures that would be left out at `rate`, and the farthest that one, or the end, would be from its time, in ticks. */
function paced({ shown, lastDuration }: ShownTimes, rate: Ratio): { dropped: number; mostOff: number } {
  const pacer = new Pacer(rate);
  const interval = TICKS_PER_SECOND / quotient(rate);
  const first = shown[0] ?? 0;
  let mostOff = 0;
  for (const time of shown) {
    pacer.until(Ticks90k(time - first));
    mostOff = Math.max(mostOff, Math.abs(pacer.next * interval - (time - first)));
  }
  const end = (shown.at(-1) ?? 0) - first + lastDuration;
  pacer.untilEnd(Ticks90k(end));
  mostOff = Math.max(mostOff, Math.abs(pacer.next * interval - end));
  return { dropped: pacer.dropped, mostOff };
}
