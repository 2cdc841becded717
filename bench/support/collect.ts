/**
 * Compares the output of a contestant with the expected stream. It prints a line when the first packet arrives.
 * Commands: `begin` starts a measurement, `end` prints a CompletenessReport.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { Millis, ticksToMillis } from '../../src/base/units.js';
import { lastAtMost, type Reel } from '../../src/reel/reel.js';
import { Store } from '../../src/reel/store.js';
import { TS_PACKET_LENGTH } from '../../src/wire/ts.js';
import { Completeness } from './completeness.js';
import { commands, readTask } from './helper.js';

export interface CollectTask {
  /** File of the expected transport stream, which is repeated. */
  reference: string;
  /** Folder of its reel when a station plays it: delays are known then. */
  reel: string | null;
  /** Datagrams to this port of 127.0.0.1, or the standard output of a command. */
  source: { port: number } | { command: readonly string[] };
}

/** The last due time before now of a TS packet, for a station with one reel. */
function dueTimes(reel: Reel): (packet: number, now: Millis) => Millis {
  const firsts = Array.from({ length: reel.packetCount }, (_, i) => reel.position(i) / TS_PACKET_LENGTH);
  const cycle = ticksToMillis(reel.duration);
  /** A packet can leave a little early. Milliseconds. */
  const early = Millis(1_000);
  return (packet, now) => {
    const due = ticksToMillis(reel.due(lastAtMost(firsts, packet)));
    return Millis(due + Math.floor((now + early - due) / cycle) * cycle);
  };
}

const { reference, reel, source }: CollectTask = readTask();
const due = reel === null ? null : dueTimes(await new Store(dirname(dirname(reel))).openReel(basename(reel)));
const completeness = new Completeness(readFileSync(reference), due);

let hasArrived = false;
function take(piece: Buffer): void {
  if (!hasArrived) console.log('receiving');
  hasArrived = true;
  completeness.take(piece, Millis(Date.now()));
}

if ('port' in source) {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', take);
  socket.bind(source.port, '127.0.0.1');
  await once(socket, 'listening');
} else {
  const [command, ...words] = source.command;
  const child = spawn(command!, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.on('data', take);
  child.on('close', (code) => {
    throw new Error(`${command} ended with ${code}`);
  });
}
for await (const [word] of commands()) {
  if (word === 'begin') completeness.begin();
  else console.log(JSON.stringify(completeness.report()));
}
process.exit();
