/** The page's state, its events and its effects. Times are milliseconds since the Unix epoch. */
import { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';
import { NOTICE_TIME } from '../../../src/contract/viewing.js';

/** One of up to four pictures on the screen. */
export interface Picture {
  /** Unique. */
  id: number;
  /** Id of its station. */
  station: string;
  paused: boolean;
}

/** A dialog over the wall or the picture, which has the keys. */
export type Dialog = 'menu' | 'list' | 'guide' | 'more' | 'timer' | 'keys';

export interface Notice {
  text: string;
  /** When it disappears; null: at the next change. */
  until: Millis | null;
}

export interface PageState {
  view: 'wall' | 'watch';
  /** In order of number. */
  stations: readonly LiveStation[];
  /** Empty on the wall. */
  pictures: readonly Picture[];
  /** Id of the picture that keys act on, and that has sound. */
  focus: number;
  /** Ids of the last station watched, and of the one before it. */
  last: string | null;
  previous: string | null;
  dialog: Dialog | null;
  /** A station chosen from the list is added beside the other pictures. */
  adding: boolean;
  /** The search field of the list has the focus. */
  searching: boolean;
  /** Digits typed of a station's number, and when the last was typed. */
  typed: string;
  typedAt: Millis;
  notice: Notice | null;
  /** Until when "now and next" is shown. */
  bannerUntil: Millis;
  statistics: boolean;
  /** Ids of stations. */
  favourites: readonly string[];
  /** When the sleep timer stops the pictures; null: off. */
  sleepAt: Millis | null;
  /** The moment sought last, and when: several presses add up before the first picture is there. */
  sought: { picture: number; time: Millis; at: Millis } | null;
}

/** A page's address: the wall, or stations, the first of which may begin at a moment. */
export interface Address {
  stations: readonly string[];
  time: Millis | null;
}

export type PageEvent =
  | { type: 'key'; key: string }
  | { type: 'stations'; stations: readonly LiveStation[] }
  /** A station was clicked; `at`: the moment to begin at. */
  | { type: 'choose'; station: string; at?: Millis }
  | { type: 'seek'; time: Millis }
  | { type: 'address'; address: Address }
  | { type: 'focus'; picture: number }
  | { type: 'favourite'; station: string }
  /** Minutes from now; null: off. */
  | { type: 'sleep'; minutes: number | null }
  | { type: 'open'; dialog: Dialog }
  | { type: 'close' }
  /** `brief`: read at a glance. */
  | { type: 'notice'; text: string; brief?: boolean }
  /** Once a second, and after a typed number has timed out. */
  | { type: 'tick' };

/** Facts outside of the state: the clock, and the position of the picture in focus. */
export interface Facts {
  now: Millis;
  /** The moment of the picture in focus, and its distance from live. */
  time: Millis | null;
  behind: Millis | null;
  /** The beginning of the programme shown; null while unknown. */
  programmeFrom: Millis | null;
}

export type Effect =
  | { type: 'tune'; picture: number; station: string; at?: Millis }
  | { type: 'pause' | 'resume' | 'live'; picture: number }
  | { type: 'seek'; picture: number; time: Millis }
  /** Change of the volume, of 1. */
  | { type: 'volume'; by: number }
  | {
      type:
        | 'mute'
        | 'next-sound'
        | 'next-subtitles'
        | 'full-screen'
        | 'picture-in-picture'
        | 'copy-link'
        | 'search'
        | 'controls';
    };

export interface Step {
  state: PageState;
  effects: readonly Effect[];
}

export const MOST_PICTURES = 4;
export const BRIEF_TIME = Millis(2000);
export const focused = (state: PageState): Picture | null =>
  state.pictures.find(({ id }) => id === state.focus) ?? null;

export const findStation = (state: PageState, id: string | undefined): LiveStation | null =>
  state.stations.find((station) => station.id === id) ?? null;

export const stay = (state: PageState): Step => ({ state, effects: [] });

export const withNotice = (state: PageState, text: string, now: Millis, time = NOTICE_TIME): PageState => ({
  ...state,
  notice: { text, until: Millis(now + time) },
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
    typedAt: Millis(0),
    notice: null,
    bannerUntil: Millis(0),
    statistics: false,
    favourites: kept.favourites,
    sleepAt: null,
    sought: null,
  };
}
