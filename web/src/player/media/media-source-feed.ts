/**
 * Media Source Extensions, for browsers that play MPEG-TS. Media time is PTS in seconds since the Unix epoch, which
 * numbers and players represent to a microsecond.
 */
import { Millis, TICKS_PER_SECOND } from '../../../../src/base/units.js';
import type { FeedEvents, MediaFeed } from './media-feed.js';
import type { FirstPicture } from './pts.js';
import { type Range, rangesOf } from './ranges.js';
import { type PageMediaSource, sourceClass } from './support.js';

/** Bytes appended at once: a compromise between the number of calls and the delay of the first picture. */
const AT_ONCE = 512 * 1024;
/** Time until a full buffer is tried again, milliseconds. */
const RETRY = 500;
/** Media kept behind the picture when room has to be made, seconds. */
const KEPT_WHEN_FULL = 2;
/** Later than any moment that can be watched, seconds since the Unix epoch. */
const FOR_EVER = 2 ** 40;

export class MediaSourceFeed implements MediaFeed {
  readonly path = 'mse';
  readonly goesAhead = true;
  readonly #element: HTMLVideoElement;
  readonly #events: FeedEvents;
  readonly #type: string;
  readonly #source: PageMediaSource;
  readonly #url: string;
  #buffer: SourceBuffer | null = null;
  #first: FirstPicture | null = null;
  #isReady = false;
  readonly #queue: Uint8Array<ArrayBuffer>[] = [];
  #queued = 0;
  #removeBefore: number | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #isClosed = false;

  /** `type`: of what is appended, a MIME type with codecs. */
  constructor(element: HTMLVideoElement, events: FeedEvents, type: string) {
    this.#element = element;
    this.#events = events;
    this.#type = type;
    const { MediaSource, isManaged } = sourceClass()!;
    this.#source = new MediaSource();
    this.#source.addEventListener('sourceopen', () => this.#opened(), { once: true });
    if (isManaged) {
      element.disableRemotePlayback = true;
      this.#source.addEventListener('startstreaming', () => this.#work());
    }
    this.#url = URL.createObjectURL(this.#source as MediaSource);
    element.src = this.#url;
  }

  get queued(): number {
    return this.#queued;
  }

  begin(first: FirstPicture): void {
    this.#first = first;
    this.#prepare();
  }

  append(packets: Uint8Array<ArrayBuffer>): void {
    this.#queue.push(packets);
    this.#queued += packets.length;
    this.#work();
  }

  toMedia(pts: Millis): number {
    return pts / 1000;
  }

  toPts(media: number): Millis {
    return Millis(media * 1000);
  }

  ranges(): Range[] {
    return this.#buffer && !this.#isClosed ? rangesOf(this.#element.buffered) : [];
  }

  removeBefore(media: number): void {
    this.#removeBefore = Math.max(media, this.#removeBefore ?? 0);
    this.#work();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearTimeout(this.#retry);
    this.#queue.length = 0;
    this.#queued = 0;
    this.#element.removeAttribute('src');
    this.#element.load();
    URL.revokeObjectURL(this.#url);
  }

  #opened(): void {
    if (this.#isClosed) return;
    this.#source.duration = Number.POSITIVE_INFINITY;
    // Lets the element seek to a time that is not buffered yet.
    this.#source.setLiveSeekableRange?.(0, FOR_EVER);
    this.#buffer = this.#source.addSourceBuffer(this.#type);
    this.#buffer.addEventListener('updateend', () => this.#work());
    this.#buffer.addEventListener('error', () => this.#fail());
    this.#prepare();
  }

  #prepare(): void {
    if (!this.#buffer || !this.#first || this.#isReady) return;
    // A player takes the first time stamp unchanged, and unwraps later ones at 2^33 itself.
    const { pts, wrapped } = this.#first;
    this.#buffer.timestampOffset = pts / 1000 - wrapped / TICKS_PER_SECOND;
    this.#isReady = true;
    this.#events.onReady();
    this.#work();
  }

  #work(): void {
    const buffer = this.#buffer;
    if (!this.#isReady || !buffer || buffer.updating || this.#isClosed || this.#source.readyState !== 'open') return;
    if (this.#removeBefore !== null) {
      const end = this.#removeBefore;
      this.#removeBefore = null;
      if (end > 0) {
        buffer.remove(0, end);
        return;
      }
    }
    if (this.#queue.length === 0 || this.#source.streaming === false || this.#retry !== undefined) return;
    const packets = this.#take();
    try {
      buffer.appendBuffer(packets);
    } catch (error) {
      if (error instanceof DOMException && error.name === 'QuotaExceededError') this.#full(packets);
      else this.#fail();
    }
  }

  #take(): Uint8Array<ArrayBuffer> {
    const taken: Uint8Array<ArrayBuffer>[] = [];
    let length = 0;
    for (const next of this.#queue) {
      if (taken.length > 0 && length + next.length > AT_ONCE) break;
      taken.push(next);
      length += next.length;
    }
    this.#queue.splice(0, taken.length);
    this.#queued -= length;
    const [first] = taken;
    if (first && taken.length === 1) return first;
    const all = new Uint8Array(length);
    let offset = 0;
    for (const each of taken) {
      all.set(each, offset);
      offset += each.length;
    }
    return all;
  }

  /** Playing makes room over time; media that was played is removed at once. */
  #full(packets: Uint8Array<ArrayBuffer>): void {
    this.#queue.unshift(packets);
    this.#queued += packets.length;
    this.#removeBefore = this.#element.currentTime - KEPT_WHEN_FULL;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.#work();
    }, RETRY);
  }

  #fail(): void {
    if (!this.#isClosed) this.#events.onFailed();
  }
}
