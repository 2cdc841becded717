/** Plays a station that is a transport stream in a video element, as a VideoPlayback orders. */
import { Millis } from '../../../src/base/units.js';
import { firstSubtitles, subtitlesFor } from '../../../src/contract/subtitles.js';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import type { FeedEvents, MediaFeed } from './media/media-feed.js';
import { type ShownPicture, watchPictures } from './media/pictures.js';
import { firstPicture } from './media/pts.js';
import { ahead, removable } from './media/ranges.js';
import { SubtitleCanvas } from './media/subtitle-canvas.js';
import { Subtitles } from './media/subtitles.js';
import type {
  PlaybackState,
  PlayerEvents,
  PlayerOptions,
  PlayerStats,
  Sound,
  StationPlayer,
} from './station-player.js';
import { StationStream } from './station-stream.js';
import { type PlaybackOrder, type Startup, VideoPlayback } from './video-playback.js';

export interface VideoPlayerOptions extends PlayerOptions {
  startup: Startup;
  createFeed(element: HTMLVideoElement, events: FeedEvents): MediaFeed;
}

const LOOK_EVERY = 250;
/** Bytes waiting for a player that takes no more, after which it is given up. */
const MOST_QUEUED = 32 * 2 ** 20;
/** Time from the end of a seek until its picture is on the screen, milliseconds. */
const PICTURE_WITHIN = 100;

/**
 * Responsible for:
 * - the element, its feed and its stream: their events and a timer go to the playback, whose orders are carried out
 * - packets that are held back
 */
export class VideoPlayer implements StationPlayer {
  readonly element = document.createElement('video');
  readonly #canvas = new SubtitleCanvas();
  readonly overlay = this.#canvas.element;
  readonly station: string;
  events: PlayerEvents;
  readonly #options: VideoPlayerOptions;
  readonly #playback: VideoPlayback;
  readonly #feed: MediaFeed;
  readonly #stream: StationStream;
  /** Null while the station is not known to have some. */
  #subtitles: Subtitles | null = null;
  readonly #endWatching: () => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #held: Uint8Array<ArrayBuffer>[] = [];
  #lookedAt = 0;
  #isFrozen = false;

