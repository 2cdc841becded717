/** Seeking: the part of `update` in model.ts for its keys. */
import { Millis } from '../base/units.js';
import { BEHIND, isBehind, NOTICE_TIME, noFurtherText, seekSteps } from '../contract/viewing.js';
import { currentChannel, type Step, type ViewerState } from './state.js';

/** The step for a key that seeks; null for other keys. A seek during a pause stays paused. */
export function onSeekKey(state: ViewerState, key: string, now: Millis): Step | null {
  const step = seekSteps.get(key);
  if (step !== undefined) return seekBy(state, step, now);
  if (key === 'home') {
    return { state: { ...state, seeking: true, following: false }, effects: [{ type: 'seek', to: { kind: 'item' } }] };
  }
  return key === 'l' ? playLive(state) : null;
}

/** Plays the picture on the air, also from a pause. */
export function playLive(state: ViewerState): Step {
  if (state.paused) return toLive({ ...state, mode: 'watching', paused: false });
  const isThere = !isBehind(state.distance) && !state.seeking && state.distance !== null;
  return isThere ? { state: { ...state, following: true }, effects: [] } : toLive(state);
}

/** Seeks the picture on the air; paused if it was. */
export function toLive(state: ViewerState): Step {
  const distance = state.distance === null ? null : Millis(0);
  const live: ViewerState = { ...state, distance, seeking: true, following: !state.paused };
  return { state: { ...live, marked: markedIn(live) }, effects: [{ type: 'seek', to: { kind: 'live' } }] };
}

/** Seeks the picture that is shown. */
export function playAgain(state: ViewerState): Step {
  return isBehind(state.distance) ? seek(state, Millis(0)) : toLive(state);
}

/** The marked line of the menu, whose last line is there only while the picture is behind. */
export const markedIn = (state: ViewerState): number =>
  state.mode === 'menu' && !isBehind(state.distance) ? Math.min(state.marked, 2) : state.marked;

function seekBy(state: ViewerState, by: Millis, now: Millis): Step {
  const { distance, reach } = state;
  if (by > 0) {
    if (distance !== null && distance <= BEHIND) return { state, effects: [] };
    if (distance === null || distance - by <= BEHIND) return toLive(state);
    return seek(state, by);
  }
  const before = distance ?? 0;
  if (reach === null || before - by <= reach) return seek(state, by);
  const name = currentChannel(state)?.info.name ?? '';
  const notice = { text: noFurtherText(name), until: Millis(now + NOTICE_TIME) };
  const noticed: ViewerState = { ...state, notice };
  return reach - before <= BEHIND ? { state: noticed, effects: [] } : seek(noticed, Millis(before - reach));
}

function seek(state: ViewerState, by: Millis): Step {
  const distance = state.distance === null ? null : Millis(state.distance - by);
  const sought: ViewerState = { ...state, distance, seeking: true, following: false };
  return { state: sought, effects: [{ type: 'seek', to: { kind: 'by', time: by } }] };
}
