/** What the page shows, what happens to it, and what has to be done for it. Times are milliseconds since the Unix epoch. */
import type { LiveStation } from '../../../src/contract/live.js';
import { NOTICE_TIME } from '../../../src/contract/viewing.js';

/** One of up to four pictures on the screen. */
export interface Picture {
  /** Never used twice. */
  id: number;
  /** Id of its station. */
  station: string;
  paused: boolean;
}

/** What lies over the wall or the picture and takes the keys. */
export type Dialog = 'menu' | 'list' | 'guide' | 'more' | 'timer' | 'keys';

export interface Notice {
  text: string;
  /** When it goes away; null: when something else happens. */
  until: number | null;
}

export interface PageState {
  view: 'wall' | 'watch';
  /** In order of number. */
  stations: readonly LiveStation[];
  /** None on the wall. */
  pictures: readonly Picture[];
  /** Id of the picture that keys mean, and that is heard. */
  focus: number;
  /** Ids of the station that was watched last and of the one before. */
  last: string | null;
  previous: string | null;
  dialog: Dialog | null;
  /** What is chosen from the list stands beside the other pictures, not in place of one. */
  adding: boolean;
  /** The list begins with its search field. */
  searching: boolean;
  /** Digits of a station's number so far, and when the last came. */
  typed: string;
  typedAt: number;
  notice: Notice | null;
  /** Until when "now and next" is shown. */
  bannerUntil: number;
  statistics: boolean;
  /** Ids of stations. */
  favourites: readonly string[];
  /** When the pictures are put out; null: never. */
  sleepAt: number | null;
  /** The moment that was sought last, and when: several presses add up before the first picture is there. */
  sought: { picture: number; time: number; at: number } | null;
}

/** A page's address: the wall, or stations, the first of them at a moment. */
export interface Address {
  stations: readonly string[];
  time: number | null;
}

export type PageEvent =
  | { type: 'key'; key: string }
  | { type: 'stations'; stations: readonly LiveStation[] }
  /** A station was clicked; `at`: from that moment on. */
  | { type: 'choose'; station: string; at?: number }
  | { type: 'seek'; time: number }
  | { type: 'address'; address: Address }
  | { type: 'focus'; picture: number }
  | { type: 'favourite'; station: string }
  /** Minutes from now; null: no more. */
  | { type: 'sleep'; minutes: number | null }
  | { type: 'open'; dialog: Dialog }
  | { type: 'close' }
  /** `brief`: what is seen at a glance. */
  | { type: 'notice'; text: string; brief?: boolean }
  /** Comes once a second and when a number has been typed. */
  | { type: 'tick' };

/** What the state does not hold: the clock, and where the picture in focus is. */
export interface Facts {
  now: number;
  /** The moment of its picture, and how far that is behind live. */
  time: number | null;
  behind: number | null;
  /** The beginning of the programme that is shown; null where that is not known. */
  programmeFrom: number | null;
}

export type Effect =
  | { type: 'tune'; picture: number; station: string; at?: number }
  | { type: 'pause' | 'resume' | 'live'; picture: number }
  | { type: 'seek'; picture: number; time: number }
  /** Louder by so much, of 1. */
  | { type: 'volume'; by: number }
  | { type: 'mute' | 'full-screen' | 'picture-in-picture' | 'copy-link' | 'search' | 'controls' };

export interface Step {
  state: PageState;
  effects: readonly Effect[];
}

export const MOST_PICTURES = 4;
export const BRIEF_TIME = 2000;
export const focused = (state: PageState): Picture | null =>
  state.pictures.find(({ id }) => id === state.focus) ?? null;

export const findStation = (state: PageState, id: string | undefined): LiveStation | null =>
  state.stations.find((station) => station.id === id) ?? null;

export const stay = (state: PageState): Step => ({ state, effects: [] });

export const tell = (state: PageState, text: string, now: number, time = NOTICE_TIME): PageState => ({
  ...state,
  notice: { text, until: now + time },
});

export function initialState(kept: { favourites: readonly string[]; last: string | null }): PageState {
  return {
    view: 'wall',
    stations: [],
    pictures: [],
    focus: 0,
    last: kept.last,
    previous: null,
    dialog: null,
    adding: false,
    searching: false,
    typed: '',
    typedAt: 0,
    notice: null,
    bannerUntil: 0,
    statistics: false,
    favourites: kept.favourites,
    sleepAt: null,
    sought: null,
  };
}
