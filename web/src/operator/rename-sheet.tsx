import { useState } from 'preact/hooks';
import type { LineUpStation } from '../../../src/contract/api.js';
import { api } from './api.js';
import { Sheet } from './sheet.js';
import { useStore } from './use-store.js';

export function RenameSheet({ station: { info }, onClose }: { station: LineUpStation; onClose: () => void }) {
  const store = useStore();
  const [name, setName] = useState(info.name);
  return (
    <Sheet
      title={`Rename ${info.name}`}
      action="Rename"
      onClose={onClose}
      onAct={() => store.attempt(() => api.rename(info.id, name), `Renamed to ${name.trim()}`)}
    >
      <label class="field">
        <span>Name</span>
        <input
          data-first=""
          required
          maxLength={100}
          value={name}
          onInput={(event) => setName(event.currentTarget.value)}
        />
      </label>
      <p class="hint">Its addresses stay as they are.</p>
    </Sheet>
  );
}
