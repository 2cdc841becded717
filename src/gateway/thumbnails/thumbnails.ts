/** Pictures of the truth: what each station sends now, made small every few seconds while somebody looks. */
import type { Timers } from '../../base/timers.js';
import type { Millis, Ticks90k } from '../../base/units.js';
import type { ThumbnailJob } from '../../reel/thumbnail-child.js';
import type { StationInfo } from '../../wire/station-info.js';
import type { Catalogue, StationSource } from '../source.js';
import { firstPicture, type Picture } from './first-picture.js';

/** Pixels. */
const WIDTH = 320;
const INTERVAL: Millis = 5_000;
/** How long a station may take to come up with a picture. */
const PATIENCE: Millis = 3_000;
/** Stations that are read at once. */
const MOST_AT_ONCE = 4;
/** A station's own JPEG picture up to this size does without being made smaller, where that cannot be done. */
const SMALL_ENOUGH = 64 * 1024;

export interface Still {
  /** A JPEG file; nobody writes to it. */
  readonly jpeg: Buffer;
  /** The moment that it shows (Unix epoch). */
  readonly time: Millis;
}

/** Makes pictures small: ThumbnailChild. */
export interface ThumbnailMaker {
  readonly isAble: boolean;
  make(job: ThumbnailJob): Promise<Buffer | null>;
}

export interface StillsOptions {
  catalogue: Catalogue;
  maker: ThumbnailMaker;
  timers: Timers;
  /** From one still of a station to its next. */
  interval?: Millis;
}

/** What somebody who looks is told. */
export type ThumbnailListener = (station: StationInfo, still: Still) => void;

export interface StillsWish {
  /** From now on these stations' thumbnails, instead of those before. Those that are not on the air are passed over. */
  want(stations: readonly string[]): void;
  close(): void;
}

interface Wish {
  stations: ReadonlySet<string>;
  readonly listener: ThumbnailListener;
}

interface Entry {
  readonly id: string;
  /** Wishes for it. */
  wanted: number;
  /** Wait for the next one. */
  asked: ((still: Still | null) => void)[];
  /** By the timers' clock. */
  due: Millis;
  isBusy: boolean;
  still: Still | null;
  /** When its still was looked after last, by the timers' clock. */
  looked: Millis;
  /** When the picture of its still left; null where it is no picture of the stream. */
  sent: Ticks90k | null;
}

/**
 * It is in charge of:
 * - when which station's picture is made: at once when it is wanted, then at moments of its own in each interval
 * - what is shown where none can be made: the station's poster
 * - telling those who look
 */
export class Thumbnails {
  readonly #options: Required<StillsOptions>;
  readonly #entries = new Map<string, Entry>();
  readonly #wishes = new Set<Wish>();
  #busy = 0;
  #cancelTimer = () => {};
  #isClosed = false;

  constructor(options: StillsOptions) {
    this.#options = { interval: INTERVAL, ...options };
  }

  /** `listener` is not called before `want` returned, then with each new still. */
  look(listener: ThumbnailListener): StillsWish {
    const wish: Wish = { stations: new Set(), listener };
    this.#wishes.add(wish);
    return {
      want: (stations) => this.#want(wish, stations),
      close: () => {
        this.#want(wish, []);
        this.#wishes.delete(wish);
      },
    };
  }

