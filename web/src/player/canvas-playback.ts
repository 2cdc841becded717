/** Which picture of a jpeg station is to be shown when: the state of a canvas player, apart from the canvas and its timers. */
import { Millis } from '../../../src/base/units.js';
import { type Beginning, heldUntil, type PlaybackState, type PlayerStatus } from './station-player.js';

/** Time without a new picture that counts as a stall. */
const STALL = Millis(1_000);
/** Share of a picture's lateness in the smoothed offset. */
const SMOOTHING = 1 / 16;

/** For the page: the first picture is on the screen; or the status has changed. */
export type CanvasOrder = 'shown' | 'changed';

export interface CanvasPlaybackOptions {
  beginning: Pick<Beginning, 'at' | 'paused'>;
  /** The moment (Unix epoch) that is due on every screen at a time of the page; null while the server's clock is unknown. */
  due(pageTime: Millis): Millis | null;
}

/**
 * Responsible for:
 * - the clock by which pictures are shown: the server's, or one of its own after a pause
 *
 *     tuning ──first picture──▶ playing ──no new picture──▶ stalled
 *                                  ◀──── picture, pause ───────┘
 *
 * Page times are those of performance.now(), moments are milliseconds since the Unix epoch.
 */
export class CanvasPlayback implements PlaybackState {
  #phase: 'tuning' | 'playing' | 'stalled' = 'tuning';
  #isFollowing: boolean;
  #isPaused: boolean;
  #problem: string | null = null;
  readonly #due: (pageTime: Millis) => Millis | null;
  /** Where to start; null: at the moment that is due. */
  #start: Millis | null;
  #time: Millis | null = null;
  /** How far its own clock is behind the due moment; null until its first picture. */
  #behind: Millis | null = null;
  #offset: Millis | null = null;
  #shownAt = Millis(0);
  #stalls = 0;

  constructor({ beginning, due }: CanvasPlaybackOptions) {
    this.#due = due;
    this.#start = beginning.at;
    this.#isFollowing = beginning.at === null;
    this.#isPaused = beginning.paused;
  }

  get status(): PlayerStatus {
    if (this.#problem !== null) return 'ended';
    if (!this.isShown) return 'tuning';
    if (this.#isPaused) return 'paused';
    return this.#phase === 'stalled' ? 'waiting' : 'playing';
  }

  get isShown(): boolean {
    return this.#phase !== 'tuning';
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  get problem(): string | null {
    return this.#problem;
  }

  get time(): Millis | null {
    return this.#time;
  }

  get stalls(): number {
    return this.#stalls;
  }

  /** Smoothed lateness of pictures, milliseconds. Null while they follow a clock of their own. */
  get offset(): Millis | null {
    return this.#isFollowing && !this.#isPaused ? this.#offset : null;
  }

  get position(): Millis | null {
    return this.#isFollowing ? null : (this.#time ?? this.#start);
  }

  /** Up to which moment the gateway is to send; null: as packets leave. */
  get until(): Millis | null {
    return this.#isFollowing ? null : heldUntil(this.position ?? Millis(0));
  }

  /** The moment to show; null: nothing new. */
  momentAt(pageTime: Millis): Millis | null {
    const due = this.#due(pageTime);
    if (this.#isFollowing || due === null) return due;
    if (this.#isPaused && this.isShown) return null;
    return this.#behind === null ? this.#start : Millis(due - this.#behind);
  }

  pause(now: Millis): CanvasOrder[] {
    if (this.#isPaused) return [];
    if (this.#isFollowing && !this.isShown) this.#start = this.#due(now);
    this.#isPaused = true;
    this.#isFollowing = false;
    return this.#changed();
  }

  resume(now: Millis): CanvasOrder[] {
    if (!this.#isPaused) return [];
    this.#isPaused = false;
    this.#restartClock(now);
    return this.#changed();
  }

  goLive(): CanvasOrder[] {
    this.#isFollowing = true;
    this.#isPaused = false;
    return this.#changed();
  }

  onEnded(problem: string | null): CanvasOrder[] {
    this.#problem = problem;
    return ['changed'];
  }

  /** The page is visible again. */
  onReturned(now: Millis): void {
    this.#shownAt = now;
  }

  /** In a hidden page, the picture of that moment has passed without being drawn. */
  onPassed(time: Millis): void {
    if (this.isShown) this.#time = time;
  }

  /** A picture was drawn, and is on the screen at the page time `visibleAt`. */
  onPicture({ time, now, visibleAt }: { time: Millis; now: Millis; visibleAt: Millis }): CanvasOrder[] {
    this.#time = time;
    this.#shownAt = now;
    if (!this.isShown) {
      this.#phase = 'playing';
      if (!this.#isFollowing) this.#restartClock(now);
      return ['shown', 'changed'];
    }
    // A picture is shown at the next refresh after its moment.
    const late = (this.#due(visibleAt) ?? time) - time;
    this.#offset = Millis(this.#offset === null ? late : this.#offset + (late - this.#offset) * SMOOTHING);
    return this.#setStalled(false);
  }

  /** The screen was refreshed, and no picture was due. */
  onNothingDue(now: Millis): CanvasOrder[] {
    const isStalled = !this.#isPaused && this.isShown && now - this.#shownAt > STALL;
    return isStalled ? this.#setStalled(true) : [];
  }

  /** Continues with the picture after the one that is shown. */
  #restartClock(now: Millis): void {
    const due = this.#due(now);
    this.#behind = due === null || this.#time === null ? null : Millis(due - this.#time);
    this.#shownAt = now;
  }

  #setStalled(isStalled: boolean): CanvasOrder[] {
    if (isStalled === (this.#phase === 'stalled')) return [];
    this.#phase = isStalled ? 'stalled' : 'playing';
    if (isStalled) this.#stalls++;
    return ['changed'];
  }

  #changed(): CanvasOrder[] {
    if (this.#phase === 'stalled') this.#phase = 'playing';
    this.#offset = null;
    return ['changed'];
  }
}
