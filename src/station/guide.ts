/** What a station plays, and when: the guide. A function of time, as everything of a station. */

import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';
import type { StationInfo } from '../wire/station-info.js';
import type { Station } from './station.js';

/** What a station plays, from when to when (Unix epoch). */
export interface Programme {
  readonly from: Millis;
  readonly to: Millis;
  readonly title: string;
}

/** Airings looked at for one guide: what lies behind them is left out. Two weeks of items of two minutes. */
const MOST_AIRINGS = 10_000;

/**
 * What is on the air from `from` to before `to`, in order; the first and the last as long as they are, but an item that
 * follows itself is one programme, cut off at `from` and `to`.
 */
export function programmesOf(station: Station, from: Millis, to: Millis): Programme[] {
  const programmes: Programme[] = [];
  const end = millisToTicks(to);
  let last: { item: unknown; from: Millis; to: Millis; title: string } | null = null;
  let time = millisToTicks(from);
  for (let itemsOnAir = 0; time < end && itemsOnAir < MOST_AIRINGS; itemsOnAir++) {
    const itemOnAir = station.itemOnAirAt(time);
    time = itemOnAir.to;
    const begins = ticksToMillis(itemOnAir.from);
    const ends = ticksToMillis(itemOnAir.to);
    if (last && last.item === itemOnAir.item) {
      last.from = Math.max(last.from, from);
      last.to = Math.min(ends, to);
      continue;
    }
    last = { item: itemOnAir.item, from: begins, to: ends, title: itemOnAir.item.name };
    programmes.push(last);
  }
  return programmes.map(({ from, to, title }) => ({ from, to, title }));
}

/** Characters of a title that the network is told. */
const MOST_TITLE = 200;
/** Airings of one item after another that are looked through for what follows it. */
const MOST_REPEATS = 100;

/** What the network is told of what is on the air: no end and nothing next where it goes on for ever, or nearly. */
export function onAirAt(station: Station, time: Ticks90k): Pick<StationInfo, 'nowPlaying' | 'nowUntil' | 'next'> {
  const { item, to } = station.itemOnAirAt(time);
  const nowPlaying = item.name.slice(0, MOST_TITLE);
  let end = to;
  for (let repeats = 0; repeats < MOST_REPEATS; repeats++) {
    const following = station.itemOnAirAt(end);
    if (following.item !== item) {
      return { nowPlaying, nowUntil: ticksToMillis(end), next: following.item.name.slice(0, MOST_TITLE) };
    }
    end = following.to;
  }
  return { nowPlaying };
}
