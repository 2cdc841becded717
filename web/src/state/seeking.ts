/** Seeking in the station's past, as in the window of `msc watch`. */
import { Millis } from '../../../src/base/units.js';
import { BEHIND, isBehind, noFurtherText, seekSteps } from '../../../src/contract/viewing.js';
import {
  type Facts,
  findStation,
  focused,
  type PageState,
  type Picture,
  type Step,
  stay,
  withNotice,
} from './state.js';

/** Time within which a further press counts from the sought moment. */
const SOUGHT_FOR = Millis(1500);

/** Null for keys that do not seek. A paused picture stays paused. */
export function onSeekKey(state: PageState, key: string, facts: Facts): Step | null {
  const picture = focused(state);
  if (!picture) return null;
  const step = seekSteps.get(key);
  if (step !== undefined) return seekBy(state, picture, step, facts);
  if (key === 'home') {
    return facts.programmeFrom === null
      ? stay(withNotice(state, 'The programme has no known beginning.', facts.now))
      : seekTo(state, facts.programmeFrom, facts);
  }
  return key === 'l' || key === 'end' ? toLive(state, facts) : null;
}

/** Continues with what is on the air; ends a pause. */
export function toLive(state: PageState, { behind }: Facts): Step {
  const picture = focused(state);
  if (!picture) return stay(state);
  const pictures = state.pictures.map((each) => (each === picture ? { ...each, paused: false } : each));
  const dialog = state.dialog === 'menu' ? null : state.dialog;
  const next: PageState = { ...state, dialog, pictures, sought: null };
  if (!picture.paused && behind !== null && !isBehind(behind)) return stay(next);
  const live = { type: 'live', picture: picture.id } as const;
  return { state: next, effects: picture.paused ? [live, { type: 'resume', picture: picture.id }] : [live] };
}

/** Seeks to a moment, or to the nearest one available. */
export function seekTo(state: PageState, wanted: Millis, facts: Facts): Step {
  const picture = focused(state);
  if (!picture || facts.time === null) return stay(state);
  const live = Millis(facts.time + (facts.behind ?? 0));
  if (wanted >= live - BEHIND) return toLive(state, { ...facts, behind: null });
  const station = findStation(state, picture.station);
  const oldest = Millis(station?.oldest ?? live);
  if (wanted >= oldest) return seek(state, picture, wanted, facts);
  const noticed = withNotice(state, noFurtherText(station?.name ?? 'The station'), facts.now);
  return facts.time - oldest <= BEHIND ? stay(noticed) : seek(noticed, picture, oldest, facts);
}

function seekBy(state: PageState, picture: Picture, by: Millis, facts: Facts): Step {
  const { sought } = state;
  const recent = sought && sought.picture === picture.id && facts.now - sought.at < SOUGHT_FOR ? sought.time : null;
  const time = recent ?? facts.time;
  if (time === null) return stay(state);
  const behind = Millis((facts.behind ?? 0) + (facts.time ?? time) - time);
  if (by > 0 && behind <= BEHIND) return stay(state);
  return seekTo(state, Millis(time + by), { ...facts, time, behind });
}

const seek = (state: PageState, picture: Picture, time: Millis, { now }: Facts): Step => ({
  state: { ...state, sought: { picture: picture.id, time, at: now } },
  effects: [{ type: 'seek', picture: picture.id, time }],
});
