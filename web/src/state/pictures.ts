/** The pictures on the screen: choosing, adding and removing stations; next and previous. */
import { Millis } from '../../../src/base/units.js';
import { BANNER_TIME } from '../../../src/contract/viewing.js';
import {
  type Address,
  type Facts,
  findStation,
  focused,
  MOST_PICTURES,
  type PageState,
  type Picture,
  type Step,
  stay,
  withNotice,
} from './state.js';

const closed = { dialog: null, adding: false, searching: false, typed: '', notice: null } as const;

/** Shows a station in the picture in focus, or beside the others if one is being added. */
export function choose(state: PageState, station: string, { now }: Pick<Facts, 'now'>, at?: Millis): Step {
  if (state.adding && state.pictures.length > 0) return add(state, station, now);
  const old = focused(state);
  if (old?.station === station && at === undefined) {
    const pictures = state.pictures.map((each) => (each === old ? { ...each, paused: false } : each));
    const shown: PageState = { ...state, ...closed, view: 'watch', pictures, bannerUntil: Millis(now + BANNER_TIME) };
    return { state: shown, effects: old.paused ? [{ type: 'resume', picture: old.id }] : [] };
  }
  const id = old?.id ?? state.focus + 1;
  const tuned: Picture = { id, station, paused: false };
  const pictures = old ? state.pictures.map((each) => (each === old ? tuned : each)) : [tuned];
  const next: PageState = {
    ...state,
    ...closed,
    view: 'watch',
    pictures,
    focus: id,
    bannerUntil: Millis(now + BANNER_TIME),
  };
  const effect = { type: 'tune', picture: id, station, ...(at === undefined ? {} : { at }) } as const;
  return { state: remember({ ...next, sought: null }, station), effects: [effect] };
}

function add(state: PageState, station: string, now: Millis): Step {
  const shown = state.pictures.find((each) => each.station === station);
  if (shown) return stay(focusOn({ ...state, ...closed }, shown.id));
  const id = Math.max(...state.pictures.map((each) => each.id)) + 1;
  const pictures = [...state.pictures, { id, station, paused: false }];
  const next: PageState = { ...state, ...closed, pictures, focus: id, bannerUntil: Millis(now + BANNER_TIME) };
  return { state: remember(next, station), effects: [{ type: 'tune', picture: id, station }] };
}

const remember = (state: PageState, station: string): PageState =>
  station === state.last ? state : { ...state, last: station, previous: state.last };

export const focusOn = (state: PageState, picture: number): PageState =>
  state.focus === picture || !state.pictures.some(({ id }) => id === picture)
    ? state
    : { ...state, focus: picture, sought: null };

/** Opens the list to add a picture, if there is room. */
export function openAdding(state: PageState, now: Millis): PageState {
  if (state.pictures.length >= MOST_PICTURES) {
    return withNotice(
      { ...state, dialog: null },
      `At most ${MOST_PICTURES} pictures are shown at once. Press x to remove one.`,
      now,
    );
  }
  return { ...state, dialog: 'list', adding: true, searching: false, typed: '' };
}

/** Removes the picture in focus, unless it is the only one. */
export function removePicture(state: PageState): PageState {
  if (state.pictures.length < 2) return state;
  const at = state.pictures.findIndex(({ id }) => id === state.focus);
  const pictures = state.pictures.filter(({ id }) => id !== state.focus);
  return focusOn({ ...state, pictures, dialog: null }, pictures[Math.min(at, pictures.length - 1)]!.id);
}

/** The next or previous station by number, except those shown in other pictures. */
export function neighbour(state: PageState, by: 1 | -1): string | null {
  const current = focused(state)?.station;
  const free = state.stations.filter(
    ({ id }) => id === current || !state.pictures.some((picture) => picture.station === id),
  );
  const at = free.findIndex(({ id }) => id === current);
  if (at < 0) return free[0]?.id ?? null;
  return free.length < 2 ? null : free[(at + by + free.length) % free.length]!.id;
}

/** Back to the wall. */
export const leave = (state: PageState): PageState => ({
  ...state,
  ...closed,
  view: 'wall',
  pictures: [],
  statistics: false,
  sleepAt: null,
  sought: null,
});

/** The page's address has changed, by a link or in the browser's history. A station's number works like its id. */
export function goTo(state: PageState, { stations, time }: Address, { now }: Pick<Facts, 'now'>): Step {
  if (stations.length === 0) return stay(state.view === 'wall' ? state : leave(state));
  const wanted = stations
    .map((id) => (findStation(state, id) ?? state.stations.find(({ number }) => String(number) === id))?.id ?? id)
    .slice(0, MOST_PICTURES);
  const shown = state.pictures.map(({ station }) => station);
  if (time === null && wanted.join() === shown.join()) return stay(state);
  const first = Math.max(0, ...state.pictures.map(({ id }) => id), state.focus) + 1;
  const pictures = wanted.map((station, index) => ({ id: first + index, station, paused: false }));
  const next: PageState = {
    ...state,
    ...closed,
    view: 'watch',
    pictures,
    focus: first,
    bannerUntil: Millis(now + BANNER_TIME),
  };
  return {
    state: remember({ ...next, sought: null }, wanted[0]!),
    effects: pictures.map(({ id, station }, index) => ({
      type: 'tune',
      picture: id,
      station,
      ...(index === 0 && time !== null ? { at: time } : {}),
    })),
  };
}
