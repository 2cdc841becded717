/** The seek bar: the station's past and its programmes. Dim parts are not available. */

import { useRef, useState } from 'preact/hooks';
import { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';
import type { Screen } from '../player/player.js';
import { announcedProgrammes, programmeAt } from '../state/programmes.js';
import { behindWords, clockText, secondsText } from '../state/texts.js';
import { positionOf, timeAt, timelineOf } from '../state/timeline.js';
import { usePage } from '../ui/use-page.js';

const percent = (part: number): string => `${(100 * part).toFixed(2)}%`;

export function SeekBar({ station, screen }: { station: LiveStation; screen: Screen }) {
  const page = usePage();
  const ref = useRef<HTMLDivElement>(null);
  const [pointed, setPointed] = useState<{ position: number; held: boolean } | null>(null);
  const behind = screen.behind.value ?? Millis(0);
  const clock = page.clock.value;
  const live = screen.time.value === null ? clock : Millis(screen.time.value + behind);
  const time = screen.time.value ?? live;
  const programmes = page.guide.around.value.get(station.id) ?? announcedProgrammes(station);
  const oldest = station.oldest === null ? null : Millis(station.oldest);
  const line = timelineOf({ live, oldest, time, programmes });
  const at = (moment: number) => percent(positionOf(line, moment));
  const pointedTime = pointed && timeAt(line, pointed.position);
  const shown = pointed?.held ? pointedTime! : time;
  const pointedTitle = pointedTime === null ? '' : (programmeAt(programmes, pointedTime)?.title ?? '');

  const positionIn = (event: PointerEvent): number => {
    const box = ref.current!.getBoundingClientRect();
    return (event.clientX - box.left) / box.width;
  };

  return (
    <div class="seek">
      <span class="note">{clockText(line.from)}</span>
      <div
        ref={ref}
        class="bar"
        role="slider"
        tabIndex={0}
        aria-label="Time"
        aria-valuemin={Math.round(line.oldest / 1000)}
        aria-valuemax={Math.round(line.live / 1000)}
        aria-valuenow={Math.round(time / 1000)}
        aria-valuetext={`${secondsText(time)}, ${behindWords(behind)}`}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          event.preventDefault();
          event.currentTarget.setPointerCapture(event.pointerId);
          setPointed({ position: positionIn(event), held: true });
        }}
        onPointerMove={(event) => {
          if (pointed?.held) page.controls.wake();
          setPointed({ position: positionIn(event), held: pointed?.held ?? false });
        }}
        onPointerUp={(event) => {
          if (pointed?.held) page.send({ type: 'seek', time: timeAt(line, positionIn(event)) });
          setPointed(null);
        }}
        onPointerCancel={() => setPointed(null)}
        onPointerLeave={() => {
          if (!pointed?.held) setPointed(null);
        }}
      >
        <div class="bar-track">
          <div
            class="bar-past"
            style={{ insetInlineStart: at(line.oldest), insetInlineEnd: percent(1 - positionOf(line, live)) }}
          />
          <div
            class="bar-seen"
            style={{ insetInlineStart: at(line.oldest), insetInlineEnd: percent(1 - positionOf(line, shown)) }}
          />
          {line.marks.map((mark) => (
            <div key={mark.time} class="bar-mark" style={{ insetInlineStart: at(mark.time) }} />
          ))}
        </div>
        <div class="bar-knob" style={{ insetInlineStart: at(shown) }} />
        {pointed && pointedTime !== null && (
          <div
            class="bar-tip"
            style={{ insetInlineStart: `clamp(5rem, ${at(pointedTime)}, 100% - 5rem)` }}
            aria-hidden="true"
          >
            <span>{secondsText(pointedTime)}</span>
            <bdi class="clip">{pointedTitle}</bdi>
          </div>
        )}
      </div>
      <span class="note">{clockText(line.to)}</span>
    </div>
  );
}
