/** The page's header: the server, links, commands for all stations, logging out. */
import { useState } from 'preact/hooks';
import type { LineUp } from '../../../src/contract/api.js';
import { Mark } from '../ui/mark.js';
import { Button } from './button.js';
import { LinksSheet } from './links.js';
import { ShowSheet } from './show-sheet.js';
import { durationOf } from './texts.js';
import { useStore } from './use-store.js';

/** Id of the slate that all stations on the air show; null: none shows one; undefined: they differ. */
function shownByAll(stations: LineUp['stations']): string | null | undefined {
  const shown = new Set(stations.filter(({ onAir }) => onAir).map(({ slate }) => slate));
  const [slate = null] = shown;
  return shown.size > 1 ? undefined : slate;
}

export function Header() {
  const store = useStore();
  const { session, stats, lineUp } = store;
  const [open, setOpen] = useState<'links' | 'show' | null>(null);
  const server = stats.value?.server;
  const inside = session.value?.operator ?? null;
  const stations = lineUp.value?.stations ?? [];
  const slates = lineUp.value?.slates ?? [];
  const close = () => setOpen(null);
  return (
    <header class="top">
      <a class="brand" href="/">
        <Mark />
        <span class="brand-name">MultiStreamCast</span>
      </a>
      {server && (
        <p class="top-server">
          <strong>{server.name}</strong>
          <span>
            {server.version} · up {durationOf(server.uptime)}
          </span>
        </p>
      )}
      <div class="top-buttons">
        {inside !== null && (
          <>
            <Button onClick={() => setOpen('links')}>Links</Button>
            {slates.length > 0 && (
              <Button kind="danger" onClick={() => setOpen('show')}>
                All stations …
              </Button>
            )}
          </>
        )}
        {inside === 'session' && <Button onClick={() => void store.logOut()}>Log out</Button>}
      </div>
      {open === 'links' && <LinksSheet onClose={close} />}
      {open === 'show' && <ShowSheet station={null} slates={slates} shown={shownByAll(stations)} onClose={close} />}
    </header>
  );
}
