/** A line chart of the last hour. The chart library is loaded with the first one. */
import { useEffect, useRef } from 'preact/hooks';
import type { Chart } from './chart.js';
import type { Samples, SeriesName } from './samples.js';
import { useStore } from './use-store.js';

/** Milliseconds. */
const RETRY = 3_000;

interface PlotProps {
  samples: Samples;
  name: SeriesName;
  /** Names the chart for screen readers. */
  label: string;
  /** Formats a value. */
  text: (value: number) => string;
  /** The scale ends here or higher. */
  least: number;
  /** The moment under the pointer; null: none. */
  onPoint?: (point: { time: number; value: number | null } | null) => void;
}

export function Plot({ samples, name, label, text, least, onPoint }: PlotProps) {
  const store = useStore();
  const ref = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const latest = useRef(samples);
  latest.current = samples;

  useEffect(() => {
    let gone = false;
    let retry: ReturnType<typeof setTimeout> | undefined;
    const open = ({ openChart }: typeof import('./chart.js')) => {
      if (gone) return;
      chart.current = openChart(ref.current!, { name, text, least, onPoint: (point) => onPoint?.(point) });
      chart.current.show(latest.current);
    };
    const load = () => {
      // In two statements: otherwise the built page does not notice that the style sheet cannot be loaded.
      const loading = import('./chart.js');
      loading.then(open, () => {
        // The server does not answer at the moment.
        if (!gone) retry = setTimeout(load, RETRY);
      });
    };
    load();
    return () => {
      gone = true;
      clearTimeout(retry);
      chart.current?.close();
      chart.current = null;
    };
  }, [name, least]);

  const count = store.sampled.value;
  useEffect(() => chart.current?.show(samples), [samples, count]);

  const known = samples.values[name].filter((value) => value !== null);
  const described = known.length === 0 ? 'nothing measured yet' : `at most ${text(Math.max(...known))}`;
  return <div ref={ref} class="plot" role="img" aria-label={`${label} over the last hour: ${described}`} />;
}
