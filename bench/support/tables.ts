/** Results of `bench playout` as text. */
import { shown } from '../support.js';
import type { Result } from './measure.js';

/** Columns as wide as their widest cell, the first three from the left, numbers from the right. */
function table(headings: string[], rows: string[][]): string {
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]!.length)));
  const line = (cells: string[]) =>
    cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return [line(headings), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}

const percent = (share: number, digits = 1) => (share * 100).toFixed(digits);
const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
const who = ({ name, stations, files }: Result) => [name, `${stations}`, files === 'equal' ? '1' : `${stations}`];
const WHO = ['', 'stations', 'reels'];

/** Rates further from that of the reel than this are marked. */
const RATE_TOLERANCE = 0.05;

/** `bitrate` is that of the reel. */
export function costTable(results: readonly Result[], bitrate: number): string {
  const rate = ({ stations, packets, received }: Result) =>
    // What left all stations, not only those listened to; without RTP headers.
    (packets / stations) * (received.bitrate / (received.packets / received.seconds / received.stations));
  const rows = results.map((result) => {
    const { cpu, busiestThread, stations, rss, pss, packets, onAirAfter, elsewhere, pageCache } = result;
    const mark = Math.abs(rate(result) / bitrate - 1) > RATE_TOLERANCE ? ' !' : '';
    const scaled = { median: cpu.median * 100, least: cpu.least * 100, most: cpu.most * 100 };
    return [
      ...who(result),
      `${(rate(result) / 1e6).toFixed(2)}${mark}`,
      packets.toFixed(0),
      shown(scaled, 1),
      percent(cpu.median / stations, 3),
      percent(cpu.median / ((rate(result) / 1e6) * stations), 4),
      percent(busiestThread.median),
      megabytes(rss),
      megabytes(pss),
      onAirAfter === null ? '' : onAirAfter.toFixed(1),
      pageCache[1] === null ? '' : percent(pageCache[1], 0),
      percent(Math.max(0, elsewhere), 0),
    ];
  });
  const headings = ['Mbit/s each', 'packets/s', 'CPU %', 'a station', 'a Mbit/s', 'thread %', 'RSS MB', 'PSS MB'];
  return `
CPU in per cent of one core, by all processes of each; "thread": its busiest; "on air": seconds from the command to the
last station; "cached": reels in memory, per cent; "else": CPU of everything else on the machine meanwhile, per cent of
one core; "!": sends at another rate than the reel's.

${table([...WHO, ...headings, 'on air', 'cached', 'else'], rows)}`;
}

export function evennessTable(results: readonly Result[]): string {
  // What the bare loop sends is nothing that one could look at.
  const programmes = results.filter(({ received }) => received.spacing.pcr !== null);
  const rows = programmes.map((result) => {
    const { received, offAir } = result;
    const { lateness, spacing, lost } = received;
    const { pcr, burst, gap } = spacing;
    const late = lateness
      ? [lateness.p50, lateness.p99, lateness.max, lateness.early].map((ms) => ms.toFixed(2))
      : null;
    return [
      ...who(result),
      ...(late ?? ['', '', '', '']),
      lateness ? percent(lateness.within5, 2) : '',
      ...(pcr ? [pcr.p50, pcr.p99, pcr.max].map((ms) => ms.toFixed(2)) : ['', '', '']),
      `${burst}`,
      gap.toFixed(1),
      lost === null ? '' : `${lost}`,
      offAir ? `${offAir.droppedLate}` : '',
    ];
  });
  const late = ['late p50', 'p99', 'max', 'least', '±5 ms %'];
  const headings = [...WHO, ...late, 'PCR p50', 'p99', 'max', 'burst', 'gap', 'lost', 'dropped'];
  return `
At a receiver of some of the stations, by the kernel's clock, ms. "late": after the due time; "PCR": how far PCRs arrive
from a straight line; "burst": most packets of a station within 1 ms; "gap": longest between two packets of a station;
"lost": by RTP sequence numbers; "dropped": by the server itself, as too late.

${table(headings, rows)}`;
}
