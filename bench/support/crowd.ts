/**
 * Many receivers of one station in one process, on loopback: they share what comes from the groups, each loses of it
 * what it is told, and each has a session of its own. Its argument is a JSON object, CrowdOptions; it prints a line when
 * all are tuned. Lines on standard input: `begin` begins the time that counts, `lose SHARE` has each lose that share
 * at random from then on, `drop` has all lose the next packet; `end` ends it all: then it prints a CrowdReport.
 */
import { createInterface } from 'node:readline';
import { openSession, type SessionOptions } from '../../src/control/client.js';
import { openGroupBatched, type ReceivedBatch } from '../../src/net/receive-batched.js';
import type { OpenGroup } from '../../src/receiver/station-receiver.js';
import { Tuner } from '../../src/receiver/tuner.js';
import type { FoundChannel } from '../../src/viewer/channels.js';
import { randomFrom } from '../../test/support/relay.js';

export interface CrowdOptions {
  channel: FoundChannel;
  receivers: number;
}

export interface CrowdReport {
  /** Of all receivers. */
  received: number;
  lostBeforeRepair: number;
  lost: number;
  /** Packets that the server sent again, to one each, and to all. */
  unicast: number;
  multicast: number;
}

const { channel, receivers }: CrowdOptions = JSON.parse(process.argv[2]!);
const { port } = channel.info;

const random = randomFrom(11);
let share = 0;
let isToDrop = false;
let unicast = 0;
let multicast = 0;

/** What one receiver gets of a batch. */
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

/** One socket a group and port, whoever listens. */
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
      const isDropped = isMedia && isToDrop && batch.count > 0;
      if (isDropped) isToDrop = false;
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
  return { close: async () => void listeners.delete(options) };
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
    if (isLost) process.stderr.write('the server does not answer\n');
  },
  onTrouble: (problem: Error) => process.stderr.write(`${problem.message}\n`),
};

const tuners = Array.from(
  { length: receivers },
  () => new Tuner(events, { burst: false, buffer: { maxBytes: 500_000 } }, using),
);
const tuned = await Promise.all(tuners.map((tuner) => tuner.tune(channel.found)));

/** Totals over the receivers. */
function totals() {
  const reports = tuned.map((receiver) => receiver.report());
  const sum = (of: (report: (typeof reports)[number]) => number) => reports.reduce((all, each) => all + of(each), 0);
  return {
    received: sum(({ received }) => received),
    lostBeforeRepair: sum(({ lostBeforeRepair }) => lostBeforeRepair),
    lost: sum(({ lost }) => lost),
    unicast,
    multicast,
  };
}

process.stdout.write('ready\n');
let before = totals();
for await (const line of createInterface({ input: process.stdin })) {
  const [word, value] = line.split(' ');
  if (word === 'begin') before = totals();
  else if (word === 'lose') share = Number(value);
  else if (word === 'drop') isToDrop = true;
  else break;
}
const after = totals();
const report = Object.fromEntries(
  Object.entries(after).map(([name, value]) => [name, value - before[name as keyof CrowdReport]]),
);
process.stdout.write(`${JSON.stringify(report)}\n`);
process.exit();
