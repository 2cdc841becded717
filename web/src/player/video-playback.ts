/**
 * How a video element plays a station, apart from the element and its timers: events come in, orders for the element are
 * returned. PTS are milliseconds since the Unix epoch (see media/pts.ts), media times are the element's seconds.
 */

import { Millis } from '../../../src/base/units.js';
import { Steering } from '../../../src/clock/steering.js';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { MediaFeed } from './media/media-feed.js';
import type { FirstPicture } from './media/pts.js';
import { afterGap, ahead, holds } from './media/ranges.js';
import {
  type Beginning,
  heldUntil,
  type PlaybackState,
  type PlayerEvents,
  type PlayerStatus,
} from './station-player.js';

/** The progress of playing. Pausing and following the air are choices of the viewer, apart from it. */
export type VideoPhase =
  /** No packet with the beginning of a picture has arrived. */
  | 'tuning'
  /** The feed has the first picture, but cannot map PTS to media time yet. */
  | 'opening'
  /** The start is not buffered yet. */
  | 'buffering'
  /** The element was sent to the start; no picture is on the screen. */
  | 'starting'
  /** An early picture is on the screen until the due one is buffered. */
  | 'preview'
  | 'playing'
  /** A picture is on the screen, and no other follows. */
  | 'stalled';

/** What the machine reads of the element, the feed and the clocks. */
export interface PlaybackView {
  /** As of performance.now(). */
  readonly now: Millis;
  /** PTS of the picture that is due on every screen; null while the server's clock is unknown. */
  readonly due: Millis | null;
  readonly isHidden: boolean;
  readonly element: Pick<HTMLVideoElement, 'currentTime' | 'seeking' | 'paused'>;
  readonly feed: Pick<MediaFeed, 'goesAhead' | 'toMedia' | 'toPts' | 'ranges'>;
}

export type PlaybackOrder =
  | { type: 'begin'; first: FirstPicture }
  /** Give the feed the packets that were held back. */
  | { type: 'release' }
  | { type: 'seek'; media: number }
  | { type: 'play' }
  | { type: 'pause' }
  | { type: 'rate'; rate: number }
  /** The first picture is on the screen. Once. */
  | { type: 'shown' }
  | { type: 'changed' }
  | { type: 'broken'; why: Parameters<PlayerEvents['onBroken']>[0] };

/** Milliseconds from `play` until pictures move; learned, and shared by all players of a page. */
export interface Startup {
  time: Millis;
}

/** A first picture further before the due one than this is shown as a preview, milliseconds. */
const LONG_WAY = Millis(500);
/** Packets that leave within this time hold a first picture, and the data that players want beyond it. Milliseconds. */
const FIRST_PART = Millis(1_500);
/** Time without progress that counts as a stall, milliseconds. */
const STALL = Millis(500);
/** Time without progress, with pictures buffered, after which a player is given up. Milliseconds. */
const HANGS = Millis(6_000);
/** Media time from a picture's beginning to a point that is surely inside it, seconds. */
const JUST_AFTER = 0.001;
/** Difference of media times that is only rounding, seconds. */
const SAME = 0.0005;
/** Media that a player needs ahead to begin, seconds. */
const ENOUGH = 0.2;
const STARTUP = { least: Millis(20), most: Millis(600), share: 0.4, step: Millis(200) };
/** While seeking, a picture nearer to the goal than this is the sought one. Milliseconds. */
const NEAR = Millis(100);
/** The first pictures after a seek appear irregularly and are not measured; the startup time is learned at the last. */
const UNSTEADY_PICTURES = 2;
const STEADY_PICTURES = 12;

/**
 * Responsible for:
 * - where the element is sent, when it plays, and how fast
 * - recovery when pictures stop: gaps in the buffer, elements that stopped, players that hang
 *
 *                  first picture        feed is ready         start is buffered
 *     tuning ────────────────▶ opening ────────────▶ buffering ───────────────▶ starting
 *                                                                               │      │
 *                      the picture on the screen is the one to play ┌───────────┘      │ it is an early one
 *                                                                   ▼                  ▼
 *                               stalled ◀──── no progress ──── playing ◀─────────── preview
 *                                  └───────────── progress ───────▶     due is buffered,
 *                                                                       or paused
 *
 * Pausing and seeking keep the phase, except a stall, which they end.
 */
