/** `/metrics`: names and units as Prometheus recommends them, seconds and bytes. No addresses of viewers. */
import type { GatewayStats } from '../../contract/api.js';
import type { ServerStation } from '../../contract/server-view.js';
import { Lateness } from '../../threads/lateness.js';
import type { GatewayContext } from '../context.js';
import { processLoad } from '../monitor/process-load.js';
import type { ViewerKind } from '../viewers.js';
import { expositionText, type Family, type Sample } from './exposition.js';

const MILLIS = 1_000;

/** The page `/metrics`. `stats`: the newest sample. */
export function metricsText(context: GatewayContext, stats: GatewayStats): string {
  const stations = context.operator?.view().stations;
  const onAir = stations?.filter(({ onAir }) => onAir) ?? context.catalogue.stations;
  return expositionText([
    ...serverFamilies(context.server, stats, onAir.length),
    ...viewerFamilies(context),
    ...(stations ? [...stationFamilies(stations), ...receiverFamilies(stats)] : []),
  ]);
}

const one = (value: number): Sample[] => [{ value }];

function serverFamilies(server: string, { server: now }: GatewayStats, stations: number): Family[] {
  const cpu = one(processLoad.cpu() / MILLIS);
  const memory = one(processLoad.memory());
  const started = one(Math.round(Date.now() - processLoad.uptime()) / MILLIS);
  const families: Family[] = [
    {
      name: 'msc_info',
      type: 'gauge',
      help: 'The server.',
      samples: [{ labels: { server, version: now.version }, value: 1 }],
    },
    { name: 'msc_stations', type: 'gauge', help: 'Stations on the air.', samples: one(stations) },
    { name: 'process_cpu_seconds_total', type: 'counter', help: 'Processor time of all threads.', samples: cpu },
    { name: 'process_resident_memory_bytes', type: 'gauge', help: 'Memory.', samples: memory },
    { name: 'process_start_time_seconds', type: 'gauge', help: 'Start, since the Unix epoch.', samples: started },
  ];
  if (now.interface !== null) {
    const help = 'Whether the interface that packets leave by is there.';
    const samples = [{ labels: { interface: now.interface.name }, value: Number(now.interface.connected) }];
    families.push({ name: 'msc_interface_up', type: 'gauge', help, samples });
  }
  if (now.clockOffset !== null) {
    const help = 'System clock minus server clock.';
    families.push({ name: 'msc_clock_offset_seconds', type: 'gauge', help, samples: one(now.clockOffset / MILLIS) });
  }
  return families;
}

const kinds: readonly ViewerKind[] = ['ts', 'hls', 'mjpeg', 'live'];

function viewerFamilies({ viewers }: GatewayContext): Family[] {
  const { list, totals } = viewers;
  const byKind = kinds.map((kind) => ({
    labels: { kind },
    value: list.filter(([, each]) => each.kind === kind).length,
  }));
  const families = [
    ['msc_gateway_viewers', 'gauge', 'Streams being sent by HTTP.', byKind],
    ['msc_gateway_viewers_total', 'counter', 'Streams sent by HTTP, current ones included.', one(totals.viewers)],
    ['msc_gateway_bytes_total', 'counter', 'Bytes of streams sent by HTTP.', one(totals.bytes)],
    [
      'msc_gateway_moved_total',
      'counter',
      'Times that a viewer was too slow and was moved to the live position.',
      one(totals.moved),
    ],
  ] as const;
  return families.map(([name, type, help, samples]) => ({ name, type, help, samples }));
}

/** A sample of each station that has a value. */
const each = (stations: readonly ServerStation[], value: (station: ServerStation) => number | undefined): Sample[] =>
  stations.flatMap((station) => {
    const number = value(station);
    return number === undefined ? [] : [{ labels: { station: station.info.id }, value: number }];
  });