  constructor(options: VideoPlayerOptions) {
    const { gateway, beginning, startup, createFeed } = options;
    this.#options = options;
    this.events = options.events;
    this.station = beginning.station;
    const { element } = this;
    element.playsInline = true;
    element.preload = 'auto';
    this.setSound(beginning.sound);
    const failed = () => this.#run(this.#playback.onFailed());
    const feed = createFeed(element, { onReady: () => this.#run(this.#playback.onFeedReady()), onFailed: failed });
    this.#feed = feed;
    const due = () => this.#due();
    const view = {
      get now() {
        return Millis(performance.now());
      },
      get due() {
        return due();
      },
      get isHidden() {
        return document.hidden;
      },
      element,
      feed,
    };
    this.#playback = new VideoPlayback({ beginning, view, startup });
    element.addEventListener('pause', () => {
      if (!element.ended) this.#run(this.#playback.onElementPaused({ isInWindow: this.#isInWindow }));
    });
    element.addEventListener('playing', () => {
      this.#run(this.#playback.onElementPlaying({ isInWindow: this.#isInWindow }));
      this.#settle();
    });
    element.addEventListener('seeked', () => this.#settle());
    element.addEventListener('error', failed);
    this.#endWatching = watchPictures(element, (picture) => this.#onPicture(picture));
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    this.#stream = new StationStream({
      gateway,
      station: this.station,
      begin: () => beginning.at ?? Millis((this.#due() ?? 0) - MEDIA_DELAY),
      until: () => this.#playback.until,
      onMedia: (header, data) => this.#onMedia(header, data),
      onBroken: (why) => this.events.onBroken(why),
      onEnded: (reason) => this.#run(this.#playback.onEnded(reason)),
      onContinued: () => this.#run(this.#playback.onContinued()),
    });
  }

  get state(): PlaybackState {
    return this.#playback;
  }

  get channel(): number | null {
    return this.#stream.channel;
  }

  pause(): void {
    this.#run(this.#playback.pause());
  }

  resume(): void {
    this.#run(this.#playback.resume());
  }

  goLive(): boolean {
    return this.#run(this.#playback.goLive());
  }

  seek(time: Millis): boolean {
    return this.#run(this.#playback.seek(time));
  }

  setSound({ volume, muted }: Sound): void {
    this.element.volume = volume;
    this.element.muted = muted;
  }

  stats(): PlayerStats {
    const { isReady, stalls, offset } = this.#playback;
    const quality = this.element.getVideoPlaybackQuality?.();
    return {
      path: this.#feed.path,
      buffer: isReady ? Millis(ahead(this.#feed.ranges(), this.element.currentTime) * 1000) : Millis(0),
      frames: quality?.totalVideoFrames ?? 0,
      droppedFrames: quality?.droppedVideoFrames ?? 0,
      bitrate: this.#stream.bitrate,
      stalls,
      offset,
    };
  }

  onReturned(): void {
    this.#run(this.#playback.onReturned());
  }

  freeze(): void {
    this.#isFrozen = true;
    clearInterval(this.#timer);
    this.#endWatching();
    this.#stream.close();
    this.element.pause();
  }

  close(): void {
    this.freeze();
    this.#feed.close();
    this.overlay.remove();
    this.element.remove();
  }

  /** PTS of the picture that is due on every screen now. */
  #due(): Millis | null {
    const { gateway } = this.#options;
    const now = gateway.now();
    return now === null ? null : Millis(now - gateway.delay);
  }

  get #isInWindow(): boolean {
    return document.pictureInPictureElement === this.element;
  }

  #onMedia(header: FrameHeader, data: Uint8Array<ArrayBuffer>): void {
    const time = Millis(header.time);
    this.#takeSubtitles(data, time);
    if (this.#playback.phase === 'tuning') {
      const first = firstPicture(data, time);
      if (first === null) return;
      this.#run(this.#playback.onFirstPicture(first, time));
    }
    if (this.#playback.holdsBack(time)) this.#held.push(data);
    else this.#feed.append(data);
    this.#run(this.#playback.onAppended());
    if (this.#feed.queued > MOST_QUEUED) this.#run(this.#playback.onFailed());
    else if (performance.now() - this.#lookedAt > LOOK_EVERY) this.#look();
  }

  #onPicture({ mediaTime, at }: ShownPicture): void {
    const { gateway } = this.#options;
    const shownAt = gateway.serverTime(at);
    const late = shownAt === null ? null : Millis(shownAt - this.#feed.toPts(mediaTime) - gateway.delay);
    this.#run(this.#playback.onPicture({ media: mediaTime, late }));
    this.#showSubtitles(this.#feed.toPts(mediaTime));
  }

  #takeSubtitles(data: Uint8Array, time: Millis): void {
    const info = this.#options.gateway.station(this.station);
    const count = info?.subtitles?.length ?? 0;
    if (info && count > 0) this.#subtitles ??= new Subtitles({ first: firstSubtitles(info), count });
    this.#subtitles?.take(data, time);
  }

  #showSubtitles(pts: Millis): void {
    const { gateway } = this.#options;
    const info = gateway.station(this.station);
    if (!this.#subtitles || !info) return;
    const stream = subtitlesFor(info, gateway.subtitles);
    this.#canvas.show(this.#subtitles, { stream, pts, video: this.element });
  }

  #settle(): void {
    const settled = () => this.#run(this.#playback.onSettled());
    if (document.hidden) settled();
    else setTimeout(settled, PICTURE_WITHIN);
  }

  #look(): void {
    if (this.#isFrozen || !this.#playback.isReady) return;
    this.#lookedAt = performance.now();
    this.#run(this.#playback.onLook());
    const old = removable(this.#feed.ranges(), this.element.currentTime);
    if (old !== null) this.#feed.removeBefore(old);
  }

  /** Whether there were orders to carry out, even none of them: null is a refusal. */
  #run(orders: readonly PlaybackOrder[] | null): boolean {
    if (orders === null) return false;
    for (const order of orders) {
      // An event may have replaced this player.
      if (this.#isFrozen) break;
      this.#carryOut(order);
    }
    if (!this.#isFrozen) this.#stream.updateUntil();
    return true;
  }

  #carryOut(order: PlaybackOrder): void {
    const { element, events } = this;
    switch (order.type) {
      case 'begin':
        this.#feed.begin(order.first);
        break;
      case 'release':
        for (const data of this.#held.splice(0)) this.#feed.append(data);
        break;
      case 'seek':
        element.currentTime = order.media;
        break;
      case 'play':
        this.#play();
        break;
      case 'pause':
        element.pause();
        break;
      case 'rate':
        if (element.playbackRate !== order.rate) element.playbackRate = order.rate;
        break;
      case 'shown':
        events.onShown();
        break;
      case 'changed':
        events.onChange();
        break;
      case 'broken':
        events.onBroken(order.why);
        break;
    }
  }

  #play(): void {
    const { element } = this;
    element.play().catch((error: unknown) => {
      if (!(error instanceof DOMException) || error.name !== 'NotAllowedError' || element.muted) return;
      element.muted = true;
      this.events.onSilenced();
      element.play().catch(() => {});
    });
  }
}
