/** The table of stations. */
import { useState } from 'preact/hooks';
import { noStats } from '../../../src/contract/no-stats.js';
import { matcher } from '../state/search.js';
import { StationRow } from './station-row.js';
import { countOf } from './texts.js';
import { useStore } from './use-store.js';

/** Most rows shown; others are found by the filter. */
const MOST_ROWS = 200;
/** Up to this number of stations, there is no filter. */
const FEW = 8;

const columns = [
  ['picture', 'Picture'],
  ['name', 'Station'],
  ['now', 'Now and next'],
  ['rate', 'Rate'],
  ['jitter', 'Send jitter'],
  ['viewers', 'Viewers'],
  ['loss', 'Loss, median · 95%'],
] as const;

export function Stations() {
  const { lineUp, stats } = useStore();
  const [asked, setAsked] = useState('');
  const [open, setOpen] = useState<string | null>(null);
  const stations = lineUp.value?.stations ?? [];
  const byId = new Map((stats.value?.stations ?? []).map((each) => [each.id, each]));
  const matches = matcher(asked);
  const found = stations.filter(({ info }) => matches(info.number, info.name, info.group, info.nowPlaying));
  const onAir = stations.filter((station) => station.onAir).length;
  return (
    <section class="block" aria-labelledby="stations">
      <header class="block-head">
        <h2 id="stations">Stations</h2>
        <p class="hint">
          {onAir} on the air{onAir < stations.length && `, ${stations.length - onAir} not`}
        </p>
        {stations.length > FEW && (
          <input
            type="search"
            class="filter"
            placeholder="Find a station"
            aria-label="Find a station"
            value={asked}
            onInput={(event) => setAsked(event.currentTarget.value)}
          />
        )}
      </header>
      {stations.length === 0 && <p class="nothing">No station is ready yet.</p>}
      {found.length > 0 && (
        <table class="stations">
          <thead>
            <tr>
              {columns.map(([name, title]) => (
                <th key={name} scope="col" class={`column-${name}`}>
                  {name === 'picture' ? <span class="visually-hidden">{title}</span> : title}
                </th>
              ))}
            </tr>
          </thead>
          {found.slice(0, MOST_ROWS).map((station) => (
            <StationRow
              key={station.info.id}
              station={station}
              stats={byId.get(station.info.id) ?? noStats(station.info.id)}
              open={open === station.info.id}
              onToggle={() => setOpen(open === station.info.id ? null : station.info.id)}
            />
          ))}
        </table>
      )}
      {found.length > MOST_ROWS && (
        <p class="nothing">{countOf(found.length - MOST_ROWS, 'more station')}. Use the filter above.</p>
      )}
      {found.length === 0 && stations.length > 0 && <p class="nothing">No station matches.</p>}
    </section>
  );
}
