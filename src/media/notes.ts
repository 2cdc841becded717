/** Notes on a source for the log. */
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';

/** Shortest missing end that makes a file cut off. */
const MISSING = Ticks90k(2 * TICKS_PER_SECOND);

/** `declared`: the length according to the container; 0 where it has none. */
export function notesOn(result: { damagedEnd: boolean; declared: Ticks90k; sourceEnd: Ticks90k }): string[] {
  const { damagedEnd, declared, sourceEnd } = result;
  if (!damagedEnd && declared - sourceEnd < MISSING) return [];
  const seconds = (ticks: Ticks90k) => (ticks / TICKS_PER_SECOND).toFixed(1);
  return [`the file is cut off: ${seconds(sourceEnd)} s of ${seconds(declared)} s can be played`];
}
