/** Changes of a station's timeline that no command makes. */
import { Ticks90k } from '../../src/base/units.js';
import { NOTICE } from '../../src/station/change.js';
import type { PeriodOptions } from '../../src/station/period.js';
import type { StationItem } from '../../src/station/playlist.js';
import { nextCut, periodFrom } from '../../src/station/splice.js';
import type { Station } from '../../src/station/station.js';

/** Has a period begin, in place of everything that would begin then or later. */
export function begin(station: Station, period: PeriodOptions): void {
  const earlier = station.timeline.plan.filter(({ from }) => from < period.from);
  station.change({
    now: Ticks90k(period.from - NOTICE),
    periods: [period],
    plan: [...earlier, period],
    override: null,
  });
}

/** Plays `items` from `time` on, at the next cut; returns their period. */
export function play(station: Station, time: Ticks90k, items: readonly StationItem[]): PeriodOptions {
  const period = periodFrom(station, nextCut(station, time), { items, item: 0, packet: 0 });
  begin(station, period);
  return period;
}
