/** One station's stream from a moment on, without a gap across lost connections. */
import { Millis } from '../../../src/base/units.js';
import type { LiveProblem } from '../../../src/contract/live.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import type { ChannelUser, Gateway } from './link/gateway.js';

export interface StreamOptions {
  gateway: Pick<Gateway, 'tune' | 'stop' | 'has' | 'send' | 'join' | 'leave' | 'station' | 'now' | 'isOpen'>;
  station: string;
  /** Where the stream begins (Unix epoch); called once connected, together with `until`. */
  begin(): Millis;
  /** Up to which moment the gateway may send; null: as packets leave. */
  until(): Millis | null;
  onMedia(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void;
  /** The stream cannot continue where it stopped. */
  onBroken(why: BreakReason): void;
  /** The station has ended; `reason` is a text for the viewer. */
  onEnded(reason: string): void;
  /** The stream continues after it had ended or was cut off. */
  onContinued(): void;
}

/** moved: by the gateway. late: too much was missed to catch up. changed: the station has another schedule. */
export type BreakReason = 'moved' | 'late' | 'changed';

/** Most media that a live stream catches up with, milliseconds: the gateway does not wait longer either. */
const MOST_MISSED = Millis(10_000);
/** Difference of times that is only rounding, milliseconds. */
const SAME = 0.01;
/** Period over which the bit rate is measured, milliseconds. */
const RATE_OVER = Millis(3_000);

/**
 * Responsible for:
 * - the station's channel, and a new one after each reconnection
 * - continuity: chunks that arrive twice are left out
 * - the moment up to which the gateway may send
 */
export class StationStream implements ChannelUser {
  readonly #options: StreamOptions;
  #channel: number | null = null;
  #schedule: string | undefined;
  /** When the last chunk left, Unix epoch. */
  #last: Millis | null = null;
  #until: Millis | null = null;
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

  /** Bit/s received in the last seconds. */
  get bitrate(): number {
    const now = this.#options.gateway.now();
    if (now === null) return 0;
    this.#arrivals = this.#arrivals.filter(({ at }) => at > now - RATE_OVER);
    return this.#arrivals.reduce((sum, { bytes }) => sum + bytes, 0) * (8_000 / RATE_OVER);
  }

  /** Sends `until` to the gateway where it has changed. */
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
    // The station may still appear: a starting server puts its stations on the air one after the other.
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
    this.#last = Millis(header.time);
    this.#arrivals.push({ at: this.#options.gateway.now() ?? 0, bytes: data.length });
    if (this.#arrivals.length > 1_000) this.#arrivals.shift();
    this.#options.onMedia(header, data);
  }

  onMoved(): void {
    this.#options.onBroken('moved');
  }

  onEnded({ status, detail }: LiveProblem): void {
    // The gateway's detail of a 404 is for users of its API.
    const missing = this.#last === null ? 'There is no station with this id.' : 'This station went off the air.';
    this.#options.onEnded(status === 404 ? missing : detail);
  }

  /** Null: the stream can continue after `last`. */
  #whyBroken(last: Millis, schedule: string | undefined): BreakReason | null {
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
