/** Draws samples with uPlot, in the page's colours. */
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import type { Samples, SeriesName } from './samples.js';

export interface Chart {
  show(samples: Samples): void;
  close(): void;
}

export interface ChartOptions {
  name: SeriesName;
  text: (value: number) => string;
  /** The scale ends here or higher. */
  least: number;
  onPoint: (point: { time: number; value: number | null } | null) => void;
}

/** Shortest time shown, seconds. */
const LEAST_TIME = 5 * 60;
const HOUR = 3_600;
/** The scale's end, as a multiple of the highest value. */
const HEADROOM = 1.05;

const colour = (element: Element, name: string): string => getComputedStyle(element).getPropertyValue(name).trim();
/** Colours are read at each drawing: the colour scheme may have changed. */
const paint = (name: string) => (plot: uPlot) => colour(plot.root, name);

const two = (value: number): string => String(value).padStart(2, '0');
const clock = (seconds: number): string => {
  const time = new Date(seconds * 1_000);
  return `${two(time.getHours())}:${two(time.getMinutes())}`;
};

export function openChart(element: HTMLElement, { name, text, least, onPoint }: ChartOptions): Chart {
  const size = () => ({ width: element.clientWidth, height: element.clientHeight });
  const pixels = Number.parseFloat(getComputedStyle(element).fontSize);
  const font = `${Math.round(pixels)}px ${getComputedStyle(element).fontFamily}`;
  const plot = new uPlot(
    {
      ...size(),
      legend: { show: false },
      padding: [pixels * 0.75, 0, 0, 0],
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 7 }, sync: { key: 'operator' } },
      scales: {
        x: { time: false, range: (self) => [endOf(self) - spanOf(self), endOf(self)] },
        y: { range: (_plot, _least, most) => [0, Math.max(most ?? 0, least) * HEADROOM] },
      },
      series: [
        {},
        {
          stroke: paint('--plot'),
          fill: paint('--plot-fill'),
          width: 1.5,
          points: { show: false },
          spanGaps: false,
        },
      ],
      axes: [
        {
          stroke: paint('--soft'),
          font,
          size: pixels * 1.6,
          gap: pixels * 0.3,
          space: pixels * 5,
          grid: { show: false },
          ticks: { show: false },
          values: (_plot, times) => times.map(clock),
          incrs: [60, 120, 300, 600, 900, 1_200, 1_800],
        },
        {
          side: 1,
          stroke: paint('--soft'),
          font,
          size: pixels * 6,
          gap: pixels * 0.4,
          splits: (_plot, _axis, _least, most) => [0, most / HEADROOM],
          grid: { stroke: paint('--line'), width: 1 },
          ticks: { show: false },
          values: (_plot, values) => values.map(text),
        },
      ],
      hooks: {
        setCursor: [
          ({ cursor: { idx, left }, data }) => {
            const [times, values] = data;
            const seconds = (left ?? -1) < 0 ? undefined : times[idx ?? -1];
            onPoint(seconds === undefined ? null : { time: seconds * 1_000, value: values?.[idx ?? -1] ?? null });
          },
        ],
      },
    },
    [[], []],
    element,
  );
  let frame = 0;
  const resized = new ResizeObserver(() => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => plot.setSize(size()));
  });
  resized.observe(element);
  const light = matchMedia('(prefers-color-scheme: dark)');
  const redraw = () => plot.redraw(false);
  light.addEventListener('change', redraw);
  return {
    show: ({ times, values }) => plot.setData([times as number[], values[name] as (number | null)[]]),
    close: () => {
      cancelAnimationFrame(frame);
      resized.disconnect();
      light.removeEventListener('change', redraw);
      plot.destroy();
    },
  };
}

const endOf = ({ data: [times] }: uPlot): number => times.at(-1) ?? Date.now() / 1_000;

/** The time shown: five minutes to an hour, as far as there are samples. */
function spanOf({ data: [times] }: uPlot): number {
  const seen = (times.at(-1) ?? 0) - (times[0] ?? 0);
  return Math.min(HOUR, Math.max(LEAST_TIME, seen));
}
