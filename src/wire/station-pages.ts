/** Splits a list of stations into datagrams, and reassembles it. */

import { wrappedDistance } from '../base/units.js';
import { bodyLength, MAX_BODY_LENGTH, type Message } from './message.js';
import { readStationInfo, type StationInfo } from './station-info.js';

/** Pages sent for one START, so that a burst (16 × 1,400 bytes) fits any receive buffer. */
export const PAGES_PER_REQUEST = 16;

/** Pages that are collected of one list of any length: with one station on each, 4,096 stations. */
export const MOST_PAGES = 4_096;
/** Times that a list may begin again while it is collected: a server whose stations come and go has a new one each time. */
const MOST_REVISIONS = 16;

const REVISION_MODULUS = 0x1_0000;

/** Bytes of TUNED without its station. */
const TUNED_FRAME = (
  '{"station":,"next":9007199254740991,"serverTime":9007199254740.9999,"members":65535,' +
  '"burst":{"flow":4294967295,"from":9007199254740991,"time":9007199254740.9999}}'
).length;

/** In order of shortening. */
const shortenable = ['nowPlaying', 'next', 'server', 'name', 'videoCodec', 'audioCodec', 'aspectRatio'] as const;

const shortened = (text: string, characters: number): string => {
  const all = Array.from(text); // by code points: no surrogate pair is torn
  return all.length <= characters ? text : `${all.slice(0, characters - 1).join('')}…`;
};

/**
 * The station, its texts shortened until it fits one datagram, alone or in TUNED; null where that does not help.
 * Ordinary stations are returned unchanged.
 */
export function fitStation(station: StationInfo): StationInfo | null {
  const limit = MAX_BODY_LENGTH - TUNED_FRAME;
  let fitted = station;
  for (const characters of [60, 20, 6]) {
    for (const field of shortenable) {
      if (bodyLength(fitted) <= limit) return fitted;
      const text = fitted[field];
      if (typeof text === 'string') fitted = { ...fitted, [field]: shortened(text, characters) };
    }
  }
  return bodyLength(fitted) <= limit ? fitted : null;
}

/** The bodies of STATIONS messages: as many stations in each as fit, in order. One empty page for no stations. */
export function paginate(stations: readonly StationInfo[]): StationInfo[][] {
  const pages: StationInfo[][] = [[]];
  let length = 2; // the brackets
  for (const station of stations) {
    const fitted = fitStation(station);
    if (fitted === null) continue;
    const page = pages[pages.length - 1]!;
    const added = bodyLength(fitted) + (page.length > 0 ? 1 : 0); // its comma
    if (length + added <= MAX_BODY_LENGTH) {
      page.push(fitted);
      length += added;
    } else {
      pages.push([fitted]);
      length = 2 + bodyLength(fitted);
    }
  }
  return pages;
}

/**
 * Responsible for:
 * - collecting pages in any order, with duplicates, and keeping revisions apart
 * - leaving out stations that no server can have, and pages beyond MOST_PAGES
 */
export class PageCollector {
  #revision: number | undefined;
  #revisions = 0;
  /** Pages of the list, those beyond MOST_PAGES included. */
  #length = 0;
  readonly #pages = new Map<number, readonly StationInfo[]>();
  #firstMissing = 0;
  #count = 0;
  readonly #faults = new Map<string, number>();
  #isStopped = false;

  /** Takes one page; true if it was new. Pages of an earlier revision are ignored, and of any after MOST_REVISIONS. */
  add({ revision, page, pages, body }: Message<'stations'>): boolean {
    if (this.#isStopped) return false;
    const newer = this.#revision === undefined || wrappedDistance(this.#revision, revision, REVISION_MODULUS) > 0;
    if (newer && this.#revisions < MOST_REVISIONS) this.#begin(revision, pages);
    if (revision !== this.#revision || pages !== this.#length) return false;
    if (page >= MOST_PAGES || this.#pages.has(page)) return false;
    const stations: StationInfo[] = [];
    for (const each of body) {
      const read = readStationInfo(each);
      if ('fault' in read) this.#faults.set(read.fault, (this.#faults.get(read.fault) ?? 0) + 1);
      else stations.push(read);
    }
    this.#pages.set(page, stations);
    this.#count += stations.length;
    while (this.#pages.has(this.#firstMissing)) this.#firstMissing++;
    return true;
  }

  /** Whether nothing is to be asked for any more. */
  get isComplete(): boolean {
    return this.#isStopped || (this.#revision !== undefined && this.#firstMissing >= this.#wanted);
  }

  /** Whether the list goes on beyond what was taken of it. */
  get isCut(): boolean {
    return this.#pages.size < this.#length;
  }

  /** The page to ask for next. */
  get firstMissing(): number {
    return this.#firstMissing < this.#wanted ? this.#firstMissing : 0;
  }

  /** Whether all pages that answer a START for `page` have arrived. */
  isAnswered(page: number): boolean {
    const end = Math.min(page + PAGES_PER_REQUEST, this.#wanted);
    for (let each = page; each < end; each++) if (!this.#pages.has(each)) return false;
    return this.#revision !== undefined;
  }

  /** Number of the stations so far. */
  get count(): number {
    return this.#count;
  }

  /** The stations so far, in page order. */
  get stations(): StationInfo[] {
    return [...this.#pages].sort(([a], [b]) => a - b).flatMap(([, stations]) => stations);
  }

  /** Fields that no station can have as they were described, and the number of stations left out for each. */
  get faults(): ReadonlyMap<string, number> {
    return this.#faults;
  }

  /** Takes no more pages. */
  stop(): void {
    this.#isStopped = true;
  }

  get #wanted(): number {
    return Math.min(this.#length, MOST_PAGES);
  }

  #begin(revision: number, pages: number): void {
    this.#revision = revision;
    this.#revisions++;
    this.#length = pages;
    this.#pages.clear();
    this.#faults.clear();
    this.#firstMissing = 0;
    this.#count = 0;
  }
}
