/** A player without a window, controlled by a test. */

import { Millis, Ticks90k } from '../../src/base/units.js';
import type { Overlay } from '../../src/viewer/overlay.js';
import type { Media, Player, PlayerEvents } from '../../src/viewer/players/player.js';

export class FakePlayer implements Player {
  overlay: Overlay | null = null;
  /** The media played, in order, and the other calls. */
  readonly given: Media[] = [];
  readonly calls: string[] = [];
  /** Time stamp of its picture, and media that it holds ahead. */
  at: Ticks90k | null = null;
  ahead: Millis | null = Millis(1_000);

  constructor(readonly events: PlayerEvents) {}

  async play(media: Media): Promise<void> {
    this.at = null;
    this.given.push(media);
  }
  /** Shows the picture of that time, the first one of its media. */
  pictures(at: number): void {
    this.at = Ticks90k(at);
    this.events.onPicture();
  }
  /** Shows the picture of that time, and reports it. */
  draws(at: number): void {
    this.at = Ticks90k(at);
    this.events.onShown?.(this.at, Millis(0));
  }
  pause(): void {
    this.calls.push('pause');
  }
  resume(): void {
    this.calls.push('resume');
  }
  setSpeed(speed: number): void {
    this.calls.push(`speed ${speed}`);
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
    this.calls.push('close');
  }
}
