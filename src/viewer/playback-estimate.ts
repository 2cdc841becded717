/** How much a player may be given that does not tell what it has shown. No timer; the clock is passed in. */
import { type Millis, millisToTicks, type Ticks90k, ticksToMillis } from '../base/units.js';

/** What such a player is given ahead: it needs some of it to begin, and plays all of it before anything else. */
export const AHEAD: Millis = 1500;

/** Counts what can have been played, since a stream began, less its pauses. */
export class PlaybackEstimate {
  private begun: { time: Ticks90k; at: Millis } | null = null;
  private pausedAt: Millis | null = null;

  /** The stream begins with what was sent at `time`; what began before does not matter any more. */
  begin(time: Ticks90k, now: Millis): void {
    this.begun = { time, at: now };
    if (this.pausedAt !== null) this.pausedAt = now;
  }

  pause(now: Millis): void {
    this.pausedAt ??= now;
  }

  resume(now: Millis): void {
    if (this.pausedAt !== null && this.begun) this.begun.at += now - this.pausedAt;
    this.pausedAt = null;
  }

  /** When what is shown now was sent, roughly; null before the beginning. */
  shown(now: Millis): Ticks90k | null {
    return this.begun && this.begun.time + millisToTicks((this.pausedAt ?? now) - this.begun.at);
  }

  /** How long what was sent at `time` has to wait; infinite during a pause. */
  wait(time: Ticks90k, now: Millis): Millis {
    const shown = this.shown(now);
    if (shown === null) return 0;
    const early = ticksToMillis(time - shown) - AHEAD;
    if (early <= 0) return 0;
    return this.pausedAt === null ? early : Number.POSITIVE_INFINITY;
  }
}
