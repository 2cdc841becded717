/** Plays an h264 station in a video element. */

import { Steering } from '../../../src/clock/steering.js';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import type { FeedEvents, MediaFeed } from './media/media-feed.js';
import { type ShownPicture, watchPictures } from './media/pictures.js';
import { firstPicture } from './media/pts.js';
import { afterGap, ahead, holds, removable } from './media/ranges.js';
import {
  heldUntil,
  type PlayerEvents,
  type PlayerOptions,
  type PlayerStats,
  type PlayerStatus,
  type Sound,
  type StationPlayer,
} from './station-player.js';
import { StationStream } from './station-stream.js';

export interface VideoPlayerOptions extends PlayerOptions {
  /** How long it takes here from saying where to play until it plays. */
  startup: Startup;
  createFeed(element: HTMLVideoElement, events: FeedEvents): MediaFeed;
}

/** Milliseconds; learnt, for all players of a page. */
export interface Startup {
  time: number;
}

const LOOK_EVERY = 250;
/** Pictures that far behind what is due are not decoded before there is one to look at, milliseconds. */
const LONG_WAY = 500;
/** What leaves within that time holds a first picture, and what players want to have beyond it. Milliseconds. */
const FIRST_PART = 1_500;
/** No progress for so long is a stall, and for so long a player that hangs, milliseconds. */
const STALL = 500;
const HANGS = 6_000;
/** Media time from where a picture begins to where it surely has, seconds. */
const JUST_AFTER = 0.001;
/** Of pictures held ahead, seconds, that a player needs to begin. */
const ENOUGH = 0.2;
/** Bytes that a player does not take, while more come. */
const MOST_QUEUED = 32 * 2 ** 20;
const STARTUP = { least: 20, most: 600, share: 0.4, step: 200 };
/** On the way somewhere, a picture that is nearer than this is the one. Milliseconds. */
const NEAR = 100;
/** Having gone to a picture, it is on the screen within that time. Milliseconds. */
const PICTURE_WITHIN = 100;

/**
 * It is in charge of:
 * - where the element is sent, when it plays, and how fast
 * - what to do when nothing moves any more
 */
export class VideoPlayer implements StationPlayer {
  readonly element = document.createElement('video');
  readonly station: string;
  events: PlayerEvents;
  following: boolean;
  isPaused: boolean;
  isShown = false;
  problem: string | null = null;
  readonly #options: VideoPlayerOptions;
  readonly #feed: MediaFeed;
  readonly #stream: StationStream;
  readonly #steering = new Steering();
  readonly #endWatching: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #hasBegun = false;
  /** When its first packet left. */
  #beganAt = 0;
  /** What waits until there is a first picture: a player that is given much takes it all before it shows any. */
  #held: Uint8Array<ArrayBuffer>[] = [];
  #isReady = false;
  /** It was sent to where it begins. */
  #isAimed = false;
  /** Where it begins, PTS; null: where it is due. */
  #target: number | null;
  /** PTS to which it was sent last. */
  #goal = 0;
  /** PTS of the picture on the screen, and how many there were since it was last sent somewhere. */
  #picture: number | null = null;
  #pictures = 0;
  #hasEnded = false;
  #lookedAt = 0;
  /** Where it was when it moved last. */
  #progress = { media: -1, at: 0 };
  #isStalled = false;
  #stalls = 0;
  #isOver = false;

