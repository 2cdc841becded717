/** mpegts.js, for browsers that play what a station sends, but not in MPEG-TS. Loaded only where it is needed. */

import type Mpegts from 'mpegts.js';
import { Millis } from '../../../../src/base/units.js';
import type { FeedEvents, MediaFeed } from './media-feed.js';
import type { FirstPicture } from './pts.js';
import { type Range, rangesOf } from './ranges.js';

/** Media kept behind the picture, and the amount at which it is cut back to that, seconds. */
const BEHIND = { least: 30, most: 40 };

interface Loader {
  onDataArrival: ((chunk: ArrayBuffer, byteStart: number, receivedLength?: number) => void) | null;
}

export class MpegtsFeed implements MediaFeed {
  readonly path = 'mpegts.js';
  readonly goesAhead = false;
  readonly #element: HTMLVideoElement;
  readonly #events: FeedEvents;
  #player: Mpegts.Player | null = null;
  #loader: Loader | null = null;
  #first: FirstPicture | null = null;
  /** The moment of media time 0, milliseconds since the Unix epoch. */
  #origin: number | null = null;
  readonly #waiting: Uint8Array<ArrayBuffer>[] = [];
  #given = 0;
  #isClosed = false;

  constructor(element: HTMLVideoElement, events: FeedEvents) {
    this.#element = element;
    this.#events = events;
    import('mpegts.js').then(
      (module) => this.#start(module.default),
      () => this.#fail(),
    );
  }

  get queued(): number {
    return this.#waiting.reduce((sum, { length }) => sum + length, 0);
  }

  begin(first: FirstPicture): void {
    this.#first = first;
  }

  append(packets: Uint8Array<ArrayBuffer>): void {
    if (this.#isClosed) return;
    this.#waiting.push(packets);
    this.#give();
  }

  toMedia(pts: Millis): number {
    return (pts - this.#origin!) / 1000;
  }

  toPts(media: number): Millis {
    return Millis(media * 1000 + this.#origin!);
  }

  ranges(): Range[] {
    return this.#origin === null || this.#isClosed ? [] : rangesOf(this.#element.buffered);
  }

  /** mpegts.js does so itself. */
  removeBefore(): void {}

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#player?.destroy();
  }

  #start(mpegts: typeof Mpegts): void {
    if (this.#isClosed) return;
    const feed = this;
    class FedLoader extends mpegts.BaseLoader {
      constructor() {
        super('fed');
      }

      override open(): void {
        feed.#loader = this as unknown as Loader;
        feed.#give();
      }

      override abort(): void {}
    }
    mpegts.LoggingControl.enableAll = false;
    this.#player = mpegts.createPlayer(
      { type: 'mpegts', isLive: true, url: 'fed:' },
      {
        enableStashBuffer: false,
        lazyLoad: false,
        autoCleanupSourceBuffer: true,
        autoCleanupMinBackwardDuration: BEHIND.least,
        autoCleanupMaxBackwardDuration: BEHIND.most,
        customLoader: FedLoader as unknown as Mpegts.CustomLoaderConstructor,
      },
    );
    this.#player.on(mpegts.Events.ERROR, () => this.#fail());
    this.#player.attachMediaElement(this.#element);
    this.#player.load();
  }

  #give(): void {
    const arrive = this.#loader?.onDataArrival;
    if (!arrive) return;
    for (const packets of this.#waiting.splice(0)) {
      // mpegts.js takes whole buffers; these packets stand behind a header.
      const { buffer } = packets.slice();
      this.#given += packets.length;
      arrive(buffer, this.#given - packets.length, this.#given);
    }
    if (this.#origin === null) this.#findOrigin();
  }

  /** mpegts.js counts time from the first sample, which only it knows. */
  #findOrigin(): void {
    const base = timestampBase(this.#player);
    if (base === undefined || this.#first === null) return;
    const { pts, wrapped } = this.#first;
    this.#origin = pts - wrapped / 90 + base;
    this.#events.onReady();
  }

  #fail(): void {
    if (!this.#isClosed) this.#events.onFailed();
  }
}

/** Milliseconds, as in the stream's time stamps. A private property of mpegts.js; tests verify that it exists. */
function timestampBase(player: Mpegts.Player | null): number | undefined {
  const inside = player as unknown as {
    _player_engine?: { _transmuxer?: { _controller?: { _remuxer?: { getTimestampBase(): number | undefined } } } };
  } | null;
  return inside?._player_engine?._transmuxer?._controller?._remuxer?.getTimestampBase();
}
