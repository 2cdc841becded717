/** Short messages, on the screen and for screen readers. An open dialog contains its own. */

import { isNamesake, nowAndNext } from '../state/programmes.js';
import { findStation, focused } from '../state/state.js';
import { usePage } from './use-page.js';

export const Messages = () => (
  <>
    <Toasts />
    <Announcer />
  </>
);

function Toasts() {
  const page = usePage();
  const state = page.state.value;
  const lost = page.engine.connection.value === 'lost';
  const notice = state.notice?.text ?? '';
  return (
    <div class="messages" aria-hidden="true">
      {lost && <p class="toast toast-lost">Connection lost, reconnecting</p>}
      {notice !== '' && <p class="toast">{notice}</p>}
      {state.typed !== '' && <TypedNumber />}
    </div>
  );
}

function TypedNumber() {
  const { stations, typed } = usePage().state.value;
  const name = stations.find(({ number }) => String(number) === typed)?.name ?? '';
  return (
    <p class="typed">
      <span class="typed-number">{typed}–</span>
      <bdi class="typed-name clip">{name}</bdi>
    </p>
  );
}

/** For screen readers. Its text changes only when there is something to announce. */
function Announcer() {
  const page = usePage();
  const state = page.state.value;
  const picture = focused(state);
  const station = findStation(state, picture?.station);
  const now = station && nowAndNext(station, page.guide.around.value, page.clock.peek()).now;
  const playing = now && !isNamesake(station, now) ? `: ${now.title}` : '';
  const watching = station ? `Station ${station.number}, ${station.name}${playing}.` : '';
  const paused = picture?.paused ? 'Paused.' : '';
  const lost = page.engine.connection.value === 'lost' ? 'Connection lost, reconnecting.' : '';
  const typed = state.typed === '' ? '' : `Station ${state.typed}`;
  return (
    <div class="visually-hidden" role="status">
      {[lost, typed || watching, paused, state.notice?.text].filter(Boolean).join(' ')}
    </div>
  );
}
