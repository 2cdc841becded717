/** Keeps pictures at the moment at which every screen shows them. No timer; clocks are passed in. */

import { Millis, type Ticks90k, ticksToMillis } from '../base/units.js';
import { type Correction, Steering } from '../clock/steering.js';
import { MEDIA_DELAY } from '../contract/timing.js';
import { isTransport, type StationFormat } from '../wire/station-format.js';

/** Time from `play` to the first picture on the screen: assumed at first, then learnt within these bounds. */
const STARTUP: Readonly<Record<'first' | 'least' | 'most', Millis>> = {
  first: Millis(250),
  least: Millis(50),
  most: Millis(500),
};
/** How long before its moment the first picture should be on the screen. */
const RESERVE = Millis(40);
/** Weight of a new measurement of the startup time. */
const WEIGHT = 0.4;

/** Time within which a small offset is corrected. */
const SLOW_CORRECTION = Millis(10_000);

/**
 * How long after its time a picture is due if pictures are shown `delay` after their time stamps. The time of a JPEG picture
 * is when it was sent; those of a transport stream are MEDIA_DELAY later.
 */
export const dueAfter = (format: StationFormat, delay: Millis): Millis =>
  Millis(delay + (isTransport(format) ? 0 : MEDIA_DELAY));

/**
 * Responsible for:
 * - choosing the first picture so that it is on the screen before its moment, and how long it then waits
 * - measuring the offset of pictures, and correcting it by speed, or by a jump
 */
export class InStep {
  readonly #steering = new Steering();
  readonly #delay: Millis;
  #startup: Millis = STARTUP.first;

  /** @param delay how long after its time stamp each picture is shown */
  constructor(delay: Millis) {
    this.#delay = delay;
  }

  /** Distance of pictures of this format to the one on the air. */
  behind(format: StationFormat): Millis {
    return dueAfter(format, this.#delay);
  }

  /** Distance to the picture on the air of the picture to begin with. */
  begin(format: StationFormat): Millis {
    return Millis(this.behind(format) - this.#startup);
  }

  /** Playback begins elsewhere: measurements are dropped. */
  reset(): void {
    this.#steering.reset();
  }

  /** The first picture is on the screen at `now` (the server's clock). Returns how long it waits. */
  wait(format: StationFormat, picture: Ticks90k, now: Millis): Millis {
    const early = -this.#late(format, picture, now);
    const startup = this.#startup + WEIGHT * (RESERVE - early);
    this.#startup = Millis(Math.min(STARTUP.most, Math.max(STARTUP.least, startup)));
    return Millis(Math.max(0, early));
  }

  /** A picture was shown at `now` (the server's clock). */
  add(format: StationFormat, picture: Ticks90k, now: Millis): void {
    this.#steering.add(this.#late(format, picture, now));
  }

  /** How late pictures are shown; null until enough were measured. */
  get offset(): Millis | null {
    return this.#steering.offset;
  }

  /** The correction for now. A small offset changes the rate a little too: switching mpv to exactly 1 makes it jump. */
  correction(): Correction {
    const correction = this.#steering.correction();
    const { offset } = this.#steering;
    if (correction.kind === 'jump' || correction.rate !== 1 || offset === null) return correction;
    return { kind: 'rate', rate: 1 + offset / SLOW_CORRECTION };
  }

  #late(format: StationFormat, picture: Ticks90k, now: Millis): Millis {
    return Millis(now - this.behind(format) - ticksToMillis(picture));
  }
}
