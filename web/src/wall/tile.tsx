/** A station on the wall: thumbnail, name, now and next. */
import type { LiveStation } from '../../../src/contract/live.js';
import { writeAddress } from '../state/address.js';
import { isNamesake, nowAndNext, passed } from '../state/programmes.js';
import { leftText, pictureText } from '../state/texts.js';
import { IconButton } from '../ui/icon-button.js';
import { Thumbnail } from '../ui/thumbnail.js';
import { useDerived } from '../ui/use-derived.js';
import { usePage } from '../ui/use-page.js';
import { Preview } from './preview.js';

interface TileProps {
  station: LiveStation;
  favourite: boolean;
}

export function Tile({ station, favourite }: TileProps) {
  const page = usePage();
  const { id, number, name } = station;
  const time = page.clock.value;
  const { now, next } = nowAndNext(station, page.guide.around.value, time);
  const part = passed(now, time);
  const left = leftText(now.to, time);
  const obstacle = page.engine.obstacleTo(station);
  const marked = useDerived(() => page.marked.value === id, [page, id]);
  return (
    <li class="tile" data-station={id}>
      <a
        class="tile-open"
        href={writeAddress({ stations: [id], time: null })}
        data-move=""
        onFocus={() => {
          page.marked.value = id;
        }}
        onPointerEnter={() => {
          page.marked.value = id;
        }}
        onKeyDown={(event) => {
          if (event.key === '*') page.send({ type: 'favourite', station: id });
        }}
        onClick={(event) => {
          if (event.ctrlKey || event.metaKey || event.shiftKey) return;
          event.preventDefault();
          page.setOrigin(event.currentTarget.querySelector('.tile-picture'));
          page.send({ type: 'choose', station: id });
        }}
      >
        <div class="tile-picture">
          <Thumbnail station={id} />
          {marked && obstacle === null && <Preview station={id} />}
          {obstacle !== null && <p class="tile-obstacle">{obstacle} VLC and msc watch can.</p>}
          {part !== null && (
            <div class="tile-passed">
              <div style={{ inlineSize: `${100 * part}%` }} />
            </div>
          )}
        </div>
        <div class="tile-text">
          <p class="tile-name clip">
            <span class="tile-number">{number}</span> <span dir="auto">{isNamesake(station, now) ? '' : name}</span>
          </p>
          <p class="tile-now clip" dir="auto">
            {now.title}
          </p>
          {(left !== '' || next) && (
            <p class="tile-next note clip">
              <span>{[left, next && 'then'].filter(Boolean).join(' · ')}</span> <span dir="auto">{next?.title}</span>
            </p>
          )}
          <p class="note clip">{pictureText(station)}</p>
        </div>
      </a>
      <IconButton
        icon={favourite ? 'starred' : 'star'}
        label={`${name}: favourite`}
        class="tile-star"
        aria-pressed={favourite}
        onClick={() => page.send({ type: 'favourite', station: id })}
      />
    </li>
  );
}
