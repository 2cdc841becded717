/** In which order stations are prepared: what is quick first, so that it does not wait for hours of encoding. */
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { quotient } from '../media/ratio.js';
import type { SourceFacts } from '../media/source-facts.js';
import { type ChoiceOptions, encodedFor, layoutOf, type PictureKind } from './layout-choice.js';

/** Of a film whose file does not tell its length. */
const UNKNOWN_LENGTH = Ticks90k(3_600 * TICKS_PER_SECOND);

/** Whether a file is prepared in seconds: it can be copied, is a picture that stands, or cannot be used. */
export const isQuick = (facts: SourceFacts | null, layout: PictureKind): boolean =>
  facts === null || facts.isStill || encodedFor(facts, layout) === null;

/** Pixels that have to be encoded until a station is whole; 0 where it is prepared in seconds. */
export function pixelsToEncode(options: ChoiceOptions): number {
  const { candidates } = options;
  const layout = layoutOf(options);
  if (layout === null) return 0;
  const perTick = (layout.width * layout.height * quotient(layout.frameRate)) / TICKS_PER_SECOND;
  return candidates.reduce((sum, { facts }) => {
    return isQuick(facts, layout) ? sum : sum + (facts!.duration || UNKNOWN_LENGTH) * perTick;
  }, 0);
}

/** What `look` gets at a time: the first stations go on the air before all files have been looked at. */
const LOOKED_TOGETHER = 4;

/**
 * Calls `prepare` for all stations, one after another: as they come where nothing has to be encoded, the others behind them, those with
 * the fewest pixels first; these are `encoded`. `look` tells the pixels of some.
 */
export async function forEachByEncoding<T>(
  stations: readonly T[],
  look: (stations: readonly T[]) => Promise<number[]>,
  prepare: (station: T, isEncoded: boolean) => Promise<void>,
): Promise<void> {
  const later: { station: T; pixels: number }[] = [];
  for (let from = 0; from < stations.length; from += LOOKED_TOGETHER) {
    const some = stations.slice(from, from + LOOKED_TOGETHER);
    const pixels = await look(some);
    for (const [index, station] of some.entries()) {
      if (pixels[index]) later.push({ station, pixels: pixels[index] });
      else await prepare(station, false);
    }
  }
  later.sort((a, b) => a.pixels - b.pixels);
  for (const { station } of later) await prepare(station, true);
}
