/** Flows that have been requested and not answered yet. No socket, no timer, no clock. */
import { Millis } from '../base/units.js';

/** Pause after a flow that was refused or not answered. */
const RETRY = Millis(2_000);
/** Retransmissions kept until the flow they belong to is known. */
const MOST_EARLY = 8_192;

/**
 * Responsible for:
 * - numbers of flows
 * - which flow the stream awaits so as to continue, and how many seeks are not answered; when another may be requested
 * - retransmissions while a flow is awaited: its first packets can come before the answer
 */
export class FlowRequests {
  #number: number;
  #awaited: number | null = null;
  #seeks = 0;
  #retryAt = Millis(Number.NEGATIVE_INFINITY);
  /** Null: no flow is awaited. */
  #early: Buffer[] | null = null;

  /** `random` from 0 to 1. */
  constructor(random: () => number) {
    this.#number = Math.floor(random() * 0x7fff_ffff);
  }

  /** The flow that was requested so as to continue the stream, and not answered yet; null: none. */
  get awaited(): number | null {
    return this.#awaited;
  }

  get isSeeking(): boolean {
    return this.#seeks > 0;
  }

  /** Whether the stream's continuation may be requested. */
  mayRequest(now: Millis): boolean {
    return this.#awaited === null && this.#seeks === 0 && now >= this.#retryAt;
  }

  /** A number for a flow about to be requested; its packets are kept until the answer. */
  next(): number {
    this.#number++;
    this.#early ??= [];
    return this.#number;
  }

  /** The same, of the flow that continues the stream. */
  await(): number {
    this.#awaited = this.next();
    return this.#awaited;
  }

  /** The same, of a flow that begins a stream of its own: `endSeek` follows. */
  seek(): number {
    this.#seeks++;
    this.#awaited = null;
    return this.next();
  }

  endSeek(): void {
    this.#seeks--;
  }

  /** The stream does not await a flow. */
  forget(): void {
    this.#awaited = null;
    this.dropEarly();
  }

  /** None is requested for a while. */
  pause(now: Millis): void {
    this.#retryAt = Millis(now + RETRY);
  }

  /** The next may be requested at once. */
  retry(now: Millis): void {
    this.#retryAt = now;
  }

  keepEarly(datagram: Buffer): void {
    if (this.#early !== null && this.#early.length < MOST_EARLY) this.#early.push(datagram);
  }

  /** A flow begins: returns what may belong to it. */
  takeEarly(): readonly Buffer[] {
    const early = this.#early ?? [];
    this.#early = [];
    this.forget();
    return early;
  }

  /** Without a flow that is awaited no retransmission can be early. */
  dropEarly(): void {
    if (this.#seeks === 0 && this.#awaited === null) this.#early = null;
  }

  /** The server is lost: nothing that it has been asked for begins. */
  serverLost(): void {
    this.#early = null;
  }
}
