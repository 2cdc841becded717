/** Events of a server, printed: lines and progress for people, JSON for scripts. */
import type { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { type Stats, StatsOverTime } from '../playout/stats.js';
import type { ItemNotes, OnServerEvent, ServerEvent, StationName, StationTotals } from '../server/events.js';
import type { StationInfo } from '../wire/station-info.js';
import { countOf, type Output } from './output.js';

/** How often a terminal shows the status line. */
const STATUS_PERIOD = Millis(1_000);

/** A listener that prints each event. `onProblem` gets the problems as well. */
export function printEvents(output: Output, onProblem: (problem: Problem) => void = () => undefined): OnServerEvent {
  /** Reels whose notes were printed when they were made. */
  const printed = new Set<string>();
  return (event) => {
    if (event.kind === 'problem') onProblem(event.problem);
    print(event, output);
    if (event.kind === 'prepared') printed.add(event.reel);
    if (event.kind === 'on-air') printNotes(event.notes, printed, output);
  };
}

function print(event: ServerEvent, output: Output): void {
  switch (event.kind) {
    case 'preparing':
      output.print(preparingText(event));
      break;
    case 'progress':
      output.progress(preparingText(event), event.done);
      break;
    case 'prepared':
      output.endProgress();
      for (const note of event.notes) output.print(`  ${event.source}: ${note}`);
      if (event.encoded !== null) output.print(`  ${event.source}: encoded, because of ${event.encoded}`);
      break;
    case 'on-air':
      output.print(`On the air: ${stationText(event.station, event.twins)}`);
      output.event({
        event: 'on-air',
        station: event.station,
        notes: event.notes.map(({ item, notes }) => ({ item, notes })),
      });
      break;
    case 'left-out':
      output.print(`${nameText(event.station)}: ${event.notes.join('; ')}`);
      output.event({ event: 'left-out', station: event.station.number, notes: event.notes });
      break;
    case 'fec':
      output.print(`${nameText(event.station)}: error correction is ${event.mode} from now on`);
      break;
    case 'problem':
      output.warn(event.problem, event.station?.number);
      break;
    case 'interface':
      output.print(event.message);
      output.event({ event: 'interface', name: event.at.name, address: event.at.address, here: event.isHere });
      break;
    case 'warning':
    case 'note':
      output.print(event.message);
      break;
    case 'losses':
      output.print(`Lost: ${lossText(event.total)}.`);
      break;
    case 'stats':
      output.print(rateText(event.stations.length, event.total, event.period));
      output.event({ event: 'stats', seconds: event.period / 1000, ...event.total, stations: event.stations });
      break;
    case 'closed':
      printEnd(event, output);
      break;
    case 'off-air':
    case 'changed':
    case 'removed':
  }
}

/** Most items of a station whose notes are printed when it goes on the air; the operator's page and `--json` have all. */
const MOST_NOTED = 10;

/** The notes of items that are not in `printed`: their reels were in the store. */
function printNotes(items: readonly ItemNotes[], printed: Set<string>, output: Output): void {
  const noted = items.filter(({ reel }) => !printed.has(reel));
  for (const { item, reel, notes } of noted.slice(0, MOST_NOTED)) {
    for (const note of notes) output.print(`  ${item}: ${note}`);
    printed.add(reel);
  }
  if (noted.length > MOST_NOTED) {
    output.print(`  and notes on ${countOf(noted.length - MOST_NOTED, 'more item')}: the operator’s page shows them`);
  }
}

/** Totals at the end, unless nothing was sent. */
function printEnd({ total, stations }: { total: Stats; stations: readonly StationTotals[] }, output: Output): void {
  if (total.packets === 0) return;
  output.print(`Sent ${countOf(total.packets, 'packet')}: ${sendingText(total)}.`);
  const unicast = unicastText(stations);
  if (unicast !== null) output.print(`To single viewers: ${unicast}.`);
  output.event({ event: 'off-air', ...total, stations });
}

/** Shows a status line on a terminal, with the counters that `counters` returns. Returns a function that ends it. */
export function showStatus(output: Output, counters: () => Parameters<StatsOverTime['next']>[0]): () => void {
  const overTime = new StatsOverTime();
  const timer = setInterval(() => {
    output.status(() => {
      const stations = counters();
      return rateText(stations.length, overTime.next(stations), STATUS_PERIOD);
    });
  }, STATUS_PERIOD);
  return () => clearInterval(timer);
}

const nameText = ({ number, name }: StationName): string => `${number} ${name}`;

const preparingText = ({ station, source }: { station: StationName; source: string }): string =>
  `${nameText(station)}: preparing ${source}`;

function stationText(info: StationInfo, twins: readonly string[]): string {
  const { width, height, aspectRatio, frameRate, bitrate, group, port } = info;
  const picture = `${width}×${height} ${aspectRatio}, ${frameRate} frames/s, ${(bitrate / 1e6).toFixed(1)} Mbit/s`;
  const together = twins.length > 0 ? `, together with ${twins.join(', ')}` : '';
  return `${nameText(info)}, ${picture}, rtp://${group}:${port}${together}`;
}

/** Null where nothing was sent. */
function unicastText(stations: readonly StationTotals[]): string | null {
  const sum = (count: (of: NonNullable<StationTotals['unicast']>) => number) =>
    stations.reduce((total, { unicast }) => total + (unicast ? count(unicast) : 0), 0);
  const kinds = [
    [
      sum(({ repaired, repairedForAll }) => repaired + repairedForAll),
      'lost packet once more',
      'lost packets once more',
    ],
    [sum(({ bursts }) => bursts), 'burst on tuning', 'bursts on tuning'],
    [sum(({ replays }) => replays), 'replay', 'replays'],
    [
      sum(({ refusedPackets, refusedFlows }) => refusedPackets + refusedFlows),
      'refused for want of budget',
      'refused for want of budget',
    ],
  ] as const;
  const parts = kinds.filter(([count]) => count > 0).map(([count, one, many]) => countOf(count, one, many));
  return parts.join(', ') || null;
}

function rateText(stations: number, stats: Stats, period: Millis): string {
  const megabits = ((stats.bytes * 8) / (period * 1000)).toFixed(1);
  return `${stations} on the air, ${megabits} Mbit/s, ${sendingText(stats)}`;
}

/** Losses, then lateness: short, for one line of a terminal. Negative is early. */
function sendingText({ lateness: { median, p99, max }, ...losses }: Stats): string {
  return `${lossText(losses)}; late by ${median} / ${p99} / ${max} ms (median, 99%, most)`;
}

function lossText({ droppedLate, refused, unread, waits }: Omit<Stats, 'lateness'>): string {
  const disk = waits > 0 ? ` (the disk was not ready ${countOf(waits, 'time')})` : '';
  const kinds = [
    [droppedLate, `dropped, more than 200 ms late${disk}`],
    [refused, 'refused by the network'],
    [unread, 'not readable'],
  ] as const;
  const losses = kinds.filter(([count]) => count > 0).map(([count, what]) => `${countOf(count, 'packet')} ${what}`);
  return losses.join(', ') || 'nothing lost';
}
