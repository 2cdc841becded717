/** Shows a jpeg station: picture after picture on a canvas, each at its moment. */

import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import { PictureQueue } from './media/picture-queue.js';
import {
  heldUntil,
  type PlayerEvents,
  type PlayerOptions,
  type PlayerStats,
  type PlayerStatus,
  type StationPlayer,
} from './station-player.js';
import { StationStream } from './station-stream.js';

/** Nothing new for so long is a stall, milliseconds. */
const STALL = 1_000;
/** Decoding takes a moment: it begins so long before a picture is due, milliseconds. */
const DECODE_AHEAD = 60;
/** A screen draws next within that time, milliseconds. */
const REFRESH = 16;

/**
 * It is in charge of:
 * - the clock by which pictures are shown: everybody's, or its own after a pause
 * - decoding what is about to be shown, and nothing else
 */
export class CanvasPlayer implements StationPlayer {
  readonly element = document.createElement('canvas');
  readonly station: string;
  events: PlayerEvents;
  following: boolean;
  isPaused: boolean;
  isShown = false;
  time: number | null = null;
  problem: string | null = null;
  readonly #options: PlayerOptions;
  readonly #stream: StationStream;
  readonly #coming = new PictureQueue<Uint8Array<ArrayBuffer>>();
  readonly #decoded = new PictureQueue<ImageBitmap>();
  #isDecoding = false;
  /** By its own clock, the moment it shows is so far behind the server's; null until its first picture. */
  #behind: number | null = null;
  #hasEnded = false;
  #stats = { frames: 0, droppedFrames: 0, stalls: 0 };
  #offset: number | null = null;
  #shownAt = 0;
  #isStalled = false;
  #frame = 0;
  #isOver = false;

