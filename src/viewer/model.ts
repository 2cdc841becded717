/**
 * The viewer's state machine: `update` takes a state and an event, and returns the next state and its effects. It knows
 * neither player, terminal nor network, and reads no clock.
 *
 *     choosing ──Enter, number──▶ watching ──p──▶ menu ──1──▶ ended
 *        ▲  ▲                       │  ▲ ▲         │ │
 *        │  └──────────c────────────┘  │ └──3, p───┘ │
 *        │            Esc ─────────────┘             │
 *        └───────────────────2───────────────────────┘
 */
import { Millis } from '../base/units.js';
import { nextLanguage, ONE_SOUND, soundText } from '../contract/sound.js';
import { NO_SUBTITLES, nextSubtitles, subtitlesText } from '../contract/subtitles.js';
import {
  BANNER_TIME,
  isBehind,
  menuItems,
  NOTICE_TIME,
  noStationText,
  TYPING_TIMEOUT,
  withDigit,
} from '../contract/viewing.js';
import { markedIn, onSeekKey, playAgain, playLive, toLive } from './seeking.js';
import { type Channel, currentChannel, type Step, type ViewerEvent, type ViewerState } from './state.js';

/** Longest gap between packets before the viewer shows that none come. */
export const SILENCE = Millis(3000);

export function initialState(
  channels: readonly Channel[],
  sound: readonly string[] = [],
  subtitles: readonly string[] = [],
): ViewerState {
  return {
    mode: 'choosing',
    channels: inOrder(channels),
    current: null,
    previous: null,
    paused: false,
    typed: '',
    typedAt: Millis(0),
    marked: 0,
    notice: null,
    bannerUntil: Millis(0),
    reception: 'waiting',
    tunedAt: Millis(0),
    lastPacket: null,
    serverLost: false,
    distance: null,
    reach: null,
    offset: null,
    seeking: false,
    sound,
    subtitles,
    following: true,
  };
}

/** The next state after `event` at `now`, and its effects in order. */
export function update(state: ViewerState, event: ViewerEvent, now: Millis): Step {
  if (state.mode === 'ended') return { state, effects: [] };
  switch (event.type) {
    case 'key':
      return onKey(state, event.key, now);
    case 'channels':
      return stay(withChannels(state, event.channels));
    case 'picture':
      return stay({ ...state, reception: 'playing', seeking: false });
    case 'tick':
      return onTick(measured(state, event), now);
    case 'server':
      return stay({ ...state, serverLost: event.lost });
    case 'position-lost':
      return onPositionLost(state, now);
    case 'out-of-step':
      return toLive(state);
    case 'seek-failed': {
      const failed: ViewerState = {
        ...state,
        seeking: false,
        notice: { text: event.text, until: Millis(now + NOTICE_TIME) },
      };
      return { state: failed, effects: state.paused ? [] : [{ type: 'resume' }] };
    }
    case 'notice':
      return stay({ ...state, notice: { text: event.text, until: Millis(now + NOTICE_TIME) } });
    case 'closed':
      return end(state);
  }
}

const stay = (state: ViewerState): Step => ({ state, effects: [] });
const end = (state: ViewerState): Step => ({ state: { ...state, mode: 'ended' }, effects: [{ type: 'exit' }] });

const inOrder = (channels: readonly Channel[]): Channel[] =>
  [...channels].sort((a, b) => a.info.number - b.info.number || a.info.server.localeCompare(b.info.server));

/** The station being watched stays in the list although its server no longer announces it: it may come back. */
function withChannels(state: ViewerState, channels: readonly Channel[]): ViewerState {
  const watched = currentChannel(state);
  const markedKey = state.channels[state.marked]?.key;
  const kept = watched && !channels.some(({ key }) => key === watched.key) ? [...channels, watched] : channels;
  const sorted = inOrder(kept);
  if (state.mode !== 'choosing') return { ...state, channels: sorted };
  const marked = Math.max(
    0,
    sorted.findIndex(({ key }) => key === markedKey),
  );
  return { ...state, channels: sorted, marked };
}

