/** Results of `bench playout` as tables. */
import type { Result } from './measure.js';
import { shown } from './stats.js';

const percent = (share: number, digits = 1) => (share * 100).toFixed(digits);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const describe = ({ name, stations, files }: Result) => ({
  contestant: name,
  stations,
  reels: files === 'equal' ? 1 : stations,
});

/** Rates that differ more from that of the reel are marked. */
const RATE_TOLERANCE = 0.05;

/** `bitrate` is that of the reel. */
export function costTable(results: readonly Result[], bitrate: number) {
  // Of all stations, not only those that the receiver listens to; without RTP headers.
  const rateOf = ({ stations, packets, received }: Result) =>
    (packets / stations) * (received.bitrate / (received.packets / received.seconds / received.stations));
  const rows = results.map((result) => {
    const { cpu, busiestThread, stations, rss, pss, packets, onAirAfter, elsewhere, pageCache } = result;
    const rate = rateOf(result);
    const scaled = { median: cpu.median * 100, least: cpu.least * 100, most: cpu.most * 100 };
    return {
      ...describe(result),
      'Mbit/s each': `${(rate / 1e6).toFixed(2)}${Math.abs(rate / bitrate - 1) > RATE_TOLERANCE ? ' !' : ''}`,
      'packets/s': packets.toFixed(0),
      'CPU %': shown(scaled, 1),
      'per station': percent(cpu.median / stations, 3),
      'per Mbit/s': percent(cpu.median / ((rate / 1e6) * stations), 4),
      'thread %': percent(busiestThread.median),
      'RSS MB': megabytes(rss),
      'PSS MB': megabytes(pss),
      'on air, s': onAirAfter?.toFixed(1) ?? '',
      'cached %': pageCache[1] === null ? '' : percent(pageCache[1], 0),
      'other %': percent(Math.max(0, elsewhere), 0),
    };
  });
  const title = `Cost, as a share of one core by all processes of each contestant: median (least–most).
"thread": its busiest thread; "on air": from the command to the last station; "cached": reels in memory; "other": CPU of
everything else on the machine; "!": the rate is not that of the reel.`;
  return [title, rows] as const;
}

export function evennessTable(results: readonly Result[]) {
  const fixed = (value: number | undefined, digits = 2) => value?.toFixed(digits) ?? '';
  // The bare loop sends no transport stream.
  const programmes = results.filter(({ received }) => received.spacing.pcr !== null);
  const rows = programmes.map((result) => {
    const { lateness, spacing, lost } = result.received;
    return {
      ...describe(result),
      'late p50': fixed(lateness?.p50),
      'late p99': fixed(lateness?.p99),
      'late max': fixed(lateness?.max),
      'late min': fixed(lateness?.early),
      '±5 ms %': lateness ? percent(lateness.within5, 2) : '',
      'PCR p50': fixed(spacing.pcr?.p50),
      'PCR p99': fixed(spacing.pcr?.p99),
      'PCR max': fixed(spacing.pcr?.max),
      burst: spacing.burst,
      gap: fixed(spacing.gap, 1),
      lost: lost ?? '',
      dropped: result.offAir?.droppedLate ?? '',
    };
  });
  const title = `Evenness at a receiver of some of the stations, by the kernel's clock, ms.
"late": after the due time; "PCR": deviation of PCR arrivals from a straight line; "burst": most packets of a station
within 1 ms; "gap": longest time between two packets of a station; "lost": by RTP sequence numbers; "dropped": by the
server, because they were late.`;
  return [title, rows] as const;
}
