/** What a listener of the log should know of a source. */
import { TICKS_PER_SECOND, type Ticks90k } from '../base/units.js';

/** A file that ends this much before its own word is cut off. */
const MISSING: Ticks90k = 2 * TICKS_PER_SECOND;

/** `declared`: the container's word on its length; 0 where it has none. */
export function notesOn(result: { damagedEnd: boolean; declared: Ticks90k; sourceEnd: Ticks90k }): string[] {
  const { damagedEnd, declared, sourceEnd } = result;
  if (!damagedEnd && declared - sourceEnd < MISSING) return [];
  const [used, promised] = [sourceEnd, declared].map((ticks) => (ticks / TICKS_PER_SECOND).toFixed(1));
  return [`the file is cut off: ${used} s of ${promised} s can be played`];
}
