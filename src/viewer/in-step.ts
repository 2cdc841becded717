/** Pictures at the moment at which every screen shows them. No timer; clocks are passed in. */

import { type Millis, type Ticks90k, ticksToMillis } from '../base/units.js';
import { type Correction, Steering } from '../clock/steering.js';
import { MEDIA_DELAY } from '../contract/timing.js';
import type { StationFormat } from '../wire/station-info.js';

/** What a player needs to have a picture on its screen that it is told of; learnt, within these bounds. */
const STARTUP: Readonly<Record<'first' | 'least' | 'most', Millis>> = { first: 250, least: 50, most: 500 };
/** It is to be there so much before its moment. */
const IN_HAND: Millis = 40;
/** How much of what was learnt from one beginning counts. */
const SHARE = 0.4;

/** What is off by little is gone within so long. */
const GENTLY: Millis = 10_000;

/**
 * How long after its own time a picture is due, where pictures are shown `delay` after their time stamps: a JPEG picture
 * has the time of its moment, which the time stamps of H.264 are a second after.
 */
export const dueAfter = (format: StationFormat, delay: Millis): Millis => delay + (format === 'h264' ? 0 : MEDIA_DELAY);

/**
 * It is in charge of:
 * - which picture to begin with, so that it can be on the screen before its moment, and how long it then waits
 * - how far the pictures are off, and how fast to play, or that it has to begin anew
 */
export class InStep {
  readonly #steering = new Steering();
  #startup = STARTUP.first;

  /** @param delay how long after its time stamp each picture is shown */
  readonly #delay: Millis;

  constructor(delay: Millis) {
    this.#delay = delay;
  }

  /** How far behind what is on the air the pictures of such a station are. */
  behind(format: StationFormat): Millis {
    return dueAfter(format, this.#delay);
  }

  /** How far behind what is on the air the picture is to begin with. */
  begin(format: StationFormat): Millis {
    return this.behind(format) - this.#startup;
  }

  /** It begins anew: what was measured says nothing any more. */
  reset(): void {
    this.#steering.reset();
  }

  /** How long the first picture, which is there at `now` (the server's clock), waits until it goes on. */
  wait(format: StationFormat, picture: Ticks90k, now: Millis): Millis {
    const early = -this.#late(format, picture, now);
    const startup = this.#startup + SHARE * (IN_HAND - early);
    this.#startup = Math.min(STARTUP.most, Math.max(STARTUP.least, startup));
    return Math.max(0, early);
  }

  /** A picture was shown at `now` (the server's clock). */
  add(format: StationFormat, picture: Ticks90k, now: Millis): void {
    this.#steering.add(this.#late(format, picture, now));
  }

  /** How late pictures are shown; null until enough of them were. */
  get offset(): Millis | null {
    return this.#steering.offset;
  }

  /** What to do now. Where all is well the rate still follows a little: at exactly 1 mpv's sound, and its picture, jump. */
  correction(): Correction {
    const correction = this.#steering.correction();
    const { offset } = this.#steering;
    if (correction.kind === 'jump' || correction.rate !== 1 || offset === null) return correction;
    return { kind: 'rate', rate: 1 + offset / GENTLY };
  }

  #late(format: StationFormat, picture: Ticks90k, now: Millis): Millis {
    return now - this.behind(format) - ticksToMillis(picture);
  }
}
