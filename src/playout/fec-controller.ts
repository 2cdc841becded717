/** How much parity a station gets: as much as its receivers' losses justify. No timer; the clock is passed in. */

import { Millis } from '../base/units.js';
import { type FecMode, fecModes } from '../wire/fec.js';

/**
 * Share of lost packets, 0 to 1, from which more parity is sent: from none to columns, and from columns to both.
 *
 * Below half a percent, a viewer requests one packet in 200, whereas columns of five cost everyone one in five. From 3%
 * on, those columns leave 5p² = 0.45% to be requested, so rows are added.
 */
const MORE = [0.005, 0.03];
/** Share below which less is sent: back from columns, and from both. */
const LESS = [0.002, 0.015];
/** Time for which losses have to be high: longer than one viewer's report counts, so that one burst adds no parity. */
const RISE = Millis(10_000);
/** Time for which they have to be low: parity that ends between two bursts is of no use. */
const FALL = Millis(60_000);

/** The parity of one station: more soon after losses rise, less when they have been low for long. */
export class FecController {
  #level = 0;
  /** 1 while losses are high enough for more, −1 while they are low enough for less, and the time since then. */
  #direction = 0;
  #since = Millis(0);

  get mode(): FecMode {
    return fecModes[this.#level]!;
  }

  /** Takes the share of packets, 0 to 1, that receivers miss before repair. Returns the parity to send from now on. */
  report(loss: number, now: Millis): FecMode {
    const { [this.#level]: more = Number.POSITIVE_INFINITY } = MORE;
    const { [this.#level - 1]: less = 0 } = LESS;
    const direction = loss >= more ? 1 : loss < less ? -1 : 0;
    if (direction !== this.#direction) {
      this.#direction = direction;
      this.#since = now;
    }
    if (direction !== 0 && now - this.#since >= (direction > 0 ? RISE : FALL)) {
      this.#level += direction;
      this.#since = now;
    }
    return this.mode;
  }
}
