/** One station from a moment on, without a gap, whatever happens to the connection. */
import type { LiveProblem } from '../../../src/contract/live.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import type { ChannelUser, Gateway } from './link/gateway.js';

export interface StreamOptions {
  gateway: Pick<Gateway, 'tune' | 'stop' | 'has' | 'send' | 'join' | 'leave' | 'station' | 'now' | 'isOpen'>;
  station: string;
  /** Where it begins (Unix epoch), asked when there is a connection; then `until` is asked too. */
  begin(): number;
  /** How far it may be sent; null: as it leaves. */
  until(): number | null;
  onMedia(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void;
  /** It cannot go on where it was: something is missing, or too much time went by. */
  onBroken(why: BreakReason): void;
  onEnded(problem: LiveProblem): void;
  /** What had ended, or was cut off, goes on. */
  onContinued(): void;
}

/** moved: the gateway moved it on. late: what it missed is no longer worth having. changed: the station is another. */
export type BreakReason = 'moved' | 'late' | 'changed';

/** Who watches live does not catch up with more than this, milliseconds: the gateway would not wait for it either. */
const MOST_MISSED = 10_000;
/** Times are sums of parts of milliseconds. */
const SAME = 0.01;
const RATE_OVER = 3_000;

/**
 * It is in charge of:
 * - the station's channel, and another one when there is a new connection
 * - going on with the very next byte: what comes twice is left out
 * - how far the gateway may go
 */
export class StationStream implements ChannelUser {
  readonly #options: StreamOptions;
  #channel: number | null = null;
  #schedule: string | undefined;
  /** When what came last left. */
  #last: number | null = null;
  #until: number | null = null;
  #arrivals: { at: number; bytes: number }[] = [];
  #isClosed = false;

  constructor(options: StreamOptions) {
    this.#options = options;
    options.gateway.join(this);
    if (options.gateway.isOpen) this.#tune();
  }

  /** Null while there is none. */
  get channel(): number | null {
    return this.#channel !== null && this.#options.gateway.has(this.#channel) ? this.#channel : null;
  }

  /** Bit/s in the last seconds. */
  get bitrate(): number {
    const now = this.#options.gateway.now();
    if (now === null) return 0;
    this.#arrivals = this.#arrivals.filter(({ at }) => at > now - RATE_OVER);
    return this.#arrivals.reduce((sum, { bytes }) => sum + bytes, 0) * (8_000 / RATE_OVER);
  }

  /** Tells the gateway how far it may go, where that changed. */
  updateUntil(): void {
    const until = this.#options.until();
    if (until === this.#until || this.channel === null) return;
    this.#until = until;
    this.#options.gateway.send({ type: 'until', channel: this.channel, time: until });
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.gateway.leave(this);
  }

  onStations(): void {
    if (this.channel !== null) return;
    const { gateway, station, onBroken, onContinued } = this.#options;
    const info = gateway.station(station);
    // It may come: a server that has just started puts one station on the air after the other.
    if (!info && this.#last !== null) return;
    const broken = this.#last === null ? null : this.#whyBroken(this.#last, info?.schedule);
    if (broken !== null) {
      onBroken(broken);
      return;
    }
    if (this.#last !== null) onContinued();
    this.#tune();
  }

  onMedia(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void {
    if (this.#last !== null && header.time <= this.#last + SAME) return;
    this.#last = header.time;
    this.#arrivals.push({ at: this.#options.gateway.now() ?? 0, bytes: data.length });
    if (this.#arrivals.length > 1_000) this.#arrivals.shift();
    this.#options.onMedia(header, data);
  }

  onMoved(): void {
    this.#options.onBroken('moved');
  }

  onEnded(problem: LiveProblem): void {
    this.#options.onEnded(problem);
  }

  /** Null: it can go on after `last`. */
  #whyBroken(last: number, schedule: string | undefined): BreakReason | null {
    if (schedule !== this.#schedule) return 'changed';
    const { gateway, until } = this.#options;
    return until() === null && (gateway.now() ?? 0) - last > MOST_MISSED ? 'late' : null;
  }

  #tune(): void {
    const { gateway, station, begin, until } = this.#options;
    this.#schedule ??= gateway.station(station)?.schedule;
    this.#until = until();
    this.#channel = gateway.tune(this, { station, at: this.#last ?? begin(), until: this.#until });
  }
}