function onKey(state: ViewerState, key: string, now: Millis): Step {
  if (key === 'ctrl-c' || key === 'q') return end(state);
  // The end of a line of piped input completes a number, and chooses nothing by itself.
  if (key === 'line-end') return state.typed === '' ? stay(state) : takeTyped(state, now);
  if (state.mode === 'menu') return onMenuKey(state, key, now);
  if (/^[0-9]$/.test(key)) return onDigit(state, key, now);
  if (key === 'enter' && state.typed !== '') return takeTyped(state, now);
  if (key === 'backspace' && state.typed !== '') {
    return stay({ ...state, typed: state.typed.slice(0, -1), typedAt: now });
  }
  return state.mode === 'choosing' ? onListKey(state, key, now) : onWatchingKey(state, key, now);
}

function onWatchingKey(state: ViewerState, key: string, now: Millis): Step {
  switch (key) {
    case 'p':
    case 'space': {
      const shown = { marked: 2, typed: '', bannerUntil: Millis(0) };
      const paused: ViewerState = { ...state, mode: 'menu', paused: true, following: false, ...shown };
      return { state: paused, effects: [{ type: 'pause' }] };
    }
    case 'c':
      return openList(state);
    case 'pgup':
      return step(state, 1, now);
    case 'pgdn':
      return step(state, -1, now);
    case 'backspace':
      return state.previous === null ? stay(state) : tune(state, state.previous, now);
    case 'i':
      return stay({ ...state, bannerUntil: state.bannerUntil > now ? Millis(0) : Millis(now + 2 * BANNER_TIME) });
    case 'b':
      return playNextSound(state, now);
    case 'v':
      return showNextSubtitles(state, now);
    case 'esc':
      return stay({ ...state, typed: '', bannerUntil: Millis(0), notice: null });
    default:
      return onSeekKey(state, key, now) ?? stay(state);
  }
}

/** The next track of sound: the player begins again with it, at the picture that it shows. */
function playNextSound(state: ViewerState, now: Millis): Step {
  const language = nextLanguage(currentChannel(state)?.info ?? {}, state.sound);
  const text = language === null ? ONE_SOUND : soundText(language);
  const noticed: ViewerState = { ...state, notice: { text, until: Millis(now + NOTICE_TIME) } };
  return language === null ? stay(noticed) : playAgain({ ...noticed, sound: [language] });
}

function showNextSubtitles(state: ViewerState, now: Millis): Step {
  const subtitles = nextSubtitles(currentChannel(state)?.info ?? {}, state.subtitles);
  const text = subtitles === null ? NO_SUBTITLES : subtitlesText(subtitles);
  const noticed: ViewerState = { ...state, notice: { text, until: Millis(now + NOTICE_TIME) } };
  return subtitles === null ? stay(noticed) : { state: { ...noticed, subtitles }, effects: [{ type: 'subtitles' }] };
}

function onMenuKey(state: ViewerState, key: string, now: Millis): Step {
  switch (key) {
    case '1':
      return end(state);
    case '2':
      return openList(state);
    case '4':
      return isBehind(state.distance) ? playLive(state) : stay(state);
    case '3':
    case 'p':
    case 'space':
    case 'esc':
      return { state: { ...state, mode: 'watching', paused: false }, effects: [{ type: 'resume' }] };
    case 'up':
    case 'down': {
      const { length } = menuItems(state.distance);
      return stay({ ...state, marked: (state.marked + (key === 'up' ? length - 1 : 1)) % length });
    }
    case 'enter':
      return onMenuKey(state, String(state.marked + 1), now);
    default:
      return onSeekKey(state, key, now) ?? stay(state);
  }
}

function openList(state: ViewerState): Step {
  const at = state.channels.findIndex(({ key }) => key === state.current);
  const list: ViewerState = { ...state, mode: 'choosing', marked: Math.max(0, at), typed: '', bannerUntil: Millis(0) };
  return { state: list, effects: [{ type: 'refresh' }] };
}

function onListKey(state: ViewerState, key: string, now: Millis): Step {
  const count = state.channels.length;
  const move = (by: number): Step => {
    const marked = Math.min(count - 1, Math.max(0, state.marked + by));
    return stay({ ...state, marked, typed: '' });
  };
  switch (key) {
    case 'up':
      return move(-1);
    case 'down':
      return move(1);
    case 'pgup':
      return move(-8);
    case 'pgdn':
      return move(8);
    case 'enter':
      return tuneTo(state, state.channels[state.marked], now);
    case 'esc':
    case 'backspace':
      if (state.current === null) return key === 'esc' ? end(state) : stay(state);
      return stay({ ...state, mode: state.paused ? 'menu' : 'watching', marked: 1, typed: '' });
    default:
      return stay(state);
  }
}