function stationFamilies(stations: readonly ServerStation[]): Family[] {
  const counter = (name: string, help: string, value: (station: ServerStation) => number | undefined): Family => ({
    name: `msc_station_${name}_total`,
    type: 'counter',
    help,
    samples: each(stations, value),
  });
  const infos = stations.map(({ info: { id, number, name, group, port, format } }) => ({
    labels: { station: id, number, name, group: `${group}:${port}`, format },
    value: 1,
  }));
  return [
    { name: 'msc_station_info', type: 'gauge', help: 'The stations.', samples: infos },
    {
      name: 'msc_station_on_air',
      type: 'gauge',
      help: 'Whether it is on the air.',
      samples: each(stations, ({ onAir }) => Number(onAir)),
    },
    counter('packets', 'Packets sent to the group.', ({ sent }) => sent?.packets),
    counter('bytes', 'Bytes of these packets with RTP headers.', ({ sent }) => sent?.bytes),
    counter('dropped_late', 'Packets dropped, more than 200 ms late.', ({ sent }) => sent?.droppedLate),
    counter('unread', 'Packets that could not be read.', ({ sent }) => sent?.unread),
    counter('refused', 'Packets that the system refused to send.', ({ sent }) => sent?.refused),
    counter('disk_waits', 'Times that packets were due before the disk had brought them.', ({ sent }) => sent?.waits),
    counter('parity_packets', 'Packets of parity sent.', ({ parity }) =>
      parity ? parity.columns.packets + parity.rows.packets : undefined,
    ),
    lateness(stations),
    counter('requested_packets', 'Lost packets that receivers requested.', ({ unicast }) => unicast?.requested),
    counter(
      'repaired_packets',
      'Lost packets sent again.',
      ({ unicast }) => unicast && unicast.repaired + unicast.repairedForAll,
    ),
    counter('bursts', 'Bursts on tuning.', ({ unicast }) => unicast?.bursts),
    counter('replays', 'Flows of the past (time shift).', ({ unicast }) => unicast?.replays),
    counter('unicast_bytes', 'Bytes to single receivers.', ({ unicast }) => unicast?.bytes),
    counter(
      'refused_for_budget',
      'Packets and flows refused for want of budget.',
      ({ unicast }) => unicast && unicast.refusedPackets + unicast.refusedFlows,
    ),
    counter(
      'received_packets',
      'Packets that receivers reported as received.',
      ({ unicast }) => unicast?.reports.received,
    ),
    counter(
      'missed_packets',
      'Packets that receivers reported missing before repair.',
      ({ unicast }) => unicast?.reports.lost,
    ),
    counter(
      'unrepaired_packets',
      'Packets that receivers reported missing after repair.',
      ({ unicast }) => unicast?.reports.unrepaired,
    ),
  ];
}

const quantiles = [0.5, 0.99, 1];

function lateness(stations: readonly ServerStation[]): Family {
  const samples = stations.flatMap(({ info: { id: station }, sent }) => {
    if (!sent) return [];
    const lateness = Lateness.of(sent.lateness);
    const ofQuantile = (quantile: number) => {
      const value = Math.round(lateness.quantile(quantile) * 10) / 10;
      return { labels: { station, quantile }, value: value / MILLIS };
    };
    return [...quantiles.map(ofQuantile), { labels: { station }, suffix: '_count', value: sent.packets }];
  });
  const help = 'Send time minus due time of packets since the station went on the air; negative is early.';
  return { name: 'msc_station_lateness_seconds', type: 'summary', help, samples };
}

function receiverFamilies({ stations }: GatewayStats): Family[] {
  const byStation = (value: (of: GatewayStats['stations'][number]) => number): Sample[] =>
    stations.map((station) => ({ labels: { station: station.id }, value: value(station) }));
  const loss = stations.flatMap(({ id: station, reporting, loss: { p50, p95 } }) =>
    reporting === 0
      ? []
      : [
          { labels: { station, quantile: '0.5' }, value: p50 },
          { labels: { station, quantile: '0.95' }, value: p95 },
        ],
  );
  const known = 'Receivers with a session; other receivers of the group are unknown.';
  const lossHelp = 'Share of packets missing before repair, over the latest reports.';
  return [
    { name: 'msc_station_members', type: 'gauge', help: known, samples: byStation(({ receivers }) => receivers) },
    {
      name: 'msc_station_reporting',
      type: 'gauge',
      help: 'Receivers that report.',
      samples: byStation(({ reporting }) => reporting),
    },
    { name: 'msc_station_loss_ratio', type: 'summary', help: lossHelp, samples: loss },
  ];
}
