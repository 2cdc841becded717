/**
 * Many receivers of one station on loopback. They share the group's sockets; each has a session and losses of its own.
 * Commands: `begin` starts the measurement, `lose SHARE` sets the random loss of each receiver, `drop` makes all lose
 * the next packet, `end` prints a CrowdReport.
 */
import { openSession, type SessionOptions } from '../../src/control/client.js';
import { openGroupBatched, type ReceivedBatch } from '../../src/net/receive-batched.js';
import type { OpenGroup } from '../../src/receiver/station-receiver.js';
import { Tuner } from '../../src/receiver/tuner.js';
import type { FoundChannel } from '../../src/viewer/channels.js';
import { randomFrom } from '../../test/support/relay.js';
import { commands, readTask } from './helper.js';
import { sum } from './stats.js';

export interface CrowdTask {
  channel: FoundChannel;
  receivers: number;
}

export interface CrowdReport {
  /** Of all receivers. */
  received: number;
  lostBeforeRepair: number;
  lost: number;
  /** Repairs by the server, to one receiver and to the group. */
  unicast: number;
  multicast: number;
}

const { channel, receivers }: CrowdTask = readTask();
const { port } = channel.info;

const random = randomFrom(11);
let share = 0;
let dropsNext = false;
let unicast = 0;
let multicast = 0;

/** The packets of a batch that one receiver gets. */
class Part implements ReceivedBatch {
  buffer: Buffer = Buffer.alloc(0);
  readonly offsets = new Uint32Array(4_096);
  readonly lengths = new Uint16Array(4_096);
  readonly sources: ReceivedBatch['sources'][number][] = [];
  count = 0;

  take(batch: ReceivedBatch, from: number, lossy: boolean): void {
    this.buffer = batch.buffer;
    this.count = 0;
    for (let i = from; i < batch.count; i++) {
      if (lossy && share > 0 && random() < share) continue;
      this.offsets[this.count] = batch.offsets[i]!;
      this.lengths[this.count] = batch.lengths[i]!;
      this.sources[this.count] = batch.sources[i]!;
      this.count++;
    }
  }
}

type Listener = Parameters<OpenGroup>[0];

/** A socket for each group and port. */
const groups = new Map<string, { listeners: Set<Listener>; socket: ReturnType<OpenGroup> }>();
const part = new Part();

const openShared: OpenGroup = async (options) => {
  const key = `${options.group}:${options.port}`;
  let group = groups.get(key);
  if (group === undefined) {
    const listeners = new Set<Listener>();
    const isMedia = options.port === port;
    const onDatagrams = (batch: ReceivedBatch) => {
      if (!isMedia) multicast += batch.count;
      const isDropped = isMedia && dropsNext && batch.count > 0;
      if (isDropped) dropsNext = false;
      for (const listener of listeners) {
        part.take(batch, isDropped ? 1 : 0, isMedia);
        listener.onDatagrams(part);
      }
    };
    group = { listeners, socket: openGroupBatched({ ...options, onDatagrams }) };
    groups.set(key, group);
  }
  await group.socket;
  group.listeners.add(options);
  const { listeners } = group;
  return { leave: () => undefined, setSources: () => undefined, close: async () => void listeners.delete(options) };
};

const using = {
  openSession: (options: SessionOptions) =>
    openSession({
      ...options,
      onMedia: (datagram) => {
        unicast++;
        options.onMedia?.(datagram);
      },
    }),
  openGroup: openShared as typeof openGroupBatched,
};
const events = {
  onServer: (isLost: boolean) => {
    if (isLost) process.stderr.write('the server stopped answering\n');
  },
  onTrouble: (problem: Error) => process.stderr.write(`${problem.message}\n`),
};

const tuners = Array.from(
  { length: receivers },
  () => new Tuner(events, { burst: false, buffer: { maxBytes: 500_000 } }, using),
);
const tuned = await Promise.all(tuners.map((tuner) => tuner.tune(channel.found)));

/** Totals of all receivers. */
function totals() {
  const reports = tuned.map((receiver) => receiver.report());
  return {
    received: sum(reports.map(({ received }) => received)),
    lostBeforeRepair: sum(reports.map(({ lostBeforeRepair }) => lostBeforeRepair)),
    lost: sum(reports.map(({ lost }) => lost)),
    unicast,
    multicast,
  };
}

let before = totals();
for await (const [word, value] of commands()) {
  if (word === 'begin') before = totals();
  else if (word === 'lose') share = Number(value);
  else if (word === 'drop') dropsNext = true;
  else {
    const report = Object.entries(totals()).map(([name, total]) => [name, total - before[name as keyof CrowdReport]]);
    console.log(JSON.stringify(Object.fromEntries(report)));
  }
}
process.exit();
