/** Splits a list of stations into datagrams, and reassembles it. */

import { wrappedDistance } from '../base/units.js';
import { bodyLength, MAX_BODY_LENGTH, type Message } from './message.js';
import type { StationInfo } from './station-info.js';

/** Pages sent for one START, so that a burst (16 × 1,400 bytes) fits any receive buffer. */
export const PAGES_PER_REQUEST = 16;

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

/** Responsible for: collecting pages in any order, with duplicates, and keeping revisions apart. */
export class PageCollector {
  #revision: number | undefined;
  #pages: (StationInfo[] | undefined)[] = [];
  #missing = 1;

  /** Takes one page; true if it was new. Pages of an earlier revision are ignored. */
  add({ revision, page, pages, body }: Message<'stations'>): boolean {
    const newer = this.#revision === undefined || wrappedDistance(this.#revision, revision, REVISION_MODULUS) > 0;
    if (newer) {
      this.#revision = revision;
      this.#pages = new Array<StationInfo[] | undefined>(pages).fill(undefined);
      this.#missing = pages;
    }
    if (revision !== this.#revision || pages !== this.#pages.length || this.#pages[page] !== undefined) return false;
    this.#pages[page] = body;
    this.#missing--;
    return true;
  }

  get isComplete(): boolean {
    return this.#missing === 0;
  }

  /** The page to ask for next. */
  get firstMissing(): number {
    return Math.max(0, this.#pages.indexOf(undefined));
  }

  /** Whether all pages that answer a START for `page` have arrived. */
  isAnswered(page: number): boolean {
    const end = Math.min(page + PAGES_PER_REQUEST, this.#pages.length);
    return this.#revision !== undefined && !this.#pages.slice(page, end).includes(undefined);
  }

  /** The stations so far, in page order. */
  get stations(): StationInfo[] {
    return this.#pages.flatMap((page) => page ?? []);
  }
}
