/** One picture fills the page; two to four share it, and the one in focus has sound. */
import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Screen } from '../player/player.js';
import { findStation, type Picture } from '../state/state.js';
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
  const number = state.pictures.indexOf(picture) + 1;
  return (
    <div class="picture" data-audible={isAudible && !alone}>
      {screen && <Shown screen={screen} picture={picture} />}
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
      {screen && <Trouble screen={screen} name={name} />}
    </div>
  );
}

/** The screen's element, covered by the newest thumbnail if tuning takes a while. */
function Shown({ screen, picture }: { screen: Screen; picture: Picture }) {
  const ref = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => ref.current?.replaceChildren(screen.element), [screen]);
  return (
    <>
      <div class="picture-screen" ref={ref} />
      {screen.status.value === 'tuning' && screen.following.value && (
        <div class="picture-tuning">
          <Thumbnail key={picture.station} station={picture.station} />
        </div>
      )}
    </>
  );
}

/** Explains why there is no picture. */
function Trouble({ screen, name }: { screen: Screen; name: string }) {
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
      <button type="button" class="button" onClick={() => page.key('c')}>
        Change the station
      </button>
    </div>
  );
}
