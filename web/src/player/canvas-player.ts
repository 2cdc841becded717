/** Shows a jpeg station: picture after picture on a canvas, each at its moment. */
import { Millis } from '../../../src/base/units.js';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { FrameHeader } from '../../../src/wire/live-frame.js';
import { type CanvasOrder, CanvasPlayback } from './canvas-playback.js';
import { PictureQueue } from './media/picture-queue.js';
import type { PlaybackState, PlayerEvents, PlayerOptions, PlayerStats, StationPlayer } from './station-player.js';
import { StationStream } from './station-stream.js';

/** How long before a picture is due its decoding begins. */
const DECODE_AHEAD = Millis(60);
/** Time within which a screen draws next. */
const REFRESH = Millis(16);

const pageNow = (): Millis => Millis(performance.now());

/**
 * Responsible for:
 * - the canvas, and drawing on it at each refresh of the screen
 * - decoding the pictures that are about to be shown, and no others
 */
export class CanvasPlayer implements StationPlayer {
  readonly element = document.createElement('canvas');
  readonly station: string;
  events: PlayerEvents;
  readonly #options: PlayerOptions;
  readonly #playback: CanvasPlayback;
  readonly #stream: StationStream;
  readonly #coming = new PictureQueue<Uint8Array<ArrayBuffer>>();
  readonly #decoded = new PictureQueue<ImageBitmap>();
  #isDecoding = false;
  #frames = { frames: 0, droppedFrames: 0 };
  #animation = 0;
  #isFrozen = false;

  constructor(options: PlayerOptions) {
    const { gateway, beginning } = options;
    this.#options = options;
    this.events = options.events;
    this.station = beginning.station;
    this.#playback = new CanvasPlayback({ beginning, due: (pageTime) => this.#due(pageTime) });
    this.#stream = new StationStream({
      gateway,
      station: this.station,
      begin: () => beginning.at ?? this.#due(pageNow()) ?? Millis(0),
      until: () => this.#playback.until,
      onMedia: (header, data) => this.#onMedia(header, data),
      onBroken: (why) => this.events.onBroken(why),
      onEnded: (reason) => this.#run(this.#playback.onEnded(reason)),
      onContinued: () => this.#run(this.#playback.onEnded(null)),
    });
    this.#animation = requestAnimationFrame((now) => this.#draw(Millis(now)));
  }

  get state(): PlaybackState {
    return this.#playback;
  }

  get channel(): number | null {
    return this.#stream.channel;
  }

  pause(): void {
    this.#run(this.#playback.pause(pageNow()));
  }

  resume(): void {
    this.#run(this.#playback.resume(pageNow()));
  }

  goLive(): boolean {
    const due = this.#due(pageNow());
    if (due === null || !(this.#decoded.holds(due) || this.#coming.holds(due))) return false;
    this.#run(this.#playback.goLive());
    return true;
  }

  /** Pictures that were shown are gone: another player shows them again. */
  seek(): boolean {
    return false;
  }

  /** These stations have no sound. */
  setSound(): void {}

  stats(): PlayerStats {
    const { time, stalls, offset } = this.#playback;
    const last = this.#coming.first ? this.#coming.first.time + this.#coming.span : time;
    return {
      path: 'canvas',
      buffer: time === null || last === null ? Millis(0) : Millis(Math.max(0, last - time)),
      ...this.#frames,
      stalls,
      bitrate: this.#stream.bitrate,
      offset,
    };
  }

  onReturned(): void {
    this.#playback.onReturned(pageNow());
  }

  freeze(): void {
    this.#isFrozen = true;
    cancelAnimationFrame(this.#animation);
    this.#stream.close();
    const decoded = this.#decoded.take(Number.POSITIVE_INFINITY);
    for (const { picture } of decoded ? [...decoded.leftOut, decoded.shown] : []) picture.close();
  }

  close(): void {
    this.freeze();
    this.element.remove();
  }

  #due(pageTime: Millis): Millis | null {
    const { gateway } = this.#options;
    const now = gateway.serverTime(pageTime);
    return now === null ? null : Millis(now - gateway.delay - MEDIA_DELAY);
  }

  #onMedia({ time }: FrameHeader, data: Uint8Array<ArrayBuffer>): void {
    this.#coming.put({ time: Millis(time), picture: data });
    if (!document.hidden || !this.#playback.isShown) return;
    // A hidden page is not drawn: its past pictures are not kept.
    const moment = this.#playback.momentAt(pageNow());
    const passed = moment === null ? null : this.#coming.take(moment - DECODE_AHEAD);
    if (passed) this.#playback.onPassed(passed.shown.time);
  }

  #draw(now: Millis): void {
    if (this.#isFrozen) return;
    this.#animation = requestAnimationFrame((next) => this.#draw(Millis(next)));
    this.#stream.updateUntil();
    const visibleAt = Millis(now + REFRESH);
    const moment = this.#playback.momentAt(visibleAt);
    if (moment === null) return;
    void this.#decode(moment);
    const due = this.#decoded.take(moment);
    if (due === null) {
      this.#run(this.#playback.onNothingDue(now));
      return;
    }
    this.#frames.frames++;
    this.#frames.droppedFrames += due.leftOut.length;
    for (const { picture } of due.leftOut) picture.close();
    this.#show(due.shown.picture);
    const { time } = due.shown;
    this.#run(this.#playback.onPicture({ time, now: pageNow(), visibleAt }));
  }

  #show(picture: ImageBitmap): void {
    const { element } = this;
    if (element.width !== picture.width) element.width = picture.width;
    if (element.height !== picture.height) element.height = picture.height;
    element.getContext('2d')!.drawImage(picture, 0, 0);
    picture.close();
  }

  /** One at a time, so that they stay in order. */
  async #decode(moment: Millis): Promise<void> {
    if (this.#isDecoding) return;
    const next = this.#coming.takeSoon(moment, moment + DECODE_AHEAD);
    if (next === null) return;
    this.#isDecoding = true;
    if (this.#playback.isShown) this.#frames.droppedFrames += next.leftOut.length;
    try {
      const blob = new Blob([next.shown.picture], { type: 'image/jpeg' });
      const picture = await createImageBitmap(blob);
      if (this.#isFrozen) picture.close();
      else this.#decoded.put({ time: next.shown.time, picture });
    } catch {
      this.#frames.droppedFrames++; // It is damaged; the next one is whole.
    }
    this.#isDecoding = false;
  }

  #run(orders: readonly CanvasOrder[]): void {
    for (const order of orders) {
      if (order === 'shown') this.events.onShown();
      else this.events.onChange();
    }
    if (!this.#isFrozen) this.#stream.updateUntil();
  }
}
