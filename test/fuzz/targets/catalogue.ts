/** A gateway's stations, as searches find them: lists of servers that say anything, and readers. */
import assert from 'node:assert/strict';
import { Problem } from '../../../src/base/problem.js';
import { Millis } from '../../../src/base/units.js';
import { FindState, type FoundStation } from '../../../src/discovery/find-state.js';
import type { ReceiverTuner } from '../../../src/gateway/gateway-receiver.js';
import { NetworkCatalogue } from '../../../src/gateway/network-catalogue.js';
import type { StationReader } from '../../../src/gateway/source.js';
import { encodeMessage, MAX_MESSAGE_LENGTH, message } from '../../../src/wire/message.js';
import { stationFormats } from '../../../src/wire/station-format.js';
import type { StationInfo } from '../../../src/wire/station-info.js';
import { FakeReceiver } from '../../support/fake-receiver.js';
import { HandTimers } from '../../support/hand-timers.js';
import { settled } from '../../support/live-session.js';
import { makeStation } from '../../support/stations.js';
import { type Choices, EVENT_LENGTH, eventsOf, type FuzzTarget, script } from '../target.js';

const MOST_EVENTS = 48;
const LOCAL = '192.0.2.200';
const pauses = [0, 100, 1_000, 3_000, 10_000, 60_000];
const bitrates = [6e6, 0, 1, 1e12, 1e300, 0.5];

/** Stations as a server lists them, honest or not. */
function listed(event: Choices): StationInfo[] {
  const [count, first, variety, size] = [event.below(48), event.byte(), event.byte(), event.byte()];
  return Array.from({ length: count }, (_, i) => {
    const number = 1 + ((variety & 1 ? first : first + i) % 65_535);
    return makeStation(number, {
      id: variety & 2 ? 'same' : `station-${first + i}`,
      group: variety & 4 ? `10.0.0.${i}` : `239.1.${first}.${i}`,
      format: stationFormats[(variety >> 3) & 1]!,
      bitrate: bitrates[size % bitrates.length]!,
      name: variety & 16 ? '\u001b[31m' : 'n'.repeat(size % 100),
      duration: variety & 32 ? 1e300 : 30,
      nowUntil: variety & 64 ? 1e300 : undefined,
      schedule: variety & 128 ? `${size}` : 'schedule',
    });
  });
}

/** The receivers of a gateway, whose servers answer or refuse. */
class Tuners {
  readonly open = new Set<ReceiverTuner>();
  isRefusing = false;

  create = (): ReceiverTuner => {
    let receiver: FakeReceiver | null = null;
    const tuner: ReceiverTuner = {
      tune: async ({ info }) => {
        if (this.isRefusing) throw new Problem('server', 'No server answers', 'Wait.');
        receiver = new FakeReceiver(info);
        receiver.hold(0, 8);
        return receiver;
      },
      update: () => undefined,
      close: async () => {
        await receiver?.close();
        this.open.delete(tuner);
      },
    };
    this.open.add(tuner);
    return tuner;
  };
}

class Scene {
  /** What each server lists now. */
  readonly servers = new Map<number, StationInfo[]>();
  readonly timers = new HandTimers();
  readonly tuners = new Tuners();
  readonly readers: StationReader[] = [];
  readonly catalogue = new NetworkCatalogue({
    find: async () => this.#found(),
    createTuner: this.tuners.create,
    timers: this.timers,
    now: () => Millis(1_795_000_000_000 + this.timers.now()),
    log: () => undefined,
  });

