/** The guide: a station's items and their times. A function of time, like everything of a station. */

import { Millis, millisToTicks, Ticks90k, ticksToMillis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';
import type { Station, TimedItem } from './station.js';

/** One programme of the guide (Unix epoch). */
export interface Programme {
  readonly from: Millis;
  readonly to: Millis;
  readonly title: string;
}

/** The part of a station's announcement that changes with the item on the air. */
export type OnAir = Pick<StationInfo, 'nowPlaying' | 'nowUntil' | 'next'>;

/** Most programmes of one guide; later ones are left out. Two weeks of items of two minutes. */
const MOST_PROGRAMMES = 10_000;
/** Longest title that is announced, in UTF-16 units. */
const LONGEST_TITLE = 200;

/**
 * The programmes that are on the air at any time in [`from`, `to`), in order. The first and the last have their full length,
 * except that an item that follows itself is one programme, which is cut at `from` and `to`.
 */
export function programmesOf(station: Station, from: Millis, to: Millis): Programme[] {
  const programmes: Programme[] = [];
  const end = millisToTicks(to);
  let last = null as { item: unknown; from: Millis; to: Millis; title: string } | null;
  let time = millisToTicks(from);
  for (let items = 0; time < end && items < MOST_PROGRAMMES; items++) {
    const onAir = station.itemOnAirAt(time);
    time = onAir.to;
    const ends = ticksToMillis(onAir.to);
    if (last?.item === onAir.item) {
      last.from = Millis(Math.max(last.from, from));
      last.to = Millis(Math.min(ends, to));
      continue;
    }
    last = { item: onAir.item, from: ticksToMillis(onAir.from), to: ends, title: onAir.item.name };
    programmes.push(last);
  }
  return programmes.map(({ from, to, title }) => ({ from, to, title }));
}

/**
 * Responsible for:
 * - the item on the air, its end, and the next item, computed once per change
 * - the time of that change, so that its reader can set one timer instead of polling
 *
 * A change of the station's timeline is noticed at the next call of `at`.
 */
export class NowOnAir {
  readonly #station: Station;
  #onAir: OnAir = { nowPlaying: '' };
  #revision = -1;
  #from = Ticks90k(0);
  #until = Ticks90k(0);

  constructor(station: Station) {
    this.#station = station;
  }

  /** The item on the air at `time`: the same object until that changes. */
  at(time: Ticks90k): OnAir {
    const { revision } = this.#station;
    if (revision !== this.#revision || time < this.#from || time >= this.#until) {
      this.#compute(time);
      this.#revision = revision;
    }
    return this.#onAir;
  }

  /** When the answer of the last `at` ends (Unix epoch); Infinity where nothing follows. */
  get until(): Millis {
    return ticksToMillis(this.#until);
  }

  #compute(time: Ticks90k): void {
    const onAir = this.#station.itemOnAirAt(time);
    const end = endOfRun(this.#station, onAir);
    this.#from = onAir.from;
    this.#until = end;
    const nowPlaying = announced(onAir);
    if (end === Number.POSITIVE_INFINITY) this.#onAir = { nowPlaying };
    else {
      const next = announced(this.#station.itemOnAirAt(end));
      this.#onAir = { nowPlaying, nowUntil: ticksToMillis(end), next };
    }
  }
}

const announced = ({ item }: TimedItem): string => item.name.slice(0, LONGEST_TITLE);

/** When another item than this one begins. Its own repeats are skipped: a period of one item by one step. */
function endOfRun(station: Station, first: TimedItem): Ticks90k {
  const { item } = first;
  for (let onAir = first; ; ) {
    const end = onAir.items.every((each) => each === item) ? onAir.until : onAir.to;
    if (end === Number.POSITIVE_INFINITY) return end;
    onAir = station.itemOnAirAt(end);
    if (onAir.item !== item) return end;
  }
}
