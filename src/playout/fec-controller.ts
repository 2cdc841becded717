/** How much parity a station gets: as much as its receivers' losses make worth it. No timer; the clock is passed in. */

import type { Millis } from '../base/units.js';
import { type FecMode, fecModes } from '../wire/fec.js';

/**
 * More parity where so many of the packets get lost, as 1: the first, and then both.
 *
 * Below half a percent, a viewer asks for one packet in 200, where columns of five cost everyone one in five. From 3% on,
 * those columns leave 5p² = 0.45% to be asked for, so rows are added.
 */
const MORE = [0.005, 0.03];
/** Less where fewer than that do. */
const LESS = [0.002, 0.015];
/**
 * How long losses have to be so high: longer than a single viewer's report stands, so that one burst brings no parity. And
 * how long so low: parity that ends between two bursts is of no use.
 */
const RISE: Millis = 10_000;
const FALL: Millis = 60_000;

/** It is in charge of one station: more parity soon after losses rise, less when they have been low for long. */
export class FecController {
  #level = 0;
  /** 1 while losses are high enough for more, −1 while they are low enough for less, and since when. */
  #direction = 0;
  #since: Millis = 0;

  get mode(): FecMode {
    return fecModes[this.#level];
  }

  /** `loss` is the share of packets, 0 to 1, that the receivers miss before repair. Returns what to send from now on. */
  report(loss: number, now: Millis): FecMode {
    const direction = loss >= MORE[this.#level] ? 1 : loss < LESS[this.#level - 1] ? -1 : 0;
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
