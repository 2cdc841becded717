/**
 * The page's state machine: `update` returns the next state and the effects to carry out. Keys and texts are those of the
 * window of `msc watch` (src/viewer/model.ts). It knows neither the engine nor the document.
 *
 *     wall ──click, number──▶ watching ──p──▶ menu
 *      ▲                       │  ▲  ▲         │ │
 *      │                       c  │  └──3, p───┘ │
 *      │                       ▼  │              │
 *      │                      list ◀──────2──────┤
 *      └───────────────────1─────────────────────┘
 */
import { Millis } from '../../../src/base/units.js';
import {
  BANNER_TIME,
  isBehind,
  NOTICE_TIME,
  noStationText,
  TYPING_TIMEOUT,
  withDigit,
} from '../../../src/contract/viewing.js';
import { choose, focusOn, goTo, leave, neighbour, openAdding, removePicture } from './pictures.js';
import { onSeekKey, seekTo } from './seeking.js';
import {
  BRIEF_TIME,
  type Dialog,
  type Effect,
  type Facts,
  findStation,
  focused,
  type PageEvent,
  type PageState,
  type Step,
  stay,
  withNotice,
} from './state.js';

const LAST_MINUTE = 60_000;

/** The next state after `event`, and the effects to carry out, in order. */
export function update(state: PageState, event: PageEvent, facts: Facts): Step {
  switch (event.type) {
    case 'key':
      return onKey(state, event.key, facts);
    case 'stations':
      return stay({ ...state, stations: event.stations });
    case 'choose':
      return choose(state, event.station, facts, event.at);
    case 'seek':
      return seekTo(state, event.time, facts);
    case 'address':
      return goTo(state, event.address, facts);
    case 'focus':
      return stay(focusOn(state, event.picture));
    case 'favourite':
      return stay(withFavourite(state, event.station, facts.now));
    case 'sleep':
      return stay(withSleep(state, event.minutes, facts.now));
    case 'open':
      return stay({ ...state, dialog: event.dialog });
    case 'close':
      return close(state);
    case 'notice':
      return stay(withNotice(state, event.text, facts.now, event.brief ? BRIEF_TIME : NOTICE_TIME));
    case 'tick':
      return onTick(state, facts);
  }
}

function onKey(state: PageState, key: string, facts: Facts): Step {
  if (state.dialog === 'menu') return onMenuKey(state, key, facts);
  if (key === 'esc' && state.dialog !== null) return close(state);
  if (/^[0-9]$/.test(key)) return onDigit(state, key, facts);
  if (key === 'enter' && state.typed !== '') return takeTyped(state, facts);
  if (key === 'backspace' && state.typed !== '') {
    return stay({ ...state, typed: state.typed.slice(0, -1), typedAt: facts.now });
  }
  if (key === 'g') return state.dialog === 'guide' ? close(state) : stay(open(state, 'guide'));
  if (key === '?') return state.dialog === 'keys' ? close(state) : stay(open(state, 'keys'));
  if (key === 'f') return { state, effects: [{ type: 'full-screen' }] };
  return state.view === 'wall' ? onWallKey(state, key) : onWatchingKey(state, key, facts);
}

const open = (state: PageState, dialog: Dialog, searching = false): PageState => ({
  ...state,
  dialog,
  searching,
  adding: false,
  typed: '',
  bannerUntil: Millis(0),
});

/** Closing a dialog over a paused picture shows its menu again. */
function close(state: PageState): Step {
  if (state.dialog === 'menu') return resume(state);
  const dialog = state.dialog !== null && focused(state)?.paused ? 'menu' : null;
  return stay({ ...state, dialog, adding: false, searching: false, typed: '' });
}

function onWallKey(state: PageState, key: string): Step {
  if (state.dialog !== null) return stay(state);
  return key === '/' ? { state, effects: [{ type: 'search' }] } : stay(state);
}

/** Keys with an effect that leave the state as it is. */
const acts: ReadonlyMap<string, Effect> = new Map([
  ['up', { type: 'volume', by: 0.05 }],
  ['down', { type: 'volume', by: -0.05 }],
  ['m', { type: 'mute' }],
  ['b', { type: 'next-sound' }],
  ['v', { type: 'next-subtitles' }],
  ['o', { type: 'picture-in-picture' }],
  ['u', { type: 'copy-link' }],
  ['enter', { type: 'controls' }],
]);

