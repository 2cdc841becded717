/** One picture fills the page; two to four share it, and the one in focus has sound. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LiveStation } from '../../../src/contract/live.js';
import { codecsText } from '../../../src/contract/station-text.js';
import type { Screen } from '../player/player.js';
import { findStation, type Picture } from '../state/state.js';
import { copyText } from '../ui/copy-text.js';
import { Icon } from '../ui/icons.js';
import { Thumbnail } from '../ui/thumbnail.js';
import { usePage } from '../ui/use-page.js';

export function Pictures({ stage }: { stage: RefObject<HTMLElement | null> }) {
  const page = usePage();
  const { pictures } = page.state.value;
  return (
    <div class="pictures" data-count={pictures.length}>
      {pictures.map((picture) => (
        <PictureFrame key={picture.id} picture={picture} alone={pictures.length === 1} stage={stage} />
      ))}
    </div>
  );
}

interface PictureFrameProps {
  picture: Picture;
  alone: boolean;
  stage: RefObject<HTMLElement | null>;
}

function PictureFrame({ picture, alone, stage }: PictureFrameProps) {
  const page = usePage();
  const state = page.state.value;
  const screen = page.screens.all.value.get(picture.id);
  const station = findStation(state, picture.station);
  const isAudible = picture.id === state.focus;
  const name = station?.name ?? picture.station;
  const obstacle = station && page.engine.obstacleTo(station);
  const number = state.pictures.indexOf(picture) + 1;
  return (
    <div class="picture" data-audible={isAudible && !alone}>
      {screen && <Shown screen={screen} picture={picture} covered={obstacle !== null} />}
      {!alone && (
        <button
          type="button"
          class="picture-choose"
          aria-pressed={isAudible}
          aria-label={`Picture ${number}: ${name}${isAudible ? ', with sound' : ''}`}
          onFocus={() => page.send({ type: 'focus', picture: picture.id })}
          onClick={(event) => {
            page.send({ type: 'focus', picture: picture.id });
            if (event.detail > 0) stage.current?.focus({ preventScroll: true });
          }}
        >
          <span class="picture-name">
            {isAudible && <Icon name={page.sound.value.muted ? 'silent' : 'sound'} />}
            <bdi class="clip">{name}</bdi>
          </span>
        </button>
      )}
      {screen && <Trouble screen={screen} name={name} elsewhere={alone && obstacle !== null ? station : null} />}
    </div>
  );
}

/** The screen's element, covered by the newest thumbnail if tuning takes a while, or where nothing can be played. */
function Shown({ screen, picture, covered }: { screen: Screen; picture: Picture; covered: boolean }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.replaceChildren(screen.element), [screen]);
  return (
    <>
      <div class="picture-screen" ref={ref} />
      {(covered || (screen.status.value === 'tuning' && screen.following.value)) && (
        <div class="picture-tuning">
          <Thumbnail key={picture.station} station={picture.station} />
        </div>
      )}
    </>
  );
}

interface TroubleProps {
  screen: Screen;
  name: string;
  /** A station that other players play, and this browser does not. */
  elsewhere: LiveStation | null;
}

/** Explains why there is no picture. */
function Trouble({ screen, name, elsewhere }: TroubleProps) {
  const page = usePage();
  const status = screen.status.value;
  if (status === 'tuning') {
    return (
      <div class="trouble trouble-tuning">
        <p>
          Tuning to <bdi>{name}</bdi>…
        </p>
      </div>
    );
  }
  // A lost connection has a message of its own.
  if (status === 'waiting' && page.engine.connection.value !== 'lost') {
    return (
      <div class="trouble">
        <p>
          <bdi>{name}</bdi> sends nothing at the moment.
        </p>
        <p class="trouble-next">The picture will continue when it does.</p>
      </div>
    );
  }
  if (status !== 'ended') return null;
  return (
    <div class="trouble" role="alert">
      <p>
        {screen.problem.value ?? (
          <>
            <bdi>{name}</bdi> has gone off the air.
          </>
        )}
      </p>
      {elsewhere && <Elsewhere station={elsewhere} />}
      <div class="trouble-buttons">
        {elsewhere && <CopyAddress station={elsewhere} />}
        <button type="button" class="button" onClick={() => page.key('c')}>
          Change the station
        </button>
      </div>
    </div>
  );
}

const streamAddress = ({ id }: LiveStation): string => `${location.origin}/stations/${encodeURIComponent(id)}.ts`;

/** What plays a station that this browser cannot play. */
const Elsewhere = ({ station }: { station: LiveStation }) => (
  <>
    <p class="trouble-next">
      <code>msc watch</code> plays {codecsText(station)}, and so does VLC from this address:
    </p>
    <code class="trouble-address">{streamAddress(station)}</code>
  </>
);

function CopyAddress({ station }: { station: LiveStation }) {
  const page = usePage();
  const copy = async () => {
    const copied = await copyText(streamAddress(station));
    page.notify(copied ? 'Address copied.' : 'The browser does not allow copying: select the address instead.');
  };
  return (
    <button type="button" class="button" onClick={() => void copy()}>
      Copy the address
    </button>
  );
}
