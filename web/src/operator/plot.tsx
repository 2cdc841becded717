/** A line over the last hour. What draws it is loaded when the first one is there to be seen. */
import { useEffect, useRef } from 'preact/hooks';
import type { Chart } from './chart.js';
import type { Samples, SeriesName } from './samples.js';
import { useStore } from './use-store.js';

/** Milliseconds. */
const RETRY = 3_000;

interface PlotProps {
  samples: Samples;
  name: SeriesName;
  /** In words, what it shows. */
  label: string;
  /** How a value is written. */
  text: (value: number) => string;
  /** What the scale reaches at least. */
  least: number;
  /** Told of the moment that is pointed at; null: none. */
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
      // Not in one expression: what is built would not hear that its style sheet cannot be had.
      const loading = import('./chart.js');
      loading.then(open, () => {
        // The server is not there just now.
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
