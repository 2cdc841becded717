/** One station's row, which opens into its details. */
import type { LineUpStation, StationStats } from '../../../src/contract/api.js';
import { StationDetails } from './station-details.js';
import { StationPicture } from './station-picture.js';
import { countdownOf, millisOf, type Quantity, rateOf, shareOf, textOf } from './texts.js';
import { useStore } from './use-store.js';

interface StationRowProps {
  station: LineUpStation;
  stats: StationStats;
  open: boolean;
  onToggle: () => void;
}

/** Lateness that is marked as a warning, milliseconds; packets are dropped at 200. */

const LATE = 20;
const LOSSY = 0.01;

export function StationRow({ station, stats, open, onToggle }: StationRowProps) {
  const { info, onAir } = station;
  const details = `details-${info.id}`;
  // A station of another server: only its own information is available.
  const elsewhere = useStore().stats.value?.server.interface === null;
  return (
    <tbody class={onAir ? 'station' : 'station station-off'}>
      <tr>
        <td class="column-picture">
          <StationPicture id={info.id} onAir={onAir} />
        </td>
        <th scope="row" class="column-name">
          <button type="button" class="station-name" aria-expanded={open} aria-controls={details} onClick={onToggle}>
            <span class="station-number">{info.number}</span>
            <bdi>{info.name}</bdi>
          </button>
          <span class="station-address">
            {info.group}:{info.port}
          </span>
          <State station={station} lost={stats.lost} />
        </th>
        <NowAndNext station={station} />
        <StatCell name="rate" title="Rate" {...(elsewhere ? rateOf(info.bitrate) : rateOf(stats.rate))} />
        <StatCell
          name="jitter"
          title="Send jitter"
          {...millisOf(stats.lateness)}
          warn={stats.lateness !== null && stats.lateness > LATE}
        />
        <td class="column-viewers" data-title="Viewers">
          <span class="number">{stats.viewers + stats.receivers}</span>
          <small>
            {stats.viewers} HTTP · {stats.receivers} group
          </small>
        </td>
        <td class="column-loss" data-title="Loss">
          <Loss {...stats} />
        </td>
      </tr>
      <tr id={details} class="station-more" hidden={!open}>
        <td colSpan={7}>{open && <StationDetails station={station} />}</td>
      </tr>
    </tbody>
  );
}

function StatCell({ name, title, value, unit, warn }: Quantity & { name: string; title: string; warn?: boolean }) {
  return (
    <td class={`column-${name}${warn ? ' warn' : ''}`} data-title={title}>
      <span class="number">{value}</span>
      {unit !== '' && <span class="unit"> {unit}</span>}
    </td>
  );
}

function State({ station: { onAir, slate, parity }, lost }: { station: LineUpStation; lost: number }) {
  const { lineUp } = useStore();
  const slateName = lineUp.value?.slates.find(({ id }) => id === slate)?.name ?? slate;
  return (
    <>
      {!onAir && <span class="tag">off the air</span>}
      {slate !== null && <span class="tag tag-bad">showing {slateName}</span>}
      {parity !== null && parity !== 'none' && <span class="tag">parity: {parity}</span>}
      {lost > 0 && <span class="tag tag-bad">{lost} packets not sent</span>}
    </>
  );
}

function NowAndNext({ station: { info, onAir } }: { station: LineUpStation }) {
  const store = useStore();
  void store.stats.value; // Renders the countdown once a second.
  const left = info.nowUntil === undefined ? null : info.nowUntil - store.now();
  return (
    <td class="column-now" data-title="Now and next">
      {onAir && (
        <>
          <bdi class="now">{info.nowPlaying}</bdi>
          {left !== null && <span class="countdown">{countdownOf(left)} left</span>}
          {info.next !== undefined && (
            <span class="next">
              then <bdi>{info.next}</bdi>
            </span>
          )}
        </>
      )}
    </td>
  );
}

function Loss({ reporting, loss, missed, unrepaired }: StationStats) {
  if (reporting === 0) return <small>no reports</small>;
  return (
    <>
      <span class={loss.p95 > LOSSY ? 'number warn' : 'number'}>
        {textOf(shareOf(loss.p50))} · {textOf(shareOf(loss.p95))}
      </span>
      <small>
        {reporting} report; {missed - unrepaired} of {missed} repaired
      </small>
    </>
  );
}
