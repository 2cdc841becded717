/** One request of a client, repeated until it is answered. No sockets, no timers. */
import { Millis } from '../base/units.js';
import { NO_COOKIE, type Request, START_LENGTH } from '../wire/message.js';
import type { Mismatch } from '../wire/seal.js';
import { PageCollector } from '../wire/station-pages.js';

/** Waits after the first, second, … sending of a request; after the last of them the server counts as silent. */
export const RETRY_WAITS: readonly Millis[] = [200, 400, 800, 1_600].map(Millis);
/** Leaving is sent only twice: a server that does not get it ends the session after 30 s of silence. */
export const EXIT_WAITS: readonly Millis[] = [200, 400].map(Millis);
/** On a path that changes our address with each datagram, challenges would never end. */
const MOST_CHALLENGES = 4;

/** Encodes a request to the server, padded to `minLength` bytes. */
type Encode = (request: Request, options: { minLength: number }) => Buffer;

/**
 * Responsible for:
 * - when the request is sent again, and when the server counts as silent
 * - sending it with another cookie when it is challenged
 * - the pages of the list, where it asks for them
 */
export class Exchange {
  readonly request: Request;
  /** The answer to START. */
  readonly pages = new PageCollector();
  /** Why a reply could not be believed: it explains a silence, and anybody may have sent it. */
  mismatch: Mismatch | null = null;
  readonly #encode: Encode;
  readonly #waits: readonly Millis[];
  #sent = 0;
  #sentAt: Millis;
  #firstSentAt: Millis;
  #challenges = 0;

  constructor(request: Request, now: Millis, encode: Encode) {
    this.request = request;
    this.#encode = encode;
    this.#waits = request.type === 'exit' ? EXIT_WAITS : RETRY_WAITS;
    this.#sentAt = now;
    this.#firstSentAt = now;
  }

  /** When the request is due again, or given up. */
  get wakeAt(): Millis {
    return Millis(this.#sentAt + (this.#waits[this.#sent - 1] ?? 0));
  }

  /** Whether it was sent as often as it is sent. */
  get isExhausted(): boolean {
    return this.#sent >= this.#waits.length;
  }

  /** From the first sending to the answer at `now`: no more has passed since the server took its time. */
  roundTrip(now: Millis): Millis {
    return Millis(now - this.#firstSentAt);
  }

  /** The datagram to send now. */
  send(now: Millis): Buffer {
    const { request } = this;
    if (request.type === 'start') request.page = this.pages.firstMissing;
    if (this.#sent === 0) this.#firstSentAt = now;
    this.#sent++;
    this.#sentAt = now;
    const minLength = request.type === 'start' && request.cookie.equals(NO_COOKIE) ? START_LENGTH : 0;
    return this.#encode(request, { minLength });
  }

  /** For the next pages: retries are counted from here. */
  sendNext(now: Millis): Buffer {
    this.#sent = 0;
    return this.send(now);
  }

  /** With the cookie of a CHALLENGE, at once; null for a copy of the challenge, which the next retry deals with. */
  sendWith(cookie: Buffer, now: Millis): Buffer | null {
    if (cookie.equals(this.request.cookie) || this.#challenges >= MOST_CHALLENGES) return null;
    this.#challenges++;
    this.request.cookie = cookie;
    return this.sendNext(now);
  }
}
