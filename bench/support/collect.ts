/**
 * Looks at what a contestant makes of a stream, at the end of a bad line. A process of its own; its argument is a JSON
 * object, CollectOptions. It prints a line when something comes; `begin` on standard input begins a time that counts,
 * `end` ends it: then it prints a CompletenessReport.
 */
import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { createInterface } from 'node:readline';
import { type Millis, ticksToMillis } from '../../src/base/units.js';
import { lastAtMost, type Reel } from '../../src/reel/reel.js';
import { Store } from '../../src/reel/store.js';
import { TS_PACKET_LENGTH } from '../../src/wire/ts.js';
import { Completeness } from './completeness.js';

export interface CollectOptions {
  /** The transport stream that is expected, repeated for ever. */
  reference: string;
  /** The folder of its reel, where it is played as a station: then delays are known. */
  reel: string | null;
  /** Where it comes from: datagrams to this port of 127.0.0.1, or the standard output of a command. */
  source: { port: number } | { command: readonly string[] };
}

/** When the TS packets of a station of one reel leave: the last time before now. */
function dueTimes(reel: Reel): (packet: number, now: Millis) => Millis {
  const firsts = Array.from({ length: reel.packetCount }, (_, i) => reel.position(i) / TS_PACKET_LENGTH);
  const cycle = ticksToMillis(reel.duration);
  /** A packet may leave a little early. */
  const early = 1_000;
  return (packet, now) => {
    const due = ticksToMillis(reel.due(lastAtMost(firsts, packet)));
    return due + Math.floor((now + early - due) / cycle) * cycle;
  };
}

const { reference, reel, source }: CollectOptions = JSON.parse(process.argv[2]!);
const due = reel === null ? null : dueTimes(await new Store(dirname(dirname(reel))).openReel(basename(reel)));
const completeness = new Completeness(readFileSync(reference), due);

let hasCome = false;
function take(piece: Buffer): void {
  if (!hasCome) process.stdout.write('receiving\n');
  hasCome = true;
  completeness.take(piece, Date.now());
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
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'begin') completeness.begin();
  else process.stdout.write(`${JSON.stringify(completeness.report())}\n`);
}
process.exit();
