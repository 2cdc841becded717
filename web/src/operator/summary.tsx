/** The server's stats, most of them with a chart. */
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { secondsText } from '../state/texts.js';
import { Plot } from './plot.js';
import type { SampleList, SeriesName } from './samples.js';
import { bytesOf, countOf, millisOf, type Quantity, rateOf, shareOf, textOf } from './texts.js';
import { useStore } from './use-store.js';

const plain = (value: number): Quantity => ({ value: String(Math.round(value)), unit: '' });

/** The format of each series, and the least end of its scale. */
const ways: Readonly<Record<SeriesName, { of: (value: number) => Quantity; least: number }>> = {
  rate: { of: rateOf, least: 1_000_000 },
  cpu: { of: shareOf, least: 0.1 },
  lateness: { of: millisOf, least: 5 },
  viewers: { of: plain, least: 4 },
  loss: { of: shareOf, least: 0.01 },
};

interface TileProps {
  title: string;
  now: Quantity;
  name?: SeriesName;
  samples?: SampleList;
  children?: ComponentChildren;
}

export function Tile({ title, now, name, samples, children }: TileProps) {
  const [point, setPoint] = useState<{ time: number; value: number | null } | null>(null);
  const shown = point === null || name === undefined ? now : quantityAt(name, point.value);
  return (
    <div class="stat-tile">
      <h3>
        {title}
        {point !== null && <span class="tile-time"> at {secondsText(point.time)}</span>}
      </h3>
      <p class="stat">
        {shown.value}
        {shown.unit !== '' && <span class="unit"> {shown.unit}</span>}
      </p>
      <p class="tile-note note">{children}</p>
      {name !== undefined && samples !== undefined && (
        <Plot
          samples={samples}
          name={name}
          label={title}
          text={(value) => textOf(ways[name].of(value))}
          least={ways[name].least}
          onPoint={setPoint}
        />
      )}
    </div>
  );
}

const quantityAt = (name: SeriesName, value: number | null): Quantity =>
  value === null ? { value: '–', unit: '' } : ways[name].of(value);

export function Summary() {
  const store = useStore();
  const { server, stations } = store.stats.value!;
  const samples = store.samples.server;
  const { rate, cpu, processors, memory, clockOffset } = server;
  const lateness = stations.map((station) => station.lateness).filter((value) => value !== null);
  const reporting = stations.reduce((sum, station) => sum + station.reporting, 0);
  const loss = Math.max(0, ...stations.map((station) => station.loss.p95));
  return (
    <section class="tiles" aria-labelledby="server">
      <h2 id="server" class="visually-hidden">
        The server
      </h2>
      <Tile title="Outgoing" now={rateOf(rate.groups + rate.single + rate.http)} name="rate" samples={samples}>
        {textOf(rateOf(rate.groups))} to groups, {textOf(rateOf(rate.http))} by HTTP, {textOf(rateOf(rate.single))}{' '}
        repair and time shift
      </Tile>
      <Tile title="Processor" now={shareOf(cpu)} name="cpu" samples={samples}>
        of one of {countOf(processors, 'processor')}. Memory {textOf(bytesOf(memory))}
      </Tile>
      <Tile
        title="Send jitter"
        now={millisOf(lateness.length === 0 ? null : Math.max(...lateness))}
        name="lateness"
        samples={samples}
      >
        99th percentile, worst station
      </Tile>
      <Tile title="Viewers known" now={plain(server.viewers + server.receivers)} name="viewers" samples={samples}>
        {server.viewers} by HTTP, {countOf(server.receivers, 'receiver')} of groups. Silent receivers are not counted
      </Tile>
      <Tile title="Loss reported" now={shareOf(loss)} name="loss" samples={samples}>
        {reporting === 0
          ? 'No receiver reports'
          : `before repair, 95th percentile, worst station; ${countOf(reporting, 'report')}`}
      </Tile>
      {clockOffset !== null && (
        <Tile title="Clock" now={millisOf(clockOffset)}>
          system clock ahead of the server’s clock, {secondsText(server.time)}
        </Tile>
      )}
    </section>
  );
}
