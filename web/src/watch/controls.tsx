/** Buttons for the functions of the keys. Arrows move between them. */
import type { RefObject } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { LiveStation } from '../../../src/contract/live.js';
import { focused } from '../state/state.js';
import { directionOf, moveFocus } from '../ui/focus.js';
import { IconButton } from '../ui/icon-button.js';
import type { IconName } from '../ui/icons.js';
import { usePage } from '../ui/use-page.js';
import { SeekBar } from './seek-bar.js';

const MOVABLE = 'button, [role=slider], input';

interface ControlsProps {
  station: LiveStation | null;
  stage: RefObject<HTMLElement | null>;
}

export function Controls({ station, stage }: ControlsProps) {
  const page = usePage();
  const state = page.state.value;
  const ref = useRef<HTMLDivElement>(null);
  const screen = page.screen.value;
  const paused = focused(state)?.paused ?? false;
  const { muted, volume } = page.sound.value;
  const favourite = station !== null && state.favourites.includes(station.id);
  const wanted = page.wanted.controls.value;
  const seen = useRef(wanted);

  useEffect(() => {
    if (seen.current === wanted) return;
    seen.current = wanted;
    ref.current?.querySelector<HTMLElement>('[data-play]')?.focus();
  }, [wanted]);

  const onKeyDown = (event: KeyboardEvent) => {
    page.controls.wake({ focused: true });
    if (event.key === 'Escape') {
      stage.current?.focus({ preventScroll: true });
      page.controls.hide();
      event.preventDefault();
      return;
    }
    const direction = directionOf(event);
    const sideways = direction === 'left' || direction === 'right';
    // Sliders handle left and right themselves.
    if (!direction || (sideways && !(event.target as Element).matches('button'))) return;
    moveFocus(ref.current!, MOVABLE, direction);
    event.preventDefault();
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside are interactive
    <div
      class="controls"
      ref={ref}
      onKeyDown={onKeyDown}
      onFocusIn={() => page.controls.wake({ focused: true })}
      onPointerEnter={(event) => {
        if (event.pointerType === 'mouse') page.controls.hold(true);
      }}
      onPointerLeave={() => page.controls.hold(page.state.peek().dialog === 'menu')}
      onClick={(event) => {
        page.controls.wake();
        if (event.detail > 0 && page.state.peek().dialog === null) stage.current?.focus({ preventScroll: true });
      }}
    >
      {station && screen && <SeekBar station={station} screen={screen} />}
      <div class="bar-buttons" role="toolbar" aria-label="Controls">
        <div class="bar-group">
          <Key name="down" does="Previous station" press="pgdn" hint="Page Down" />
          <Key name="up" does="Next station" press="pgup" hint="Page Up" />
          <Key name="begin" does="From the beginning" press="home" hint="Home" />
          <Key name="back" does="10 seconds back" press="left" hint="←" />
          <Key name={paused ? 'play' : 'pause'} does={paused ? 'Resume' : 'Pause'} press="p" hint="p" play />
          <Key name="forward" does="10 seconds forward" press="right" hint="→" />
        </div>
        <div class="bar-group">
          <Key name={muted ? 'silent' : 'sound'} does={muted ? 'Sound on' : 'Sound off'} press="m" hint="m" />
          <input
            class="volume"
            type="range"
            min="0"
            max="100"
            step="5"
            aria-label="Volume"
            value={muted ? 0 : Math.round(100 * volume)}
            onInput={(event) => page.setVolume(Number(event.currentTarget.value) / 100)}
          />
          <Key name={favourite ? 'starred' : 'star'} does="Favourite" press="*" hint="*" pressed={favourite} />
          <Key name="list" does="List of stations" press="c" hint="c" />
          <Key name="guide" does="Guide" press="g" hint="g" />
          <IconButton
            icon="more"
            label="More"
            aria-haspopup="dialog"
            onClick={() => page.send({ type: 'open', dialog: 'more' })}
          />
          <Key name="full" does="Full screen" press="f" hint="f" />
        </div>
      </div>
    </div>
  );
}

interface KeyProps {
  name: IconName;
  does: string;
  /** The key with the same function. */
  press: string;
  /** The key's name for the tooltip. */
  hint: string;
  pressed?: boolean;
  play?: boolean;
}

function Key({ name, does, press, hint, pressed, play }: KeyProps) {
  const page = usePage();
  return (
    <IconButton
      icon={name}
      label={does}
      hint={hint}
      class={play ? 'icon-button-play' : ''}
      data-play={play}
      aria-pressed={pressed}
      onClick={() => page.key(press)}
    />
  );
}