export class VideoPlayback implements PlaybackState {
  #phase: VideoPhase = 'tuning';
  #isFollowing: boolean;
  #isPaused: boolean;
  #problem: string | null = null;
  readonly #view: PlaybackView;
  readonly #startup: Startup;
  readonly #steering = new Steering();
  /** PTS at which to start; null: at the picture that is due. While following, set for a preview only. */
  #start: Millis | null;
  /** When the first packet left, Unix epoch. */
  #beganAt = Millis(0);
  /** PTS to which the element was sent last. */
  #goal: Millis | null = null;
  /** PTS of the picture on the screen, and the number of pictures since the last seek. */
  #picture: Millis | null = null;
  #pictures = 0;
  /** The media time at which the element moved last, and when. */
  #progress = { media: -1, at: Millis(0) };
  #stalls = 0;
  #orders: PlaybackOrder[] = [];

  constructor(options: { beginning: Pick<Beginning, 'at' | 'paused'>; view: PlaybackView; startup: Startup }) {
    const { at, paused } = options.beginning;
    this.#view = options.view;
    this.#startup = options.startup;
    this.#isFollowing = at === null;
    this.#isPaused = paused;
    this.#start = at === null ? null : Millis(at + MEDIA_DELAY);
  }

  get phase(): VideoPhase {
    return this.#phase;
  }