function onWatchingKey(state: PageState, key: string, facts: Facts): Step {
  const picture = focused(state);
  if (!picture) return stay(state);
  // In a dialog, arrows move within it.
  const inDialog = state.dialog !== null;
  if (inDialog && ['up', 'down', 'left', 'right', 'home', 'end', 'pgup', 'pgdn', 'enter'].includes(key)) {
    return stay(state);
  }
  const act = acts.get(key);
  if (act) return { state, effects: [act] };
  switch (key) {
    case 'p':
    case 'space':
      return pause(state);
    case 'q':
      return stay(leave(state));
    case 'c':
      return state.dialog === 'list' ? close(state) : stay(open(state, 'list'));
    case '/':
      return stay(open(state, 'list', true));
    case 'pgup':
    case 'pgdn': {
      const station = neighbour(state, key === 'pgup' ? 1 : -1);
      return station === null ? stay(state) : choose({ ...state, adding: false }, station, facts);
    }
    case 'backspace':
      return state.previous === null ? stay(state) : choose({ ...state, adding: false }, state.previous, facts);
    case 'i': {
      const bannerUntil = Millis(state.bannerUntil > facts.now ? 0 : facts.now + 2 * BANNER_TIME);
      return stay({ ...state, bannerUntil });
    }
    case 's':
      return stay({ ...state, statistics: !state.statistics, dialog: null });
    case 't':
      return state.dialog === 'timer' ? close(state) : stay(open(state, 'timer'));
    case 'a':
      return stay(openAdding(state, facts.now));
    case 'x':
      return stay(removePicture(state));
    case '*':
      return stay(withFavourite(state, picture.station, facts.now));
    case 'esc':
      return stay({ ...state, typed: '', bannerUntil: Millis(0), notice: null });
    default:
      return onSeekKey(state, key, facts) ?? stay(state);
  }
}

function onMenuKey(state: PageState, key: string, facts: Facts): Step {
  switch (key) {
    case '1':
    case 'q':
      return stay(leave(state));
    case '2':
    case 'c':
      return stay(open(state, 'list'));
    case '3':
    case 'p':
    case 'space':
    case 'esc':
      return resume(state);
    case '4':
      return isBehind(facts.behind) ? (onSeekKey(state, 'l', facts) ?? stay(state)) : stay(state);
    case 'g':
      return stay(open(state, 'guide'));
    case '?':
      return stay(open(state, 'keys'));
    case 's':
      return stay({ ...state, statistics: !state.statistics });
    case 'u':
    case 'm':
      return { state, effects: [acts.get(key)!] };
    case 'f':
      return { state, effects: [{ type: 'full-screen' }] };
    default:
      return onSeekKey(state, key, facts) ?? stay(state);
  }
}

function pause(state: PageState): Step {
  const picture = focused(state);
  if (!picture) return stay(state);
  if (picture.paused) return resume(state);
  const pictures = state.pictures.map((each) => (each === picture ? { ...each, paused: true } : each));
  const paused: PageState = { ...state, pictures, dialog: 'menu', typed: '', bannerUntil: Millis(0) };
  return { state: paused, effects: [{ type: 'pause', picture: picture.id }] };
}

function resume(state: PageState): Step {
  const picture = focused(state);
  if (!picture) return stay({ ...state, dialog: null });
  const pictures = state.pictures.map((each) => (each === picture ? { ...each, paused: false } : each));
  return { state: { ...state, pictures, dialog: null }, effects: [{ type: 'resume', picture: picture.id }] };
}

/** A number that is no prefix of a longer one is taken at once. */
function onDigit(state: PageState, digit: string, facts: Facts): Step {
  const numbers = state.stations.map(({ number }) => number);
  const { typed, isWhole } = withDigit(state.typed, digit, numbers);
  if (typed === '') return stay(state);
  const next: PageState = { ...state, typed, typedAt: facts.now, notice: null };
  return isWhole ? takeTyped(next, facts) : stay(next);
}

function takeTyped(state: PageState, facts: Facts): Step {
  const cleared: PageState = { ...state, typed: '' };
  const found = state.stations.find(({ number }) => number === Number(state.typed));
  return found ? choose(cleared, found.id, facts) : stay(withNotice(cleared, noStationText(state.typed), facts.now));
}

function withFavourite(state: PageState, station: string, now: Millis): PageState {
  const name = findStation(state, station)?.name ?? station;
  return state.favourites.includes(station)
    ? withNotice(
        { ...state, favourites: state.favourites.filter((id) => id !== station) },
        `${name} is no longer a favourite.`,
        now,
      )
    : withNotice({ ...state, favourites: [...state.favourites, station] }, `${name} is now a favourite.`, now);
}

function withSleep(state: PageState, minutes: number | null, now: Millis): PageState {
  const closed: PageState = { ...state, dialog: focused(state)?.paused ? 'menu' : null };
  if (minutes === null) return withNotice({ ...closed, sleepAt: null }, 'Sleep timer off.', now);
  return withNotice(
    { ...closed, sleepAt: Millis(now + minutes * 60_000) },
    `The sleep timer stops in ${minutes} minutes.`,
    now,
  );
}

function onTick(state: PageState, facts: Facts): Step {
  const { now } = facts;
  if (state.typed !== '' && now - state.typedAt >= TYPING_TIMEOUT) return takeTyped(state, facts);
  const { sleepAt, notice } = state;
  if (sleepAt !== null && now >= sleepAt) {
    return stay({ ...leave(state), notice: { text: 'Stopped by the sleep timer.', until: null } });
  }
  const left = sleepAt === null ? null : sleepAt - now;
  if (left !== null && left <= LAST_MINUTE && left > LAST_MINUTE - 1000) {
    return stay(withNotice(state, 'The sleep timer stops in a minute. Press t to extend it.', now));
  }
  const isExpired = notice?.until != null && notice.until <= now;
  const isShown = state.bannerUntil > 0 && state.bannerUntil <= now;
  if (!isExpired && !isShown) return stay(state);
  return stay({ ...state, notice: isExpired ? null : notice, bannerUntil: isShown ? Millis(0) : state.bannerUntil });
}
