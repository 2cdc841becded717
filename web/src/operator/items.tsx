/** The items of a station in order, which can be changed for some stations. */
import { useState } from 'preact/hooks';
import type { LineUpStation } from '../../../src/contract/api.js';
import { api } from './api.js';
import { Button } from './button.js';
import { durationOf } from './texts.js';
import { useStore } from './use-store.js';

/** Most items listed. */
const MOST_ITEMS = 200;

const directions = [
  { text: 'up', arrow: '↑', by: -1 },
  { text: 'down', arrow: '↓', by: 1 },
];

type Item = LineUpStation['items'][number];

const moved = (items: readonly Item[], from: number, to: number): Item[] => {
  const others = items.filter((_, index) => index !== from);
  return [...others.slice(0, to), ...items.slice(from, from + 1), ...others.slice(to)];
};

export function ItemList({ station: { info, items, leftOut, actions } }: { station: LineUpStation }) {
  const store = useStore();
  const [changed, setChanged] = useState<readonly Item[] | null>(null);
  const shown = changed ?? items;
  const orders = actions.includes('reorder') && items.length > 1;

  const move = (from: number, to: number, button: HTMLElement) => {
    setChanged(moved(shown, from, to));
    // The button moves with its item and keeps the focus.
    requestAnimationFrame(() => button.focus());
  };
  const keep = async () => {
    const order = shown.map(({ id }) => id);
    if (await store.attempt(() => api.reorder(info.id, order), `${info.name}: new order saved`)) setChanged(null);
  };

  if (items.length === 0) return null;
  return (
    <section>
      <h3>Plays in a loop</h3>
      <ol class="items">
        {shown.slice(0, MOST_ITEMS).map(({ id, name, duration, notes }, index) => (
          <li key={id}>
            <span>
              <bdi class="item-name">{name}</bdi>
              {notes.length > 0 && <small class="item-notes">{notes.join('; ')}</small>}
            </span>
            <span class="item-duration">{durationOf(duration)}</span>
            {orders && (
              <span class="item-buttons">
                {directions.map(({ text, arrow, by }) => {
                  const isPossible = shown[index + by] !== undefined;
                  return (
                    <button
                      key={text}
                      type="button"
                      class="icon-button icon-button-small"
                      aria-label={`Move ${name} ${text}`}
                      aria-disabled={!isPossible}
                      onClick={(event) => isPossible && move(index, index + by, event.currentTarget)}
                    >
                      {arrow}
                    </button>
                  );
                })}
              </span>
            )}
          </li>
        ))}
      </ol>
      {shown.length > MOST_ITEMS && <p class="hint">and {shown.length - MOST_ITEMS} more</p>}
      {leftOut.length > 0 && <p class="hint">Not played: {leftOut.join('; ')}</p>}
      {changed !== null && (
        <div class="actions">
          <Button kind="primary" onClick={() => void keep()}>
            Save this order
          </Button>
          <Button onClick={() => setChanged(null)}>Discard</Button>
        </div>
      )}
    </section>
  );
}
