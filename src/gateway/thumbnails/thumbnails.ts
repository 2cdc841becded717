/** Small pictures of each station's stream, made every few seconds while a page shows them. */
import { messageOf, Problem } from '../../base/problem.js';
import type { Timers } from '../../base/timers.js';
import { Millis, type Ticks90k } from '../../base/units.js';
import type { StationFormat } from '../../wire/station-format.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { Catalogue, StationSource } from '../source.js';
import { firstPicture, type Picture } from './first-picture.js';

/** Pixels. */
const WIDTH = 320;
const INTERVAL = Millis(5_000);
/** Longest wait for a station's first picture. */
const PATIENCE = Millis(3_000);
/** Stations that are read at once. */
const MOST_AT_ONCE = 4;
/** Most errors that are logged. */
const MOST_LOGGED = 20;
/** Largest JPEG picture of a station that is used unchanged where it cannot be scaled. */
const SMALL_ENOUGH = 64 * 1024;

export interface Thumbnail {
  /** A JPEG file. Shared: not to be written to. */
  readonly jpeg: Buffer;
  /** The moment that it shows (Unix epoch). */
  readonly time: Millis;
}

/** Scales pictures; the process that owns the gateway provides it. */
export interface ThumbnailMaker {
  /** False while pictures cannot be scaled: FFmpeg is not installed, or has just failed. */
  readonly isAble: boolean;
  /** `picture`: an access unit (Annex B) or a JPEG file. Returns a JPEG file, or null where it cannot be scaled. */
  make(job: { format: StationFormat; picture: Uint8Array; width: number }): Promise<Buffer | null>;
}

export interface ThumbnailsOptions {
  catalogue: Catalogue;
  /** Undefined: pictures are not scaled. */
  maker?: ThumbnailMaker;
  timers: Timers;
  /** Called with the first error of each kind that is no Problem. */
  log?(line: string): void;
  /** Time between two thumbnails of a station. */
  interval?: Millis;
}

export type ThumbnailListener = (station: StationInfo, thumbnail: Thumbnail) => void;

export interface ThumbnailSubscription {
  /** Replaces the stations whose thumbnails are sent. Stations off the air are ignored. */
  setStations(ids: readonly string[]): void;
  close(): void;
}

interface Subscriber {
  stations: ReadonlySet<string>;
  readonly listener: ThumbnailListener;
}

interface Entry {
  readonly id: string;
  /** Subscribers of this station. */
  subscribers: number;
  /** Callers of `latest` that wait for the next thumbnail. */
  waiting: ((thumbnail: Thumbnail | null) => void)[];
  /** When it is to be made, by the timers' clock. */
  due: Millis;
  isBusy: boolean;
  thumbnail: Thumbnail | null;
  /** When the station was read last, by the timers' clock. */
  readAt: Millis;
  /** When the thumbnail's picture left; null: the thumbnail is a poster. */
  sent: Ticks90k | null;
}

/**
 * Responsible for:
 * - when each station's thumbnail is made: at once for a new subscriber, then at its own moment of each interval
 * - the station's poster where no thumbnail can be made
 * - calling the subscribers
 * - forgetting stations that have gone
 */
export class Thumbnails {
  readonly #options: ThumbnailsOptions & { interval: Millis };
  readonly #entries = new Map<string, Entry>();
  readonly #subscribers = new Set<Subscriber>();
  /** Messages of errors. */
  readonly #logged = new Set<string>();
  #busy = 0;
  readonly #endListening: () => void;
  #cancelTimer = () => {};
  #isClosed = false;

  constructor(options: ThumbnailsOptions) {
    this.#options = { interval: INTERVAL, ...options };
    this.#endListening = options.catalogue.onChange(() => this.#forget());
  }

  /** Calls `listener` with each new thumbnail, never before `setStations` has returned. */
  subscribe(listener: ThumbnailListener): ThumbnailSubscription {
    const subscriber: Subscriber = { stations: new Set(), listener };
    this.#subscribers.add(subscriber);
    return {
      setStations: (ids) => this.#setStations(subscriber, ids),
      close: () => {
        this.#setStations(subscriber, []);
        this.#subscribers.delete(subscriber);
      },
    };
  }

  /** Number of stations whose thumbnails are kept. */
  get size(): number {
    return this.#entries.size;
  }

