import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { findStations } from '../src/discovery/find.js';
import { loopback } from '../src/multicast/interfaces.js';
import type { StationReceiver } from '../src/receiver/station-receiver.js';
import { Station } from '../src/station/station.js';
import { Tuner } from '../src/viewer/tuner.js';
import type { Millis } from '../src/wire/time.js';
import { bigBuckBunny, openStore, reelOf, transportStream } from './support/film.js';
import { serve } from './support/msc.js';
import type { Hazards } from './support/relay.js';
import { openRelay } from './support/relay-sockets.js';

/** So long a missing packet is waited for: longer than any machine takes to repair it. */
const PATIENT: Millis = 30_000;
/** Bytes of transport stream, some 3,000 packets. */
const ENOUGH = 4_000_000;

const cases: { what: string; there: Hazards; back: Hazards; flags?: string[] }[] = [
  { what: 'one packet in ten is lost, both ways', there: { loss: 0.1 }, back: { loss: 0.1 } },
  { what: 'packets are lost twenty in a row', there: { bursts: { chance: 0.005, length: 20 } }, back: {} },
  {
    what: 'packets take 20 to 40 ms, overtake each other and come twice',
    there: { delay: 20, jitter: 20, duplicates: 0.05, loss: 0.02 },
    back: { delay: 10, jitter: 10, duplicates: 0.05, loss: 0.02 },
  },
];

/** A station on the air, and what it sends. */
async function onAir(context: TestContext, flags: readonly string[]) {
  const store = await openStore(context);
  const name = `Repair ${process.pid} ${context.name.length}`;
  const server = await serve(context, [`${name}=${bigBuckBunny}`, '--store', store.folder, ...flags], 1);
  const [info] = server.stations;
  const reel = await reelOf(context, bigBuckBunny, {}, store);
  const station = new Station({ items: [{ name, reel }], ssrc: info.ssrc });
  const found = await findStations({ interfaces: [loopback()] });
  const { controlPort } = found.find((one) => one.info.id === info.id) ?? assert.fail('the server is not found');
  return { info, station, controlPort };
}

/** Reads from the last random access point on until there is enough. */
async function read({ buffer }: StationReceiver, enough: number): Promise<{ bytes: Buffer; time: number }> {
  const settled = (cursor: Parameters<typeof buffer.wait>[0]) =>
    new Promise<void>((resolve) => buffer.wait(cursor, resolve));
  await settled(null);
  const cursor = buffer.openAtLastRandomAccess() ?? assert.fail('the stream ended');
  const pieces: Buffer[] = [];
  let time: number | null = null;
  for (let length = 0; length < enough; ) {
    await settled(cursor);
    for (const unit of buffer.read(cursor, enough) ?? assert.fail('the place is lost')) {
      time ??= unit.time;
      pieces.push(Buffer.from(unit.data)); // lent
      length += unit.data.length;
    }
  }
  return { bytes: Buffer.concat(pieces), time: time! };
}

for (const { what, there, back, flags = [] } of cases) {
  test(`where ${what}, a receiver has every byte of the station`, { timeout: 120_000 }, async (context) => {
    const { info, station, controlPort } = await onAir(context, flags);
    const relay = await openRelay(context, { controlPort, stations: [info], there, back });
    const events = { onServer: () => undefined, onTrouble: (problem: Error) => assert.fail(problem) };
    const tuner = new Tuner(events, { deadline: PATIENT });
    context.after(() => tuner.close());
    const [seen] = relay.stations;
    const { address } = relay;
    const channel = { info: seen, address, controlPort: relay.controlPort, localAddress: '127.0.0.1' };
    const receiver = await tuner.tune({ key: '', info: seen, found: channel });
    const { bytes, time } = await read(receiver, ENOUGH);
    const near = station.at(time);
    const packets = Math.ceil(bytes.length / 1_316);
    const sent = transportStream(station, near - 200, near + packets + 200);
    const from = sent.indexOf(bytes.subarray(0, 1_316));
    assert.ok(from >= 0, 'the first packet is one of the station');
    assert.ok(bytes.equals(sent.subarray(from, from + bytes.length)), 'every byte is as it was sent');
    assert.equal(receiver.report().lost, 0);
    assert.ok(relay.there.lost > 0, 'and something was lost on the way');
  });
}