  get status(): PlayerStatus {
    if (this.#problem !== null) return 'ended';
    if (!this.isShown) return 'tuning';
    if (this.#isPaused) return 'paused';
    return this.#phase === 'stalled' ? 'waiting' : 'playing';
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

  get stalls(): number {
    return this.#stalls;
  }

  /** How far pictures are from their moment, milliseconds; positive: late. Null while not steered. */
  get offset(): Millis | null {
    return this.#isFollowing && !this.#isPaused ? this.#steering.offset : null;
  }

  /** Whether the feed maps PTS to media time. */
  get isReady(): boolean {
    return this.#phase === 'buffering' || this.#isAimed;
  }

  get isShown(): boolean {
    return this.#phase === 'preview' || this.#phase === 'playing' || this.#phase === 'stalled';
  }

  get time(): Millis | null {
    return this.#picture === null ? null : Millis(this.#picture - MEDIA_DELAY);
  }

  get position(): Millis | null {
    if (this.#isFollowing) return null;
    const pts = this.#picture ?? this.#goal ?? this.#start;
    return pts === null ? null : Millis(pts - MEDIA_DELAY);
  }

  /** Up to which moment the gateway is to send; null: as packets leave. */
  get until(): Millis | null {
    return this.#isFollowing ? null : heldUntil(this.position ?? Millis(0));
  }

  /** Whether packets that leave at `time` are held back: a player that is given much decodes it all before it shows any. */
  holdsBack(time: Millis): boolean {
    return this.#isFarBehind && !this.isShown && time > this.#beganAt + FIRST_PART;
  }

  pause(): PlaybackOrder[] {
    if (this.#isPaused) return [];
    this.#isPaused = true;
    this.#leaveAir();
    this.#order({ type: 'pause' });
    this.#changed();
    return this.#take();
  }

  resume(): PlaybackOrder[] {
    if (!this.#isPaused) return [];
    this.#isPaused = false;
    this.#progress.at = this.#view.now;
    if (this.#isAimed && !this.#isFarBehind) this.#play();
    this.#changed();
    return this.#take();
  }

  /** Null where the picture that is due is not buffered: another player is needed. */
  goLive(): PlaybackOrder[] | null {
    const target = this.#dueSoon();
    if (target === null || !this.#canGoTo(target)) return null;
    this.#isFollowing = true;
    this.#isPaused = false;
    this.#start = null;
    this.#goTo(target);
    this.#play();
    this.#changed();
    return this.#take();
  }

  /** To a moment (Unix epoch). Null where it is not buffered. */
  seek(time: Millis): PlaybackOrder[] | null {
    const pts = Millis(time + MEDIA_DELAY);
    if (!this.isShown || !this.#canGoTo(pts)) return null;
    this.#leaveAir();
    this.#goTo(pts);
    this.#changed();
    return this.#take();
  }

  /** Packets that leave at `time` are the first that hold the beginning of a picture. */
  onFirstPicture(first: FirstPicture, time: Millis): PlaybackOrder[] {
    if (this.#phase !== 'tuning') return [];
    this.#phase = 'opening';
    this.#beganAt = time;
    this.#progress.at = this.#view.now;
    const { due } = this.#view;
    // A picture is on the screen long before everything up to the due one is decoded.
    if (this.#isFollowing && due !== null && due - first.pts > LONG_WAY) this.#start = first.pts;
    this.#order({ type: 'begin', first });
    return this.#take();
  }

  /** The feed was given more. */
  onAppended(): PlaybackOrder[] {
    this.#aim();
    return this.#take();
  }

  onFeedReady(): PlaybackOrder[] {
    if (this.#phase === 'opening') this.#phase = 'buffering';
    this.#aim();
    return this.#take();
  }

  onFailed(): PlaybackOrder[] {
    this.#break('failed');
    return this.#take();
  }

  onEnded(problem: string): PlaybackOrder[] {
    this.#problem = problem;
    this.#order({ type: 'changed' });
    return this.#take();
  }

  onContinued(): PlaybackOrder[] {
    this.#problem = null;
    this.#order({ type: 'changed' });
    return this.#take();
  }

  /** The page is visible again. */
  onReturned(): PlaybackOrder[] {
    this.#progress.at = this.#view.now;
    if (!this.#isFollowing || this.#isPaused || !this.isShown) return [];
    this.#play();
    if (Math.abs(this.#lateness() ?? 0) > 1_000) this.#goToDue();
    return this.#take();
  }

  /** Elements pause on their own when the page moves them, and when the viewer stops them in picture-in-picture. */
  onElementPaused({ isInWindow }: { isInWindow: boolean }): PlaybackOrder[] {
    if (this.#isPaused) return [];
    if (isInWindow) return this.pause();
    if (!this.#isFarBehind) this.#play();
    return this.#take();
  }

  onElementPlaying({ isInWindow }: { isInWindow: boolean }): PlaybackOrder[] {
    return isInWindow ? this.resume() : [];
  }

  /**
   * The element has moved, and a picture must be on the screen by now. In a hidden page no pictures are reported, nor is one
   * that was there already.
   */
  onSettled(): PlaybackOrder[] {
    const { element, feed } = this.#view;
    if (this.#phase !== 'starting' || element.seeking) return [];
    this.#picture = Millis(feed.toPts(element.currentTime) - JUST_AFTER * 1000);
    this.#show();
    return this.#take();
  }

  /** A picture is on the screen: its media time, and its lateness in milliseconds, null where that is not known. */
  onPicture({ media, late }: { media: number; late: Millis | null }): PlaybackOrder[] {
    if (!this.#isAimed) return [];
    const pts = this.#view.feed.toPts(media);
    if (this.#view.element.seeking && Math.abs(pts - (this.#goal ?? pts)) > NEAR) return [];
    this.#picture = pts;
    this.#pictures++;
    if (this.#phase === 'starting') this.#show();
    // The last picture is reported after the pause.
    if (this.#isPaused) this.#order({ type: 'changed' });
    if (late !== null && this.#isFollowing && !this.#isPaused && !this.#isFarBehind) this.#measure(late);
    return this.#take();
  }

  /** To be called a few times a second. */
  onLook(): PlaybackOrder[] {
    if (!this.isReady) return [];
    if (this.#aim()) return this.#take();
    if (this.#view.now - this.#progress.at > STALL) this.#order({ type: 'release' });
    if (this.#isPaused) return this.#take();
    if (this.#phase === 'preview') this.#endPreview();
    else {
      this.#watchProgress();
      if (this.#isFollowing && this.isShown) this.#steer();
    }
    return this.#take();
  }

  /** Whether the element was sent to the start. */
  get #isAimed(): boolean {
    return this.#phase === 'starting' || this.isShown;
  }

  /** Whether it starts, or has started, with a picture before the one that is due. */
  get #isFarBehind(): boolean {
    return this.#phase === 'preview' || (!this.isShown && this.#isFollowing && this.#start !== null);
  }

  #order(order: PlaybackOrder): void {
    this.#orders.push(order);
  }

  #take(): PlaybackOrder[] {
    return this.#orders.splice(0);
  }

  /** Sends the element to the start as soon as that is possible; whether it did. */
  #aim(): boolean {
    if (this.#phase !== 'buffering') return false;
    const target = this.#start ?? this.#dueSoon();
    if (target === null || !(this.#view.feed.goesAhead || this.#canGoTo(target))) return false;
    this.#goTo(target);
    if (!this.#isFarBehind) this.#play();
    return true;
  }

  #show(): void {
    this.#phase = this.#isFarBehind ? 'preview' : 'playing';
    this.#progress = { media: this.#view.element.currentTime, at: this.#view.now };
    this.#order({ type: 'release' });
    this.#order({ type: 'shown' });
    this.#order({ type: 'changed' });
  }

  #endPreview(): void {
    const target = this.#dueSoon();
    if (target === null || !this.#canGoTo(target)) return;
    this.#goTo(target);
    this.#play();
  }

  #goTo(pts: Millis): void {
    const media = this.#view.feed.toMedia(pts) + JUST_AFTER;
    if (this.#phase === 'buffering') this.#phase = 'starting';
    if (this.#phase === 'preview') this.#phase = 'playing';
    this.#steering.reset();
    this.#pictures = 0;
    this.#goal = pts;
    this.#progress = { media, at: this.#view.now };
    this.#order({ type: 'rate', rate: 1 });
    this.#order({ type: 'seek', media });
  }

  #canGoTo(pts: Millis): boolean {
    if (!this.isReady) return false;
    const { feed } = this.#view;
    const media = feed.toMedia(pts);
    const ranges = feed.ranges();
    return holds(ranges, media) && ahead(ranges, media) >= ENOUGH;
  }

  /** PTS of the picture that will be due when playing has begun; an earlier one where that is not buffered yet. */
  #dueSoon(): Millis | null {
    const { due, feed } = this.#view;
    if (due === null) return null;
    const lead = this.#startup.time;
    if (!this.#isAimed && feed.goesAhead) return Millis(due + lead);
    const end = feed.toPts(feed.ranges().at(-1)?.end ?? 0);
    return Millis(due + Math.max(0, Math.min(lead, end - ENOUGH * 1000 - due)));
  }

  /** Of the position that is played, not of the picture on the screen. */
  #lateness(): Millis | null {
    const { due, element, feed } = this.#view;
    return due === null || !this.isReady ? null : Millis(due - feed.toPts(element.currentTime));
  }

  #goToDue(): void {
    const target = this.#dueSoon();
    if (target === null) return;
    if (this.#canGoTo(target)) this.#goTo(target);
    else if ((this.#lateness() ?? 0) < 0) this.#break('late');
  }

  /** No longer follows the air; before the first picture, the start is the picture that is due now. */
  #leaveAir(): void {
    if (this.#isFollowing && !this.#isAimed) this.#start = this.#view.due;
    this.#isFollowing = false;
    if (this.#phase === 'preview') this.#phase = 'playing';
    this.#steering.reset();
    this.#order({ type: 'rate', rate: 1 });
  }

  #play(): void {
    if (!this.#isPaused) this.#order({ type: 'play' });
  }

  #measure(late: Millis): void {
    if (this.#pictures > UNSTEADY_PICTURES) this.#steering.add(late);
    if (this.#pictures !== STEADY_PICTURES) return;
    const change = Math.min(STARTUP.step, Math.max(-STARTUP.step, this.#steering.offset ?? 0));
    const time = this.#startup.time + change * STARTUP.share;
    this.#startup.time = Millis(Math.min(STARTUP.most, Math.max(STARTUP.least, time)));
  }

  #steer(): void {
    if (this.#view.isHidden) return;
    const correction = this.#steering.correction();
    if (correction.kind === 'jump') this.#goToDue();
    else this.#order({ type: 'rate', rate: correction.rate });
  }

  #watchProgress(): void {
    const { now, isHidden, element, feed } = this.#view;
    const media = element.currentTime;
    if (Math.abs(media - this.#progress.media) > SAME && !element.seeking) {
      this.#progress = { media, at: now };
      this.#setStalled(false);
      return;
    }
    const still = now - this.#progress.at;
    if (still < STALL || isHidden) return;
    this.#setStalled(true);
    const ranges = feed.ranges();
    const next = afterGap(ranges, media);
    if (next !== null) this.#order({ type: 'seek', media: next + JUST_AFTER });
    else if (still > HANGS && ahead(ranges, media) > 1) this.#break('failed');
    else if (element.paused) this.#play();
  }

  #setStalled(isStalled: boolean): void {
    if (!this.isShown || isStalled === (this.#phase === 'stalled')) return;
    this.#phase = isStalled ? 'stalled' : 'playing';
    if (isStalled) this.#stalls++;
    this.#order({ type: 'changed' });
  }

  #changed(): void {
    if (this.#phase === 'stalled') this.#phase = 'playing';
    this.#order({ type: 'changed' });
  }

  #break(why: Parameters<PlayerEvents['onBroken']>[0]): void {
    this.#order({ type: 'broken', why });
  }
}