  /** The station's newest still, at most an interval old; null where there is no picture of it at all. */
  async latest(id: string): Promise<Still | null> {
    const { timers, interval, catalogue } = this.#options;
    if (this.#isClosed || !catalogue.find(id)) return null;
    const entry = this.#entry(id);
    if (this.#age(entry) < interval) return entry.still;
    return new Promise((resolve) => {
      entry.asked.push(resolve);
      entry.due = timers.now();
      this.#look();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTimer();
    this.#wishes.clear();
    for (const { asked, still } of this.#entries.values()) for (const answer of asked.splice(0)) answer(still);
  }

  #want(wish: Wish, stations: readonly string[]): void {
    const { catalogue, timers } = this.#options;
    if (!this.#wishes.has(wish)) return;
    const before = wish.stations;
    wish.stations = new Set(stations.filter((id) => catalogue.find(id)));
    for (const id of before) this.#entry(id).wanted--;
    for (const id of wish.stations) {
      const entry = this.#entry(id);
      entry.wanted++;
      if (before.has(id)) continue;
      if (this.#age(entry) > this.#options.interval) entry.due = Math.min(entry.due, timers.now());
      else timers.after(0, () => this.#show(entry, wish));
    }
    this.#look();
  }

  /** How long ago the station was looked at. */
  #age({ still, looked }: Entry): Millis {
    return still === null ? Number.POSITIVE_INFINITY : this.#options.timers.now() - looked;
  }

  #show({ id, still }: Entry, wish: Wish): void {
    const info = this.#options.catalogue.find(id)?.info;
    if (info && still && wish.stations.has(id)) wish.listener(info, still);
  }

  #entry(id: string): Entry {
    let entry = this.#entries.get(id);
    if (entry === undefined) {
      const due = this.#options.timers.now();
      entry = {
        id,
        wanted: 0,
        asked: [],
        due,
        isBusy: false,
        still: null,
        looked: Number.NEGATIVE_INFINITY,
        sent: null,
      };
      this.#entries.set(id, entry);
    }
    return entry;
  }

  /** Takes up whatever is due, as much as may be at once, and sets the timer for what comes next. */
  #look(): void {
    this.#cancelTimer();
    const { timers } = this.#options;
    const waiting = [...this.#entries.values()]
      .filter(({ isBusy, asked, wanted }) => !isBusy && (asked.length > 0 || wanted > 0))
      .sort((a, b) => a.due - b.due);
    for (const entry of waiting) {
      if (this.#isClosed || this.#busy === MOST_AT_ONCE) return;
      const wait = entry.due - timers.now();
      if (wait > 0) {
        this.#cancelTimer = timers.after(wait, () => this.#look());
        return;
      }
      this.#busy++;
      entry.isBusy = true;
      void this.#renew(entry).finally(() => {
        this.#busy--;
        entry.isBusy = false;
        this.#look();
      });
    }
  }

  async #renew(entry: Entry): Promise<void> {
    const { catalogue, timers } = this.#options;
    const source = catalogue.find(entry.id);
    const still = source ? await this.#picture(entry, source) : null;
    entry.looked = timers.now();
    entry.due = this.#next(source?.info.number ?? 0);
    const isNew = still !== null && still !== entry.still;
    if (still !== null) entry.still = still;
    for (const answer of entry.asked.splice(0)) answer(entry.still);
    if (isNew) for (const wish of this.#wishes) this.#show(entry, wish);
  }

  /** The golden ratio spreads any numbers evenly over the interval. */
  #next(station: number): Millis {
    const { timers, interval } = this.#options;
    const phase = ((station * 0.618034) % 1) * interval;
    return Math.ceil((timers.now() + interval / 2 - phase) / interval) * interval + phase;
  }

  /** The still that there is where the station still begins with the same picture. */
  async #picture(entry: Entry, source: StationSource): Promise<Still | null> {
    const { maker, timers } = this.#options;
    const { format, width } = source.info;
    if (format === 'jpeg' || maker.isAble) {
      const picture = await firstPicture(source, timers, PATIENCE);
      if (picture !== null && picture.sent === entry.sent) return entry.still;
      const jpeg = picture && (await this.#small(picture, format, width));
      if (picture && jpeg) {
        entry.sent = picture.sent;
        return { jpeg, time: picture.time };
      }
    }
    if (entry.still !== null && entry.sent !== null) return entry.still;
    const poster = await source.poster().catch(() => null);
    if (poster === null || entry.still?.jpeg.equals(poster)) return entry.still;
    return { jpeg: poster, time: source.now() };
  }

  async #small({ data }: Picture, format: StationInfo['format'], width: number): Promise<Buffer | null> {
    const isSmall = format === 'jpeg' && data.length <= SMALL_ENOUGH;
    if (isSmall && width <= WIDTH) return data;
    return (await this.#options.maker.make({ format, picture: data, width: WIDTH })) ?? (isSmall ? data : null);
  }
}