  /** The station's newest thumbnail, at most one interval old; null: there is no picture of it. */
  async latest(id: string): Promise<Thumbnail | null> {
    const { timers, interval, catalogue } = this.#options;
    if (this.#isClosed || !catalogue.find(id)) return null;
    const entry = this.#entry(id);
    if (this.#age(entry) < interval) return entry.thumbnail;
    return new Promise((resolve) => {
      entry.waiting.push(resolve);
      entry.due = timers.now();
      this.#schedule();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#endListening();
    this.#cancelTimer();
    this.#subscribers.clear();
    for (const { waiting, thumbnail } of this.#entries.values()) {
      for (const resolve of waiting.splice(0)) resolve(thumbnail);
    }
  }

  #setStations(subscriber: Subscriber, ids: readonly string[]): void {
    const { catalogue, timers, interval } = this.#options;
    if (!this.#subscribers.has(subscriber)) return;
    const before = subscriber.stations;
    subscriber.stations = new Set(ids.filter((id) => catalogue.find(id)));
    for (const id of before) this.#entry(id).subscribers--;
    this.#forget(before);
    for (const id of subscriber.stations) {
      const entry = this.#entry(id);
      entry.subscribers++;
      if (before.has(id)) continue;
      if (this.#age(entry) > interval) entry.due = Millis(Math.min(entry.due, timers.now()));
      else timers.after(Millis(0), () => this.#notify(entry, subscriber));
    }
    this.#schedule();
  }

  /** Drops those of these thumbnails whose station has gone and that nobody waits for. */
  #forget(ids: Iterable<string> = this.#entries.keys()): void {
    for (const id of ids) {
      if (this.#options.catalogue.find(id)) continue;
      const { subscribers, waiting, isBusy } = this.#entry(id);
      if (subscribers === 0 && waiting.length === 0 && !isBusy) this.#entries.delete(id);
    }
  }

  #age({ thumbnail, readAt }: Entry): Millis {
    return Millis(thumbnail === null ? Number.POSITIVE_INFINITY : this.#options.timers.now() - readAt);
  }

  #notify({ id, thumbnail }: Entry, { stations, listener }: Subscriber): void {
    const info = this.#options.catalogue.find(id)?.info;
    if (info && thumbnail && stations.has(id)) listener(info, thumbnail);
  }

  #entry(id: string): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      entry = {
        id,
        subscribers: 0,
        waiting: [],
        due: this.#options.timers.now(),
        isBusy: false,
        thumbnail: null,
        readAt: Millis(Number.NEGATIVE_INFINITY),
        sent: null,
      };
      this.#entries.set(id, entry);
    }
    return entry;
  }

  /** Starts what is due, up to MOST_AT_ONCE, and sets the timer for the next one. */
  #schedule(): void {
    this.#cancelTimer();
    const { timers } = this.#options;
    const queue = [...this.#entries.values()]
      .filter(({ isBusy, waiting, subscribers }) => !isBusy && (waiting.length > 0 || subscribers > 0))
      .sort((a, b) => a.due - b.due);
    for (const entry of queue) {
      if (this.#isClosed || this.#busy === MOST_AT_ONCE) return;
      const delay = Millis(entry.due - timers.now());
      if (delay > 0) {
        this.#cancelTimer = timers.after(delay, () => this.#schedule());
        return;
      }
      this.#busy++;
      entry.isBusy = true;
      void this.#renew(entry).finally(() => {
        this.#busy--;
        entry.isBusy = false;
        this.#schedule();
      });
    }
  }

  async #renew(entry: Entry): Promise<void> {
    const { catalogue, timers } = this.#options;
    const source = catalogue.find(entry.id);
    const thumbnail = source ? await this.#make(entry, source) : null;
    entry.readAt = timers.now();
    entry.due = this.#nextDue(source?.info.number ?? 0);
    const isNew = thumbnail !== null && thumbnail !== entry.thumbnail;
    if (thumbnail !== null) entry.thumbnail = thumbnail;
    for (const resolve of entry.waiting.splice(0)) resolve(entry.thumbnail);
    if (isNew) for (const subscriber of this.#subscribers) this.#notify(entry, subscriber);
  }

  /** The golden ratio spreads any set of station numbers evenly over the interval. */
  #nextDue(station: number): Millis {
    const { timers, interval } = this.#options;
    const phase = ((station * 0.618034) % 1) * interval;
    return Millis(Math.ceil((timers.now() + interval / 2 - phase) / interval) * interval + phase);
  }

  /** Returns the thumbnail of before while the station still starts with the same picture. */
  async #make(entry: Entry, source: StationSource): Promise<Thumbnail | null> {
    const { maker, timers } = this.#options;
    const { format, width } = source.info;
    if (format === 'jpeg' || maker?.isAble) {
      const picture = await firstPicture(source, timers, PATIENCE).catch((error: unknown) => this.#none(error));
      if (picture !== null && picture.sent === entry.sent) return entry.thumbnail;
      const jpeg = picture && (await this.#scale(picture, format, width));
      if (picture && jpeg) {
        entry.sent = picture.sent;
        return { jpeg, time: picture.time };
      }
    }
    if (entry.thumbnail !== null && entry.sent !== null) return entry.thumbnail;
    const poster = await source.poster().catch((error: unknown) => this.#none(error));
    if (poster === null || entry.thumbnail?.jpeg.equals(poster)) return entry.thumbnail;
    return { jpeg: poster, time: source.now() };
  }

  /** A station that cannot be read has no picture; those that read it report why. Other errors are logged. */
  #none(error: unknown): null {
    const text = messageOf(error);
    if (error instanceof Problem || this.#logged.has(text) || this.#logged.size >= MOST_LOGGED) return null;
    this.#logged.add(text);
    this.#options.log?.(`A thumbnail could not be made: ${text}`);
    return null;
  }

  async #scale({ data }: Picture, format: StationFormat, width: number): Promise<Buffer | null> {
    const isSmall = format === 'jpeg' && data.length <= SMALL_ENOUGH;
    if (isSmall && width <= WIDTH) return data;
    const scaled = await this.#options.maker?.make({ format, picture: data, width: WIDTH });
    return scaled ?? (isSmall ? data : null);
  }
}