  constructor(options: VideoPlayerOptions) {
    const { gateway, beginning, createFeed } = options;
    this.#options = options;
    this.events = options.events;
    this.station = beginning.station;
    this.following = beginning.at === null;
    this.isPaused = beginning.paused;
    this.#target = beginning.at === null ? null : beginning.at + MEDIA_DELAY;
    this.element.playsInline = true;
    this.element.preload = 'auto';
    this.setSound(beginning.sound);
    this.element.addEventListener('pause', () => this.#wasPaused());
    this.element.addEventListener('playing', () => this.#moves());
    this.element.addEventListener('seeked', () => this.#arrived());
    this.element.addEventListener('error', () => this.#failed());
    this.#feed = createFeed(this.element, { onReady: () => this.#ready(), onFailed: () => this.#failed() });
    this.#endWatching = watchPictures(this.element, (picture) => this.#shows(picture));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    this.#stream = new StationStream({
      gateway,
      station: this.station,
      begin: () => beginning.at ?? (this.#due() ?? 0) - MEDIA_DELAY,
      until: () => this.#until(),
      onMedia: (header, data) => this.#arrives(header, data),
      onBroken: (why) => this.events.onBroken(why),
      onEnded: ({ detail }) => {
        this.#hasEnded = true;
        this.problem = detail;
        this.events.onChange();
      },
      onContinued: () => {
        this.#hasEnded = false;
        this.problem = null;
        this.events.onChange();
      },
    });
  }

  get status(): PlayerStatus {
    if (this.#hasEnded) return 'ended';
    if (!this.isShown) return 'tuning';
    if (this.isPaused) return 'paused';
    return this.#isStalled ? 'waiting' : 'playing';
  }

  get time(): number | null {
    return this.#picture === null ? null : this.#picture - MEDIA_DELAY;
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
    this.#letGo();
    this.element.pause();
    this.#changed();
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#progress.at = performance.now();
    if (this.#isAimed && !this.#isLongWay) this.#play();
    this.#changed();
  }

  live(): boolean {
    const target = this.#dueSoon();
    if (target === null || !this.#canGoTo(target)) return false;
    this.following = true;
    this.isPaused = false;
    this.#goTo(target);
    this.#play();
    this.#changed();
    return true;
  }

  seek(time: number): boolean {
    const pts = time + MEDIA_DELAY;
    if (!this.isShown || !this.#canGoTo(pts)) return false;
    this.#letGo();
    this.#goTo(pts);
    this.#changed();
    return true;
  }

  setSound({ volume, muted }: Sound): void {
    this.element.volume = volume;
    this.element.muted = muted;
  }

  stats(): PlayerStats {
    const quality = this.element.getVideoPlaybackQuality?.();
    return {
      path: this.#feed.path,
      buffer: this.#isReady ? ahead(this.#feed.ranges(), this.element.currentTime) * 1000 : 0,
      frames: quality?.totalVideoFrames ?? 0,
      droppedFrames: quality?.droppedVideoFrames ?? 0,
      bitrate: this.#stream.bitrate,
      stalls: this.#stalls,
      offset: this.following && !this.isPaused ? this.#steering.offset : null,
    };
  }

  returned(): void {
    this.#progress.at = performance.now();
    if (!this.following || this.isPaused || !this.isShown) return;
    this.#play();
    const late = this.#lateness();
    if (late !== null && Math.abs(late) > 1_000) this.#goToDue();
  }

  freeze(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#endWatching();
    this.#stream.close();
    this.element.pause();
  }

  close(): void {
    this.freeze();
    this.#feed.close();
    this.element.remove();
  }

  /** PTS of the picture that everybody shows now. */
  #due(): number | null {
    const now = this.#options.gateway.now();
    return now === null ? null : now - this.#options.gateway.delay;
  }

  #until(): number | null {
    if (this.following) return null;
    return heldUntil(this.time ?? this.#options.beginning.at ?? 0);
  }

  #arrives(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void {
    if (!this.#hasBegun) {
      const first = firstPicture(data, header.time);
      if (first === null) return;
      this.#hasBegun = true;
      this.#beganAt = header.time;
      this.#progress.at = performance.now();
      const due = this.#due();
      // There is a picture to look at long before everything up to what is due was decoded.
      if (this.following && due !== null && due - first.pts > LONG_WAY) this.#target = first.pts;
      this.#feed.begin(first);
    }
    if (this.#isLongWay && !this.isShown && header.time > this.#beganAt + FIRST_PART) this.#held.push(data);
    else this.#feed.append(data);
    this.#aim();
    if (this.#feed.queued > MOST_QUEUED) this.events.onBroken('failed');
    else if (performance.now() - this.#lookedAt > LOOK_EVERY) this.#look();
  }

  #release(): void {
    for (const data of this.#held.splice(0)) this.#feed.append(data);
  }

  #ready(): void {
    this.#isReady = true;
    this.#aim();
  }

  /** Sends it to where it begins, as soon as that can be done. */
  #aim(): void {
    if (this.#isAimed || !this.#isReady) return;
    const target = this.#target ?? this.#dueSoon();
    if (target === null || !(this.#feed.goesAhead || this.#canGoTo(target))) return;
    this.#isAimed = true;
    this.#goTo(target);
    if (!this.#isLongWay) this.#play();
  }

  /** Whether it shows a picture of before, and has yet to go to what is due. */
  get #isLongWay(): boolean {
    return this.following && this.#target !== null;
  }

  #goTo(pts: number): void {
    this.#steering.reset();
    this.#pictures = 0;
    this.#goal = pts;
    this.element.playbackRate = 1;
    this.element.currentTime = this.#feed.toMedia(pts) + JUST_AFTER;
    this.#progress = { media: this.element.currentTime, at: performance.now() };
  }

  #canGoTo(pts: number): boolean {
    if (!this.#isReady) return false;
    const media = this.#feed.toMedia(pts);
    const ranges = this.#feed.ranges();
    return holds(ranges, media) && ahead(ranges, media) >= ENOUGH;
  }

  /** PTS of the picture that is due when it will have begun to play; nearer, where that is not there yet. */
  #dueSoon(): number | null {
    const due = this.#due();
    if (due === null) return null;
    const end = this.#feed.toPts(this.#feed.ranges().at(-1)?.end ?? 0);
    const lead = Math.max(0, Math.min(this.#options.startup.time, end - ENOUGH * 1000 - due));
    return due + (this.#isAimed || !this.#feed.goesAhead ? lead : this.#options.startup.time);
  }

  /** Where it is when it is late, or early: not what was shown, but what is played. */
  #lateness(): number | null {
    const due = this.#due();
    return due === null || !this.#isReady ? null : due - this.#feed.toPts(this.element.currentTime);
  }

  #goToDue(): void {
    const target = this.#dueSoon();
    if (target === null) return;
    if (this.#canGoTo(target)) this.#goTo(target);
    else if (this.#lateness()! < 0) this.events.onBroken('late');
  }

  /** It keeps to nothing any more. */
  #letGo(): void {
    this.following = false;
    this.#target = null;
    this.#steering.reset();
    this.element.playbackRate = 1;
    this.#stream.updateUntil();
  }

  #play(): void {
    if (this.isPaused || this.#isOver) return;
    this.element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || this.element.muted) return;
      this.element.muted = true;
      this.events.onSilenced();
      this.element.play().catch(() => {});
    });
  }

  /** Elements pause by themselves when the page moves them, and when somebody stops them in their small window. */
  #wasPaused(): void {
    if (this.isPaused || this.#isOver || this.element.ended) return;
    if (document.pictureInPictureElement === this.element) this.pause();
    else if (!this.#isLongWay) this.#play();
  }

  #moves(): void {
    if (this.isPaused && document.pictureInPictureElement === this.element) this.resume();
    this.#arrived();
  }

  /** Nobody is told of pictures while the page is hidden, or of one that was there already. */
  #arrived(): void {
    const look = () => {
      if (!this.#isAimed || this.isShown || this.#isOver || this.element.seeking) return;
      this.#picture = this.#feed.toPts(this.element.currentTime) - JUST_AFTER * 1000;
      this.#wasShown();
    };
    if (document.hidden) look();
    else setTimeout(look, PICTURE_WITHIN);
  }

  #shows({ mediaTime, at }: ShownPicture): void {
    if (!this.#isAimed || this.#isOver) return;
    const pts = this.#feed.toPts(mediaTime);
    if (this.element.seeking && Math.abs(pts - this.#goal) > NEAR) return;
    this.#picture = pts;
    this.#pictures++;
    this.#wasShown();
    // The last one before a pause comes after it.
    if (this.isPaused) this.events.onChange();
    const { gateway, startup } = this.#options;
    const shownAt = gateway.serverTime(at);
    if (!this.following || this.isPaused || shownAt === null || this.#isLongWay) return;
    // The first ones come as they can.
    if (this.#pictures > 2) this.#steering.add(shownAt - pts - gateway.delay);
    if (this.#pictures !== 12) return;
    const late = Math.min(STARTUP.step, Math.max(-STARTUP.step, this.#steering.offset ?? 0));
    startup.time = Math.min(STARTUP.most, Math.max(STARTUP.least, startup.time + late * STARTUP.share));
  }

  #wasShown(): void {
    if (this.isShown) return;
    this.isShown = true;
    this.#release();
    this.#progress = { media: this.element.currentTime, at: performance.now() };
    this.events.onShown();
    this.events.onChange();
  }

  #look(): void {
    if (this.#isOver || !this.#isReady) return;
    this.#lookedAt = performance.now();
    this.#aim();
    if (this.#lookedAt - this.#progress.at > STALL) this.#release();
    this.#stream.updateUntil();
    const ranges = this.#feed.ranges();
    const old = removable(ranges, this.element.currentTime);
    if (old !== null) this.#feed.removeBefore(old);
    if (this.isPaused) return;
    if (this.isShown && this.#isLongWay) {
      this.#endLongWay();
      return;
    }
    this.#watchProgress();
    if (this.following && this.isShown) this.#steer();
  }

  #endLongWay(): void {
    const target = this.#dueSoon();
    if (target === null || !this.#canGoTo(target)) return;
    this.#target = null;
    this.#goTo(target);
    this.#play();
  }

  #steer(): void {
    if (document.hidden) return;
    const correction = this.#steering.correction();
    if (correction.kind === 'jump') this.#goToDue();
    else if (this.element.playbackRate !== correction.rate) this.element.playbackRate = correction.rate;
  }

  #watchProgress(): void {
    const now = performance.now();
    const media = this.element.currentTime;
    if (media !== this.#progress.media && !this.element.seeking) {
      this.#progress = { media, at: now };
      this.#setStalled(false);
      return;
    }
    const still = now - this.#progress.at;
    if (still < STALL || document.hidden) return;
    if (this.isShown) this.#setStalled(true);
    const ranges = this.#feed.ranges();
    const next = afterGap(ranges, media);
    if (next !== null) this.element.currentTime = next + JUST_AFTER;
    else if (still > HANGS && ahead(ranges, media) > 1) this.events.onBroken('failed');
    else if (this.element.paused) this.#play();
  }

  #setStalled(isStalled: boolean): void {
    if (isStalled === this.#isStalled) return;
    this.#isStalled = isStalled;
    if (isStalled) this.#stalls++;
    this.events.onChange();
  }

  #changed(): void {
    this.#stream.updateUntil();
    this.#isStalled = false;
    this.events.onChange();
  }

  #failed(): void {
    if (!this.#isOver) this.events.onBroken('failed');
  }
}
