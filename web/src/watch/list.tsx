/** The list of stations over the picture: changes the station, or adds another picture. */

import { useState } from 'preact/hooks';
import type { LiveStation } from '../../../src/contract/live.js';
import { isNamesake, nowAndNext } from '../state/programmes.js';
import { favouritesFirst, searchStations } from '../state/search.js';
import { focused } from '../state/state.js';
import { leftText, pictureText } from '../state/texts.js';
import { Dialog } from '../ui/dialog.js';
import { Icon } from '../ui/icons.js';
import { Thumbnail } from '../ui/thumbnail.js';
import { usePage } from '../ui/use-page.js';

export function List() {
  const page = usePage();
  const { stations, favourites, searching, adding, ...state } = page.state.value;
  const [asked, setAsked] = useState('');
  const current = focused(page.state.value)?.station ?? state.last;
  const parts = favouritesFirst(searchStations(stations, asked), favourites);
  const found = [...parts.favourites, ...parts.others];
  return (
    <Dialog title={adding ? 'Add a picture' : 'Stations'} class="drawer">
      <search class="search">
        <Icon name="search" />
        <input
          type="search"
          placeholder="Search"
          aria-label="Search stations and programmes"
          autocomplete="off"
          spellcheck={false}
          data-first={searching ? '' : undefined}
          value={asked}
          onInput={(event) => setAsked(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Enter' && found[0]) page.send({ type: 'choose', station: found[0].id });
          }}
        />
      </search>
      <ul class="rows">
        {found.map((station) => (
          <Row
            key={station.id}
            station={station}
            current={station.id === current}
            first={!searching && station.id === current}
            favourite={favourites.includes(station.id)}
          />
        ))}
      </ul>
      {found.length === 0 && <p class="drawer-nothing">No station or programme matches.</p>}
    </Dialog>
  );
}

interface RowProps {
  station: LiveStation;
  current: boolean;
  first: boolean;
  favourite: boolean;
}

function Row({ station, current, first, favourite }: RowProps) {
  const page = usePage();
  const time = page.clock.value;
  const { now } = nowAndNext(station, page.guide.around.value, time);
  return (
    <li class="row">
      <button
        type="button"
        class="row-choose"
        aria-current={current}
        data-first={first ? '' : undefined}
        onClick={() => page.send({ type: 'choose', station: station.id })}
      >
        <span class="row-number">{station.number}</span>
        <Thumbnail station={station.id} />
        <span class="row-text">
          <span class="row-name">
            <span class="clip" dir="auto">
              {station.name}
            </span>
            <span class="row-left note">{leftText(now.to, time)}</span>
          </span>
          <span class="row-now clip" dir="auto">
            {isNamesake(station, now) ? '' : now.title}
          </span>
          <span class="note clip">{page.engine.obstacleTo(station) ?? pictureText(station)}</span>
        </span>
        {favourite && (
          <>
            <Icon name="starred" />
            <span class="visually-hidden">favourite</span>
          </>
        )}
      </button>
    </li>
  );
}
