import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { SAP_GROUP, SAP_PORT } from '../contract/addresses.js';
import { openGroup } from '../net/receive.js';
import { decodeSap, type SapPacket } from '../wire/sap.js';
import { readSdp } from '../wire/sdp.js';
import { ANNOUNCEMENT_PERIOD, AnnouncementPlan, openAnnouncer } from './announcer.js';

const read = (datagrams: Buffer[]): SapPacket[] =>
  datagrams.map((datagram) => {
    const packet = decodeSap(datagram);
    assert.ok(packet);
    return packet;
  });
const brief = (packets: SapPacket[]): string[] =>
  packets.map(({ deletion, sdp }) => (deletion ? 'deletion' : (readSdp(sdp)?.name ?? '?')));

test('all stations are announced at once, and then once in each period', () => {
  const plan = new AnnouncementPlan({ ttl: 1 });
  const stations = makeStations(50);
  assert.equal(plan.next(stations).length, 50);
  const later = Array.from({ length: 20 }, () => plan.next(stations));
  assert.ok(later.every((slice) => slice.length <= 3));
  assert.deepEqual(brief(read(later.flat())).sort(), stations.map(({ name }) => name).sort());
});

test('a new station is announced at once, a changed one deleted and announced in its slice, an ended one deleted', () => {
  const plan = new AnnouncementPlan({ ttl: 1 });
  plan.next([makeStation(1)]);
  assert.deepEqual(brief(read(plan.next([makeStation(1), makeStation(2)]))), ['Station 2']);
  const period = Array.from({ length: 20 }, () => plan.next([makeStation(1), makeStation(2, { name: 'New' })]));
  const [deletion, announcement] = read(period.flat()).filter((_, i, all) => brief(all)[i] !== 'Station 1');
  assert.deepEqual(brief([deletion!, announcement!]), ['deletion', 'New']);
  assert.notEqual(deletion!.hash, announcement!.hash);
  assert.deepEqual(brief(read(plan.next([makeStation(1)]))), ['deletion']);
});

test('the item on air does not change the announcement', () => {
  const plan = new AnnouncementPlan({ ttl: 1 });
  plan.next([makeStation(1)]);
  assert.deepEqual(plan.next([makeStation(1, { nowPlaying: 'another' })]), []);
});

test('two servers of a station announce it with the same hash and source', () => {
  const [a] = new AnnouncementPlan({ ttl: 1 }).next([makeStation(1, { server: 'a' })]);
  const [b] = new AnnouncementPlan({ ttl: 1 }).next([makeStation(1, { server: 'b', number: 3 })]);
  assert.deepEqual(a, b);
});

test('announcements arrive by multicast, again after five seconds, and are deleted at the end', async () => {
  const name = `Announced by ${process.pid}`; // other tests may announce on this machine
  const seen: SapPacket[] = [];
  let hash = -1;
  let onSeen: () => void = () => undefined;
  const group = await openGroup({
    group: SAP_GROUP,
    port: SAP_PORT,
    localAddress: '127.0.0.1',
    onError: (error) => assert.fail(error),
    onDatagram: (datagram) => {
      const packet = decodeSap(datagram);
      if (packet === null) return;
      if (packet.sdp.includes(name)) hash = packet.hash;
      if (packet.hash !== hash) return;
      seen.push(packet);
      onSeen();
    },
  });
  const untilSeen = (count: number): Promise<void> =>
    new Promise((resolve) => {
      onSeen = () => {
        if (seen.length >= count) resolve();
      };
      onSeen();
    });
  const timers = new HandTimers();
  const announcer = await openAnnouncer({
    stations: () => [makeStation(1, { name })],
    localAddress: '127.0.0.1',
    log: (line) => assert.fail(line),
    timers,
  });
  await untilSeen(1);
  timers.advance(ANNOUNCEMENT_PERIOD);
  await untilSeen(2);
  await announcer.close();
  assert.equal(timers.pending, 0);
  await untilSeen(3);
  assert.deepEqual(
    seen.map(({ deletion }) => deletion),
    [false, false, true],
  );
  await group.close();
});