  /** As a search collects it, from the datagrams of all servers. */
  #found(): readonly FoundStation[] {
    const now = this.timers.now();
    const query = { address: '', port: 0 };
    const search = new FindState({ localAddresses: [LOCAL], query, requestId: 1, now });
    for (const [server, stations] of this.servers) {
      const from = { address: `192.0.2.${server}`, port: 5601 };
      const body = { server: 'any', controlPort: 5601, stations: stations.length };
      const receive = (datagram: Buffer) => search.receive(datagram, from, LOCAL, now);
      receive(encodeMessage(message('challenge', 1, body, { cookie: Buffer.alloc(16, 1) })));
      for (const [page, station] of stations.entries()) {
        const answer = message('stations', 1, [{ ...station, server: `${server}` }], { page, pages: stations.length });
        const datagram = encodeMessage(answer);
        assert.ok(datagram.length <= MAX_MESSAGE_LENGTH);
        receive(datagram);
      }
    }
    return search.found;
  }

  async read(event: Choices): Promise<void> {
    const { stations } = this.catalogue;
    if (stations.length === 0) return;
    const source = stations[event.byte() % stations.length]!;
    const back = event.byte();
    const time = Millis(source.now() - back * 1_000);
    const reading = source.read(back === 0 ? { kind: 'live' } : { kind: 'time', time });
    const read = reading.then(
      (reader) => this.readers.push(reader),
      (error: unknown) => assert.ok(error instanceof Problem, String(error)),
    );
    await settled();
    this.timers.advance(5_000);
    await read;
  }

  check(): void {
    const { stations } = this.catalogue;
    const ids = stations.map(({ info }) => info.id);
    const numbers = stations.map(({ info }) => info.number);
    assert.equal(new Set(ids).size, ids.length, 'ids are unique');
    assert.equal(new Set(numbers).size, numbers.length, 'numbers are unique');
    assert.ok(numbers.every((number, i) => i === 0 || number > numbers[i - 1]!));
    for (const source of stations.slice(0, 4)) {
      assert.equal(this.catalogue.find(source.info.id), source);
      source.programmes?.(Millis(0), Millis(1e12));
      assert.ok(Number.isFinite(source.now()));
    }
  }
}

async function run(input: Buffer): Promise<void> {
  const scene = new Scene();
  await scene.catalogue.open();
  for (const event of eventsOf(input.subarray(0, MOST_EVENTS * EVENT_LENGTH))) {
    const kind = event.below(7);
    if (kind <= 1) scene.servers.set(1 + event.below(8), listed(event));
    else if (kind === 2) scene.servers.delete(1 + event.below(8));
    else if (kind === 3) scene.timers.advance(event.pick(pauses));
    else if (kind === 4) await scene.read(event);
    else if (kind === 5) scene.tuners.isRefusing = event.below(2) === 1;
    else if (scene.readers.length > 0) {
      const reader = scene.readers[event.below(scene.readers.length)]!;
      const bytes = event.uint16();
      if (bytes === 0) reader.close();
      else assert.ok(reader.read(bytes).every(({ data }) => data.length > 0));
    }
    await settled();
    scene.check();
  }
  for (const reader of scene.readers) reader.close();
  scene.timers.advance(60_000);
  await settled();
  await scene.catalogue.close();
  await settled();
  assert.equal(scene.tuners.open.size, 0, 'every receiver is closed');
}

export const target: FuzzTarget = {
  ...{ name: 'catalogue', block: EVENT_LENGTH, largest: MOST_EVENTS * EVENT_LENGTH },
  seeds: () => [
    script([0, 1, 3, 1], [3, 3], [4, 0, 0], [6, 0, 9, 9], [3, 4], [2, 1], [3, 5]),
    script([0, 1, 9, 1, 1, 0], [0, 2, 9, 1, 2, 3], [3, 3], [4, 1, 9], [6, 0, 255, 255], [6, 0, 0, 0], [3, 5]),
    script(
      [0, 1, 9, 1, 0, 0],
      [3, 3],
      [5, 1],
      [4, 0, 0],
      [5, 0],
      [0, 1, 9, 1, 0x80, 9],
      [3, 3],
      [2, 1],
      [3, 5],
      [3, 5],
    ),
  ],
  mostWork: (length) => 500_000 + 60_000 * length,
  run,
};
