/** A player without a window, which does and says what a test has it do and say. */

import type { Millis, Ticks90k } from '../../src/base/units.js';
import type { Overlay } from '../../src/viewer/overlay.js';
import type { Media, Player, PlayerEvents } from '../../src/viewer/players/player.js';

export class FakePlayer implements Player {
  overlay: Overlay | null = null;
  /** What it was given, in order; and each word of the rest. */
  readonly given: Media[] = [];
  readonly told: string[] = [];
  /** The time stamp of its picture, and what it holds ahead. */
  at: Ticks90k | null = null;
  ahead: Millis | null = 1_000;

  constructor(readonly events: PlayerEvents) {}

  async play(media: Media): Promise<void> {
    this.at = null;
    this.given.push(media);
  }
  /** Has the picture of that time on its screen. */
  pictures(at: Ticks90k): void {
    this.at = at;
    this.events.onPicture();
  }
  /** Draws the picture of that time, which is on its screen at once. */
  draws(at: Ticks90k): void {
    this.at = at;
    this.events.onShown?.(at, 0);
  }
  pause(): void {
    this.told.push('pause');
  }
  resume(): void {
    this.told.push('resume');
  }
  setSpeed(speed: number): void {
    this.told.push(`speed ${speed}`);
  }
  async position(): Promise<Ticks90k | null> {
    return this.at;
  }
  async buffered(): Promise<Millis | null> {
    return this.ahead;
  }
  show(overlay: Overlay | null): void {
    this.overlay = overlay;
  }
  async close(): Promise<void> {
    this.told.push('close');
  }
}
