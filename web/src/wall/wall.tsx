/** The wall: all stations with their thumbnails. Arrows move between tiles; a typed number opens a station. */
import { signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { LiveStation } from '../../../src/contract/live.js';
import { favouritesFirst, searchStations } from '../state/search.js';
import { directionOf, focusAndShow, isTyping, moveFocus, targetsIn } from '../ui/focus.js';
import { usePage } from '../ui/use-page.js';
import { Backdrop } from './backdrop.js';
import { Header } from './header.js';
import { Tile } from './tile.js';
import './wall.css';

const asked = signal('');

export function Wall() {
  const page = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const { stations, favourites, last } = page.state.value;
  const found = searchStations(stations, asked.value);
  const parts = favouritesFirst(found, favourites);
  const isKnown = stations.length > 0;

  // Focuses the last station watched, or the first: a remote control needs a starting point.
  useLayoutEffect(() => {
    if (!isKnown || isTyping(document.activeElement)) return;
    const tile = ref.current?.querySelector<HTMLElement>(`[data-station="${CSS.escape(last ?? '')}"] a`);
    if (tile) focusAndShow(tile);
    else ref.current?.querySelector<HTMLElement>('.tile a')?.focus({ preventScroll: true });
  }, [isKnown]);

  useEffect(
    () => () => {
      page.marked.value = null;
      asked.value = '';
    },
    [page],
  );

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = directionOf(event);
    const root = ref.current;
    if (!root || !direction || page.state.peek().dialog !== null) return;
    const inField = isTyping(event.target) && event.target.value !== '';
    if (inField && (direction === 'left' || direction === 'right')) return;
    if (moveFocus(root, '[data-move]', direction)) event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move the focus among the links within
    <div class="wall" ref={ref} onKeyDown={onKeyDown}>
      <Backdrop />
      <Header
        asked={asked.value}
        onAsk={(text) => {
          asked.value = text;
        }}
        onEnter={() => {
          const [first] = targetsIn(ref.current!, '.tile a');
          first?.click();
        }}
      />
      <main class="wall-main">
        <h1 class="visually-hidden">Stations</h1>
        <Tiles title={parts.favourites.length > 0 ? 'Favourites' : ''} stations={parts.favourites} favourite />
        <Tiles title={parts.favourites.length > 0 ? 'More stations' : ''} stations={parts.others} favourite={false} />
        {found.length === 0 && <Nothing asked={asked.value} />}
      </main>
    </div>
  );
}

interface TilesProps {
  title: string;
  stations: readonly LiveStation[];
  favourite: boolean;
}

function Tiles({ title, stations, favourite }: TilesProps) {
  if (stations.length === 0) return null;
  const { length } = stations;
  const amount = length <= 2 ? 'few' : length <= 6 ? 'some' : length <= 15 ? 'several' : 'many';
  return (
    <section aria-label={title || 'All stations'}>
      {title !== '' && <h2 class="wall-title">{title}</h2>}
      <ul class={`tiles tiles-${amount}`}>
        {stations.map((station) => (
          <Tile key={station.id} station={station} favourite={favourite} />
        ))}
      </ul>
    </section>
  );
}

function Nothing({ asked }: { asked: string }) {
  const page = usePage();
  const connection = page.engine.connection.value;
  if (page.state.value.stations.length > 0) {
    return (
      <p class="wall-nothing">
        No station or programme matches <bdi>“{asked}”</bdi>.
      </p>
    );
  }
  if (connection !== 'open') return <p class="wall-nothing">Looking for stations…</p>;
  return (
    <p class="wall-nothing">
      No station is on the air.
      <span>Stations appear here as soon as they start.</span>
    </p>
  );
}
