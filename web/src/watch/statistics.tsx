/** How the picture comes: figures for those who want to know. */
import { bitrateText } from '../../../src/contract/station-text.js';
import type { ScreenStatistics } from '../player/player.js';
import { millisText } from '../state/texts.js';
import { usePage } from '../ui/use-page.js';

const paths = { mse: 'Media Source', 'mpegts.js': 'mpegts.js', canvas: 'pictures on a canvas' } as const;

const rowsOf = (figures: ScreenStatistics): [string, string][] => [
  ['Delay', millisText(figures.delay)],
  ['Buffer', millisText(figures.buffer)],
  ['Off the common moment', millisText(figures.offset)],
  ['Frames', figures.frames.toLocaleString('en')],
  ['Dropped', figures.droppedFrames.toLocaleString('en')],
  ['Stalls', String(figures.stalls)],
  ['Moved on', String(figures.moved)],
  ['Bit rate', bitrateText(figures.bitrate)],
  ['Path', paths[figures.path]],
];

export function Statistics() {
  const page = usePage();
  const figures = page.screen.value?.statistics.value;
  return (
    <section class="statistics" aria-label="Statistics">
      {figures ? (
        <dl>
          {rowsOf(figures).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p>No figures yet.</p>
      )}
    </section>
  );
}