/** Tunes at once to a number that is no prefix of a longer one. */
function onDigit(state: ViewerState, digit: string, now: Millis): Step {
  const numbers = state.channels.map(({ info }) => info.number);
  const { typed, isWhole } = withDigit(state.typed, digit, numbers);
  if (typed === '') return stay(state);
  const next: ViewerState = { ...state, typed, typedAt: now, notice: null };
  return isWhole ? takeTyped(next, now) : stay(next);
}

function takeTyped(state: ViewerState, now: Millis): Step {
  const number = Number(state.typed);
  const found = state.channels.filter(({ info }) => info.number === number);
  const cleared: ViewerState = { ...state, typed: '' };
  const [first, second] = found;
  if (!first) return stay({ ...cleared, notice: { text: noStationText(number), until: Millis(now + NOTICE_TIME) } });
  if (!second) return tune(cleared, first.key, now);
  const servers = found.map(({ info }) => info.server).join(' and ');
  const text = `Station ${number} is on ${servers}: choose one with the arrows.`;
  const list = openList(cleared);
  const marked = state.channels.indexOf(first);
  return { ...list, state: { ...list.state, marked, notice: { text, until: Millis(now + NOTICE_TIME) } } };
}

function step(state: ViewerState, by: number, now: Millis): Step {
  const count = state.channels.length;
  const at = state.channels.findIndex(({ key }) => key === state.current);
  if (count < 2 || at < 0) return stay(state);
  return tuneTo(state, state.channels[(at + by + count) % count], now);
}

const tuneTo = (state: ViewerState, channel: Channel | undefined, now: Millis): Step =>
  channel ? tune(state, channel.key, now) : stay(state);

function tune(state: ViewerState, key: string, now: Millis): Step {
  if (key === state.current) {
    const watching: ViewerState = { ...state, mode: 'watching', paused: false, bannerUntil: Millis(now + BANNER_TIME) };
    return { state: watching, effects: state.paused ? [{ type: 'resume' }] : [] };
  }
  const tuned: ViewerState = {
    ...state,
    mode: 'watching',
    paused: false,
    current: key,
    previous: state.current,
    typed: '',
    notice: null,
    reception: 'waiting',
    tunedAt: now,
    lastPacket: null,
    serverLost: false,
    distance: null,
    reach: null,
    offset: null,
    seeking: false,
    following: true,
    bannerUntil: Millis(now + BANNER_TIME),
  };
  return { state: tuned, effects: [{ type: 'tune', key }] };
}

function onTick(state: ViewerState, now: Millis): Step {
  if (state.typed !== '' && now - state.typedAt >= TYPING_TIMEOUT) return takeTyped(state, now);
  const notice = state.notice?.until != null && state.notice.until <= now ? null : state.notice;
  const next: ViewerState = { ...state, notice };
  if (state.current === null) return stay(next);
  // While paused no packets are expected.
  const silent = !state.paused && now - (state.lastPacket ?? state.tunedAt) >= SILENCE;
  if (silent) return stay({ ...next, reception: 'silent' });
  if (state.reception !== 'silent') return stay(next);
  if (state.paused || isBehind(state.distance)) return stay({ ...next, reception: 'playing' });
  // Time stamps have advanced during the silence: a player would wait in it for as long as it lasted.
  return toLive({ ...next, reception: 'waiting', tunedAt: now });
}

/** Takes measurements; the distance sought counts until its picture is on the screen. */
function measured(
  state: ViewerState,
  { lastPacket, distance, reach, offset }: Extract<ViewerEvent, { type: 'tick' }>,
): ViewerState {
  const known = state.seeking ? state.distance : (distance ?? state.distance);
  const next: ViewerState = { ...state, lastPacket, distance: known, reach: reach ?? state.reach, offset };
  return { ...next, marked: markedIn(next) };
}

function onPositionLost(state: ViewerState, now: Millis): Step {
  const text = 'That picture is no longer held here: continuing with what is on the air.';
  return toLive({ ...state, notice: { text, until: Millis(now + NOTICE_TIME) } });
}
