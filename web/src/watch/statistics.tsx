/** Statistics of the picture in focus. */
import { bitrateText } from '../../../src/contract/station-text.js';
import type { ScreenStatistics } from '../player/player.js';
import { millisText } from '../state/texts.js';
import { usePage } from '../ui/use-page.js';

const paths = { mse: 'Media Source', 'mpegts.js': 'mpegts.js', canvas: 'canvas' } as const;

const rowsOf = (stats: ScreenStatistics): [string, string][] => [
  ['Delay', millisText(stats.delay)],
  ['Buffer', millisText(stats.buffer)],
  ['Out of step', millisText(stats.offset)],
  ['Frames', stats.frames.toLocaleString('en')],
  ['Dropped', stats.droppedFrames.toLocaleString('en')],
  ['Stalls', String(stats.stalls)],
  ['Skipped ahead', String(stats.moved)],
  ['Bit rate', bitrateText(stats.bitrate)],
  ['Player', paths[stats.path]],
];

export function Statistics() {
  const page = usePage();
  const stats = page.screen.value?.statistics.value;
  return (
    <section class="statistics" aria-label="Statistics">
      {stats ? (
        <dl>
          {rowsOf(stats).map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ))}
        </dl>
      ) : (
        <p>No statistics yet.</p>
      )}
    </section>
  );
}
