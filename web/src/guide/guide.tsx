/** The programme guide: a grid of stations and times. */

import { useEffect, useRef, useState } from 'preact/hooks';
import { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';
import { noFurtherText } from '../../../src/contract/viewing.js';
import type { Guide as Programmes } from '../state/programmes.js';
import { favouritesFirst } from '../state/search.js';
import { focused } from '../state/state.js';
import { clockText, dateText, spanText } from '../state/texts.js';
import { Dialog } from '../ui/dialog.js';
import { directionOf, moveFocus } from '../ui/focus.js';
import { IconButton } from '../ui/icon-button.js';
import { usePage } from '../ui/use-page.js';
import { type Cell, cellsOf, halfHour, halfHours, positionIn } from './layout.js';
import './guide.css';

const HOUR = 3_600_000;
/** Time that the grid shows at once. */
const SPAN = 3 * HOUR;
const STEP = 2 * HOUR;

export function Guide() {
  const page = usePage();
  const now = page.clock.value;
  const ref = useRef<HTMLDivElement>(null);
  const [from, setFrom] = useState(() => halfHour(page.clock.peek() - HOUR / 2));
  const [own, setOwn] = useState<Programmes | null>(null);
  const to = from + SPAN;
  const { stations, favourites } = page.state.value;
  const parts = favouritesFirst(stations, favourites);
  const around = page.guide.around.value;

  useEffect(() => {
    let wanted = true;
    setOwn(null);
    page.guide.between(from, from + SPAN).then(
      (guide) => wanted && setOwn(guide),
      // The guide of the hours around now remains.
      () => {},
    );
    return () => {
      wanted = false;
    };
  }, [page, from]);

  // On a narrow screen, scrolls to now.
  useEffect(() => {
    const scroller = ref.current!;
    const at = positionIn(page.clock.peek(), { from, to: from + SPAN });
    const hidden = scroller.scrollWidth - scroller.clientWidth;
    if (at !== null && hidden > 0) scroller.scrollLeft = Math.min(hidden, (at - 0.1) * scroller.scrollWidth * 0.8);
  }, [page, from]);

  const current = focused(page.state.value)?.station ?? page.marked.value;
  const position = positionIn(now, { from, to });
  const onKeyDown = (event: KeyboardEvent) => {
    const direction = directionOf(event);
    if (!direction) return;
    event.preventDefault();
    if (!moveFocus(ref.current!.closest('dialog')!, 'button', direction)) {
      if (direction === 'left' || direction === 'right') setFrom(from + (direction === 'left' ? -STEP : STEP));
    }
  };

  return (
    <Dialog
      title="Guide"
      class="guide"
      arrows={false}
      head={
        <div class="guide-when">
          <IconButton icon="left" label="Earlier" onClick={() => setFrom(from - STEP)} />
          <span aria-live="polite">{dateText(from)}</span>
          <IconButton icon="right" label="Later" onClick={() => setFrom(from + STEP)} />
          <button type="button" class="button" onClick={() => setFrom(halfHour(now - HOUR / 2))}>
            Now
          </button>
        </div>
      }
    >
      {/* biome-ignore lint/a11y/noStaticElementInteractions: arrows move the focus among the buttons within */}
      <div class="guide-scroll" ref={ref} onKeyDown={onKeyDown}>
        <div class="guide-grid">
          <div class="guide-hours" aria-hidden="true">
            {halfHours(from, to).map((time) => (
              <span key={time}>{clockText(time)}</span>
            ))}
            {position !== null && (
              <div class="guide-clock" style={{ '--position': position }}>
                {clockText(now)}
              </div>
            )}
          </div>
          {[...parts.favourites, ...parts.others].map((station) => (
            <Row
              key={station.id}
              station={station}
              cells={cellsOf(station, (own ?? around).get(station.id), { from, to, now })}
              now={now}
              current={station.id === current}
            />
          ))}
        </div>
      </div>
    </Dialog>
  );
}

interface RowProps {
  station: LiveStation;
  cells: readonly Cell[];
  now: number;
  current: boolean;
}

function Row({ station, cells, now, current }: RowProps) {
  const id = `guide-${station.id}`;
  return (
    <section class="guide-row" aria-labelledby={id} data-current={current}>
      <h3 class="guide-station" id={id}>
        <span class="guide-number">{station.number}</span>
        <span class="guide-name clip" dir="auto">
          {station.name}
        </span>
      </h3>
      <ul class="guide-cells">
        {cells.map((cell) => (
          <Programme key={cell.start} station={station} cell={cell} now={now} current={current} />
        ))}
      </ul>
    </section>
  );
}

interface ProgrammeProps {
  station: LiveStation;
  cell: Cell;
  now: number;
  current: boolean;
}

/** A past programme that is still available plays from its beginning; a future one shows when it begins. */
function Programme({ station, cell, now, current }: ProgrammeProps) {
  const page = usePage();
  const { id, oldest } = station;
  const when = (cell.from ?? 0) > now ? 'future' : (cell.to ?? Number.POSITIVE_INFINITY) > now ? 'now' : 'past';
  const isGone = when === 'past' && (oldest === null || (cell.to ?? 0) <= oldest);
  const onClick = () => {
    if (when === 'future') page.notify(`${cell.title} begins at ${clockText(cell.from!)}.`);
    else if (isGone) page.notify(noFurtherText(station.name));
    else if (when === 'now') page.send({ type: 'choose', station: id });
    else page.send({ type: 'choose', station: id, at: Millis(Math.max(cell.from ?? 0, oldest ?? 0)) });
  };
  return (
    <li style={{ '--start': cell.start, '--length': cell.end - cell.start }}>
      <button
        type="button"
        class={`guide-cell guide-${isGone ? 'gone' : when}`}
        style={{ '--passed': cell.passed }}
        title={cell.title}
        data-first={current && when === 'now' ? '' : undefined}
        onClick={onClick}
      >
        <span class="guide-title clip" dir="auto">
          {cell.title}
        </span>
        <span class="guide-span note clip">{spanText(cell)}</span>
        {when === 'now' && <span class="visually-hidden">on now</span>}
      </button>
    </li>
  );
}
