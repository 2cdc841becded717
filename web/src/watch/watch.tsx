/** Watching: up to four pictures, with controls that disappear without input. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { findStation, focused } from '../state/state.js';
import { IconButton } from '../ui/icon-button.js';
import { Icon } from '../ui/icons.js';
import { usePage } from '../ui/use-page.js';
import { Badge } from './badge.js';
import { Controls } from './controls.js';
import { Info } from './info.js';
import { Pictures } from './pictures.js';
import { Statistics } from './statistics.js';
import { Touch } from './touch.js';
import './watch.css';

/** The key with the function of each gesture. */
const gestureKeys = { 'double-tap': 'f', up: 'pgup', down: 'pgdn' } as const;

export function Watch() {
  const page = usePage();
  const state = page.state.value;
  const ref = useRef<HTMLElement>(null);
  const touch = useRef(new Touch());
  const [origin] = useState(() => page.takeOrigin());
  const station = findStation(state, focused(state)?.station);
  const visible = page.controls.visible.value;
  const over = state.dialog === 'menu' || visible;
  const banner = state.bannerUntil > 0 && state.pictures.length === 1;

  useEffect(() => {
    ref.current?.focus({ preventScroll: true });
    page.controls.wake();
    return () => page.controls.hold(false);
  }, [page]);

  const onPointerUp = (event: PointerEvent) => {
    const gesture = touch.current.up({ x: event.clientX, y: event.clientY, time: event.timeStamp });
    if (gesture === null) return;
    if (gesture !== 'tap') page.key(gestureKeys[gesture]);
    else if (visible) page.controls.hide();
    else page.controls.wake();
  };

  return (
    <main
      class="watch"
      ref={ref}
      tabIndex={-1}
      data-controls={over}
      data-banner={banner}
      data-several={state.pictures.length > 1}
      data-opened={origin !== null}
      style={origin === null ? undefined : { '--origin': origin }}
      aria-label={station?.name ?? 'Station'}
      onPointerMove={(event) => {
        if (event.pointerType === 'mouse' && (event.movementX !== 0 || event.movementY !== 0)) page.controls.wake();
      }}
      onPointerDown={(event) => {
        const isOnPicture = (event.target as Element).closest('.pictures') !== null;
        if (event.pointerType === 'touch' && isOnPicture) {
          touch.current.down({ x: event.clientX, y: event.clientY, time: event.timeStamp });
        }
      }}
      onPointerUp={onPointerUp}
      onDblClick={(event) => {
        if (!(event.target as Element).closest('.bar, .top button')) page.key('f');
      }}
    >
      <h1 class="visually-hidden">{station?.name ?? 'Station'}</h1>
      <Pictures stage={ref} />
      <div class="shade" aria-hidden="true" />
      <div class="top">
        <IconButton icon="wall" label="Back to all stations" hint="q" onClick={() => page.key('q')} />
        <Badge />
      </div>
      <Silenced />
      <div class="lower">
        <Info station={station} />
        <Controls station={station} stage={ref} />
      </div>
      {state.statistics && <Statistics />}
    </main>
  );
}

/** Browsers block the sound of a page that has not been touched. */
function Silenced() {
  const page = usePage();
  const screen = page.screen.value;
  if (!screen?.silenced.value || screen.muted.value) return null;
  return (
    <button type="button" class="silenced" onClick={() => page.setVolume(page.sound.peek().volume || 1)}>
      <Icon name="silent" /> Turn the sound on
    </button>
  );
}
