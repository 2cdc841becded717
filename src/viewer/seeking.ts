/** Back and forth in the station's time: the part of `update` in model.ts that its keys need. */
import type { Millis } from '../base/units.js';
import { BEHIND, isBehind, NOTICE_TIME, noFurtherText, seekSteps } from '../contract/viewing.js';
import { currentChannel, type Step, type ViewerState } from './state.js';

/** What a key does that seeks; null for all others. A picture that stands still is followed by one that does. */
export function onSeekKey(state: ViewerState, key: string, now: Millis): Step | null {
  const step = seekSteps.get(key);
  if (step !== undefined) return seekBy(state, step, now);
  if (key === 'home') {
    return { state: { ...state, seeking: true, following: false }, effects: [{ type: 'seek', to: { kind: 'item' } }] };
  }
  return key === 'l' ? playLive(state) : null;
}

/** Goes on with what is on the air, paused or not. */
export function playLive(state: ViewerState): Step {
  if (state.paused) return toLive({ ...state, mode: 'watching', paused: false });
  const isThere = !isBehind(state.distance) && !state.seeking && state.distance !== null;
  return isThere ? { state: { ...state, following: true }, effects: [] } : toLive(state);
}

/** What is on the air; paused if it was. */
export function toLive(state: ViewerState): Step {
  const distance = state.distance === null ? null : 0;
  const live: ViewerState = { ...state, distance, seeking: true, following: !state.paused };
  return { state: { ...live, marked: markedIn(live) }, effects: [{ type: 'seek', to: { kind: 'live' } }] };
}

/** The marked line of the menu; "Back to live" is there only while it leads somewhere. */
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
  const notice = { text: noFurtherText(name), until: now + NOTICE_TIME };
  const told: ViewerState = { ...state, notice };
  return reach - before <= BEHIND ? { state: told, effects: [] } : seek(told, before - reach);
}

function seek(state: ViewerState, by: Millis): Step {
  const distance = state.distance === null ? null : state.distance - by;
  const sought: ViewerState = { ...state, distance, seeking: true, following: false };
  return { state: sought, effects: [{ type: 'seek', to: { kind: 'by', time: by } }] };
}