  constructor(options: PlayerOptions) {
    const { gateway, beginning } = options;
    this.#options = options;
    this.events = options.events;
    this.station = beginning.station;
    this.following = beginning.at === null;
    this.isPaused = beginning.paused;
    this.#stream = new StationStream({
      gateway,
      station: this.station,
      begin: () => beginning.at ?? this.#due() ?? 0,
      until: () => this.#until(),
      onMedia: (header, data) => this.#arrives(header, data),
      onBroken: (why) => this.events.onBroken(why),
      onEnded: ({ detail }) => this.#ended(detail),
      onContinued: () => this.#ended(null),
    });
    this.#frame = requestAnimationFrame((now) => this.#draw(now));
  }

  get status(): PlayerStatus {
    if (this.#hasEnded) return 'ended';
    if (!this.isShown) return 'tuning';
    if (this.isPaused) return 'paused';
    return this.#isStalled ? 'waiting' : 'playing';
  }

  get place(): number | null {
    return this.following ? null : (this.time ?? this.#options.beginning.at);
  }

  get channel(): number | null {
    return this.#stream.channel;
  }

  pause(): void {
    if (this.isPaused) return;
    this.isPaused = true;
    this.following = false;
    this.#changed();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#restartClock();
    this.#changed();
  }

  live(): boolean {
    const due = this.#due();
    if (due === null || !(this.#decoded.holds(due) || this.#coming.holds(due))) return false;
    this.following = true;
    this.isPaused = false;
    this.#changed();
    return true;
  }

  /** Pictures that were shown are gone: another player shows them again. */
  seek(): boolean {
    return false;
  }

  /** These stations have no sound. */
  setSound(): void {}

  stats(): PlayerStats {
    const last = this.#coming.first ? this.#coming.first.time + this.#coming.span : this.time;
    return {
      path: 'canvas',
      buffer: this.time === null || last === null ? 0 : Math.max(0, last - this.time),
      ...this.#stats,
      bitrate: this.#stream.bitrate,
      offset: this.following && !this.isPaused ? this.#offset : null,
    };
  }

  returned(): void {
    this.#shownAt = performance.now();
  }

  freeze(): void {
    this.#isOver = true;
    cancelAnimationFrame(this.#frame);
    this.#stream.close();
    const decoded = this.#decoded.take(Number.POSITIVE_INFINITY);
    for (const { picture } of decoded ? [...decoded.leftOut, decoded.shown] : []) picture.close();
  }

  close(): void {
    this.freeze();
    this.element.remove();
  }

  /** The moment that everybody shows now, or at a time of the page. */
  #due(pageTime = performance.now()): number | null {
    const { gateway } = this.#options;
    const now = gateway.serverTime(pageTime);
    return now === null ? null : now - gateway.delay - MEDIA_DELAY;
  }

  /** The moment to show at a time of the page. */
  #moment(pageTime: number): number | null {
    const due = this.#due(pageTime);
    if (this.following || due === null) return due;
    const { at } = this.#options.beginning;
    if (this.isPaused && this.isShown) return null;
    if (this.#behind === null) return at;
    return due - this.#behind;
  }

  /** Goes on with the picture after the one that is shown. */
  #restartClock(): void {
    const due = this.#due();
    this.#behind = due === null || this.time === null ? null : due - this.time;
    this.#shownAt = performance.now();
  }

  #until(): number | null {
    if (this.following) return null;
    return heldUntil(this.time ?? this.#options.beginning.at ?? 0);
  }

  #arrives({ time }: FrameHeader, data: Uint8Array<ArrayBuffer>): void {
    this.#coming.put({ time, picture: data });
    // Nobody draws a page that is hidden; what is past is not kept for it.
    const moment = document.hidden ? this.#moment(performance.now()) : null;
    if (moment !== null && this.isShown) this.time = this.#coming.take(moment - DECODE_AHEAD)?.shown.time ?? this.time;
  }

  #draw(now: number): void {
    if (this.#isOver) return;
    this.#frame = requestAnimationFrame((next) => this.#draw(next));
    this.#stream.updateUntil();
    const moment = this.#moment(now + REFRESH);
    if (moment === null) return;
    void this.#decode(moment);
    const due = this.#decoded.take(moment);
    if (due === null) {
      if (!this.isPaused && this.isShown && now - this.#shownAt > STALL) this.#setStalled(true);
      return;
    }
    this.#stats.droppedFrames += due.leftOut.length;
    for (const { picture } of due.leftOut) picture.close();
    this.#show(due.shown.time, due.shown.picture, now + REFRESH);
  }

  #show(time: number, picture: ImageBitmap, at: number): void {
    const { element } = this;
    if (element.width !== picture.width) element.width = picture.width;
    if (element.height !== picture.height) element.height = picture.height;
    element.getContext('2d')!.drawImage(picture, 0, 0);
    picture.close();
    this.time = time;
    this.#stats.frames++;
    this.#shownAt = performance.now();
    this.#setStalled(false);
    if (!this.isShown) {
      this.isShown = true;
      if (!this.following) this.#restartClock();
      this.events.onShown();
      this.events.onChange();
      return;
    }
    // A picture is shown at the next refresh after its moment.
    const late = (this.#due(at) ?? time) - time;
    this.#offset = this.#offset === null ? late : this.#offset + (late - this.#offset) / 16;
  }

  /** One at a time, so that they stay in order. */
  async #decode(moment: number): Promise<void> {
    if (this.#isDecoding) return;
    const next = this.#coming.takeSoon(moment, moment + DECODE_AHEAD);
    if (next === null) return;
    this.#isDecoding = true;
    if (this.isShown) this.#stats.droppedFrames += next.leftOut.length;
    try {
      const blob = new Blob([next.shown.picture], { type: 'image/jpeg' });
      const picture = await createImageBitmap(blob);
      if (this.#isOver) picture.close();
      else this.#decoded.put({ time: next.shown.time, picture });
    } catch {
      this.#stats.droppedFrames++; // It is damaged; the next one is whole.
    }
    this.#isDecoding = false;
  }

  #ended(problem: string | null): void {
    this.#hasEnded = problem !== null;
    this.problem = problem;
    this.events.onChange();
  }

  #setStalled(isStalled: boolean): void {
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    if (isStalled) this.#stats.stalls++;
    this.events.onChange();
  }

  #changed(): void {
    this.#isStalled = false;
    this.#offset = null;
    this.#stream.updateUntil();
    this.events.onChange();
  }
}
