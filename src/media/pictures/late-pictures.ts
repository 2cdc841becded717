/** Pictures that begin behind the sound: a player plays that sound, and shows the first picture when there is one. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { MediaInput } from '../input/input.js';
import type { Notes } from '../notes.js';

/** Least time for which the first picture stands ahead of its own time. */
const HELD = Ticks90k(500 * TICKS_PER_MILLI);
/** The same in a broadcast, which sends pictures up to two seconds ahead of their sound: recordings begin without pictures. */
const HELD_IN_BROADCASTS = Ticks90k(2_000 * TICKS_PER_MILLI);
/** Least sound whose loss is noted. */
const NOTED = Ticks90k(250 * TICKS_PER_MILLI);

/** For how long the first picture stands ahead of its own time, while sound is played; often 0. */
export function heldLead({ soundLead, hasJumps }: MediaInput): Ticks90k {
  return soundLead >= (hasJumps ? HELD_IN_BROADCASTS : HELD) ? soundLead : Ticks90k(0);
}

/** Notes sound ahead of the first picture that is left out. */
export function noteLead(notes: Notes, input: MediaInput): void {
  if (input.soundLead < NOTED || heldLead(input) > 0) return;
  const seconds = (input.soundLead / TICKS_PER_SECOND).toFixed(1);
  notes.add(`the first ${seconds} s of sound are left out: the pictures begin later`);
}
