/** Chooses a slate for one station or for all. */
import { useState } from 'preact/hooks';
import type { LineUp, LineUpStation } from '../../../src/contract/api.js';
import { api } from './api.js';
import { Sheet } from './sheet.js';
import { useStore } from './use-store.js';

interface ShowSheetProps {
  /** Null: all stations. */
  station: LineUpStation | null;
  slates: LineUp['slates'];
  /** Id of the slate shown now; null: none; undefined: stations differ. */
  shown: string | null | undefined;
  onClose: () => void;
}

/** The choice of the stations' own programme. */
const PROGRAMME = '';

export function ShowSheet({ station, slates, shown, onClose }: ShowSheetProps) {
  const store = useStore();
  const [slate, setSlate] = useState(shown === null ? (slates[0]?.id ?? PROGRAMME) : PROGRAMME);
  const where = station === null ? 'all stations' : station.info.name;
  const choices = [{ id: PROGRAMME, name: station === null ? 'Their own programmes' : 'Its own programme' }, ...slates];
  const act = () => {
    if (slate !== PROGRAMME) return api.show(slate, station?.info.id ?? null);
    return station === null ? api.resumeAll() : api.act(station.info.id, 'resume');
  };
  return (
    <Sheet
      title={station === null ? 'Show on all stations' : `Show on ${where}`}
      action={station === null ? 'Show on all stations' : 'Show'}
      isDangerous={station === null}
      onClose={onClose}
      onAct={() => store.attempt(act, `Changed on ${where}`)}
    >
      <fieldset class="choices-list">
        <legend class="visually-hidden">What to show</legend>
        {choices.map(({ id, name }) => (
          <label key={id} class="choice option">
            <input type="radio" name="slate" checked={slate === id} onChange={() => setSlate(id)} />
            <span>
              {name}
              {shown !== undefined && id === (shown ?? PROGRAMME) && <em> (now)</em>}
            </span>
          </label>
        ))}
      </fieldset>
      {station === null && <p class="hint">All viewers of all stations will see it within a few seconds.</p>}
    </Sheet>
  );
}
