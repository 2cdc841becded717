/**
 * Viewers by HTTP, or by TCP where the address says so, in one process that reads what comes as cheaply as it can. Its
 * argument is a JSON object, ViewersOptions; it prints a line when all have got their first bytes, or were left. A line `begin` on
 * standard input begins the time that counts, `end` ends it: then it prints a ViewersReport.
 */
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { continuityCounterOf, hasPayload, Pid, pidOf, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../../src/wire/ts.js';

export interface ViewersOptions {
  /** One for each viewer, e.g. `http://127.0.0.1:8080/stations/film.ts`, `tcp://127.0.0.1:9000`. */
  urls: string[];
}

export interface ViewersReport {
  seconds: number;
  /** Of all viewers, HTTP headers included. */
  bytes: number;
  /** Of the viewer that got least and of the one that got most. */
  least: number;
  most: number;
  /** Packets of the first viewer's video whose continuity counter is not the one that follows. */
  jumps: number;
  /** Connections that ended. */
  ended: number;
}

const { urls }: ViewersOptions = JSON.parse(process.argv[2]!);

/** Follows the continuity counter of the video, from the first packet on. */
class Continuity {
  jumps = 0;
  #rest: Buffer = Buffer.alloc(0);
  #isInStep = false;
  #last: number | null = null;

  take(data: Buffer): void {
    const all = Buffer.concat([this.#rest, data]);
    let at = 0;
    if (!this.#isInStep) {
      const isStart = (i: number) =>
        all[i] === TS_SYNC_BYTE && all[i + TS_PACKET_LENGTH] === TS_SYNC_BYTE && all[i + 2 * TS_PACKET_LENGTH] === 0x47;
      while (at + 2 * TS_PACKET_LENGTH < all.length && !isStart(at)) at++;
      this.#isInStep = at + 2 * TS_PACKET_LENGTH < all.length;
    }
    for (; this.#isInStep && at + TS_PACKET_LENGTH <= all.length; at += TS_PACKET_LENGTH) {
      if (all[at] !== TS_SYNC_BYTE) throw new Error('the first viewer is not sent transport stream packets');
      if (pidOf(all, at) !== Pid.video || !hasPayload(all, at)) continue;
      const counter = continuityCounterOf(all, at);
      if (this.#last !== null && counter !== ((this.#last + 1) & 0x0f)) this.jumps++;
      this.#last = counter;
    }
    this.#rest = Buffer.from(all.subarray(at));
  }
}

const continuity = new Continuity();
const bytes = new Float64Array(urls.length);
let ended = 0;
let waiting = urls.length;
/** All read into the same memory: what came is counted, and forgotten. */
const shared = Buffer.alloc(256 * 1024);

function hasBegun(): void {
  if (--waiting === 0) console.log('all');
}

function watch(url: string, i: number): Socket {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: shared,
      callback: (length, buffer) => {
        if (bytes[i] === 0) hasBegun();
        bytes[i]! += length;
        if (i === 0 && isCounting) continuity.take(Buffer.from(buffer.subarray(0, length)));
        return true;
      },
    },
  });
  if (protocol === 'http:') socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  socket.on('close', () => {
    ended++;
    // Who is sent nothing at all is not waited for.
    if (bytes[i] === 0) hasBegun();
  });
  socket.on('error', (error) => process.stderr.write(`${url}: ${error.message}\n`));
  return socket;
}

let isCounting = false;
/** One after the other: a server that lets few wait at its door would not see the rest. */
const APART = 5;
const sockets: Socket[] = [];
for (const [i, url] of urls.entries()) {
  sockets.push(watch(url, i));
  await sleep(APART);
}
let from: Float64Array = bytes.slice();
let began = performance.now();
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'begin') {
    from = bytes.slice();
    began = performance.now();
    isCounting = true;
    continue;
  }
  const each = bytes.map((sum, i) => sum - from[i]!);
  const report: ViewersReport = {
    seconds: (performance.now() - began) / 1000,
    bytes: each.reduce((sum, one) => sum + one, 0),
    least: Math.min(...each),
    most: Math.max(...each),
    jumps: continuity.jumps,
    ended,
  };
  console.log(JSON.stringify(report));
  break;
}
for (const socket of sockets) socket.destroy();
process.exit();
