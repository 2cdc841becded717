/** In which order stations are prepared: what is quick first, so that it does not wait for hours of encoding. */
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { quotient } from '../media/ratio.js';
import type { StationFormat } from '../wire/station-info.js';
import { type Candidate, chooseLayout, encodedFor, type LayoutRequest } from './layout-choice.js';

/** Of a film whose file does not tell its length. */
const UNKNOWN_LENGTH = Ticks90k(3_600 * TICKS_PER_SECOND);

/** Pixels that have to be encoded before a station can be on the air: 0 where all its films can be copied, or are pictures that stand. */
export function pixelsToEncode(options: {
  candidates: readonly Candidate[];
  format: StationFormat;
  request: LayoutRequest;
}): number {
  const { candidates } = options;
  const choice = chooseLayout(options);
  const layout = choice?.target ?? candidates.find(({ file }) => file === choice?.model)?.facts;
  if (!layout) return 0;
  const perTick = (layout.width * layout.height * quotient(layout.frameRate)) / TICKS_PER_SECOND;
  return candidates.reduce((sum, { facts }) => {
    if (facts === null || facts.isStill || encodedFor(facts, layout) === null) return sum;
    return sum + (facts.duration || UNKNOWN_LENGTH) * perTick;
  }, 0);
}

/** What `look` gets at a time: the first stations go on the air before all files have been looked at. */
const LOOKED_TOGETHER = 4;

/**
 * Calls `prepare` for all stations, one after another: as they come where nothing has to be encoded, the others behind them, those with
 * the fewest pixels first. `look` tells the pixels of some.
 */
export async function forEachByEncoding<T>(
  stations: readonly T[],
  look: (stations: readonly T[]) => Promise<number[]>,
  prepare: (station: T) => Promise<void>,
): Promise<void> {
  const later: { station: T; pixels: number }[] = [];
  for (let from = 0; from < stations.length; from += LOOKED_TOGETHER) {
    const some = stations.slice(from, from + LOOKED_TOGETHER);
    // The last one need not be compared with any.
    const pixels = stations.length > 1 ? await look(some) : [];
    for (const [index, station] of some.entries()) {
      if (pixels[index]) later.push({ station, pixels: pixels[index] });
      else await prepare(station);
    }
  }
  later.sort((a, b) => a.pixels - b.pixels);
  for (const { station } of later) await prepare(station);
}
