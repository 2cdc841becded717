import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { fakeGateway, fakeViewer, openApi } from '../../../test/support/fake-gateway.js';
import { type ParsedFamily, parseExposition } from '../../../test/support/prometheus.js';
import { Millis } from '../../base/units.js';
import type { UnicastStats } from '../../contract/server-view.js';
import { StationCounters } from '../../threads/station-counters.js';
import { expositionText, type Family } from './exposition.js';

const unicast: UnicastStats = {
  requested: 10,
  repaired: 7,
  repairedForAll: 2,
  bursts: 1,
  replays: 0,
  flowPackets: 500,
  bytes: 664_000,
  refusedPackets: 1,
  refusedFlows: 0,
  unread: 0,
  reports: {
    receivers: 4,
    received: 1_000,
    lost: 10,
    unrepaired: 1,
    loss: { p50: 0.001, p95: 0.02 },
    jitter: { p50: 1, p95: 2 },
    buffer: { p50: 200, p95: 200 },
    delay: { p50: 1_000, p95: 1_000 },
  },
};

test('a strict parser reads /metrics, and finds the numbers that were counted', async (context) => {
  const { context: gateway, operator, viewers, timers } = fakeGateway();
  const first = operator.stations[0]!;
  first.counters.countSent(100, 132_800);
  first.counters.droppedLate = 3;
  for (let i = 0; i < 100; i++) first.counters.lateness.record(i < 50 ? Millis(-2) : Millis(4));
  const columns = new StationCounters();
  columns.countSent(20, 26_560);
  first.parity = { mode: 'columns', columns: columns.snapshot(), rows: new StationCounters().snapshot() };
  first.unicast = unicast;
  operator.receivers = [{ address: '192.0.2.20', port: 40_000, station: 'station-1', state: 'playing', lastSeen: 0 }];
  viewers.add(fakeViewer({ bytes: 5_000, moved: 2 }));
  const app = openApi(context, gateway);
  timers.advance(5_000);
  const answer = await app.inject({ url: '/metrics', remoteAddress: '192.0.2.99', headers: { host: 'tv.example' } });
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.ok(!answer.body.includes('192.0.2.'), 'no addresses of viewers');

  const families = parseExposition(answer.body);
  const value = (name: string, labels: Record<string, string> = { station: 'station-1' }) =>
    families
      .flatMap(({ samples }) => samples)
      .find((sample) => sample.name === name && JSON.stringify(sample.labels) === JSON.stringify(labels))?.value;
  assert.equal(value('msc_station_packets_total'), 100);
  assert.equal(value('msc_station_bytes_total'), 132_800);
  assert.equal(value('msc_station_dropped_late_total'), 3);
  assert.equal(value('msc_station_parity_packets_total'), 20);
  assert.equal(value('msc_station_parity_packets_total', { station: 'station-2' }), undefined);
  assert.equal(value('msc_station_lateness_seconds', { station: 'station-1', quantile: '0.5' }), -0.0019);
  assert.equal(value('msc_station_lateness_seconds_count'), 100);
  assert.equal(value('msc_station_repaired_packets_total'), 9);
  assert.equal(value('msc_station_missed_packets_total'), 10);
  assert.equal(value('msc_station_unrepaired_packets_total'), 1);
  assert.equal(value('msc_station_members'), 1);
  assert.equal(value('msc_station_loss_ratio', { station: 'station-1', quantile: '0.95' }), 0.02);
  assert.equal(value('msc_gateway_viewers', { kind: 'live' }), 1);
  assert.equal(value('msc_gateway_bytes_total', {}), 5_000);
  assert.equal(value('msc_gateway_moved_total', {}), 2);
  assert.equal(value('msc_stations', {}), 2);
  assert.ok(value('process_resident_memory_bytes', {})! > 1e6);
  const info = families.find(({ name }) => name === 'msc_station_info')!;
  assert.equal(info.samples[1]!.labels.name, 'Lobby "west" \\ Größe');
});

test('metrics of a station with any name are read back unchanged', () => {
  const labels = fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'binary' }), {
    noNullPrototype: true,
  });
  const samples = fc.array(fc.record({ labels, value: fc.double() }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(samples, fc.string(), (written, help) => {
      const family: Family = { name: 'msc_x', type: 'gauge', help, samples: written };
      const [read] = parseExposition(expositionText([family]), { duplicates: true });
      const expected: ParsedFamily = {
        name: 'msc_x',
        type: 'gauge',
        help,
        samples: written.map(({ labels, value }) => ({ name: 'msc_x', labels, value: value === 0 ? 0 : value })),
      };
      assert.deepEqual(read, expected);
    }),
  );
});
