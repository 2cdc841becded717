/**
 * HTTP viewers, or TCP viewers for tcp: URLs, that read as cheaply as possible. They are ready when each has received
 * its first bytes or was disconnected. Commands: `begin` starts the measurement, `end` prints a ViewersReport.
 */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { continuityCounterOf, hasPayload, Pid, pidOf, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../../src/wire/ts.js';
import { commands, readTask } from './helper.js';
import { sum } from './stats.js';

export interface ViewersTask {
  /** One for each viewer, e.g. `http://127.0.0.1:8080/stations/film.ts`, `tcp://127.0.0.1:9000`. */
  urls: string[];
}

export interface ViewersReport {
  seconds: number;
  /** Of all viewers, with HTTP headers. */
  bytes: number;
  /** Of the viewer that received least. */
  least: number;
  /** Breaks in the continuity counter of the first viewer's video. */
  jumps: number;
  /** Connections that ended. */
  ended: number;
}

const { urls }: ViewersTask = readTask();

/** Checks the continuity counter of the video. */
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
        all[i] === TS_SYNC_BYTE &&
        all[i + TS_PACKET_LENGTH] === TS_SYNC_BYTE &&
        all[i + 2 * TS_PACKET_LENGTH] === TS_SYNC_BYTE;
      while (at + 2 * TS_PACKET_LENGTH < all.length && !isStart(at)) at++;
      this.#isInStep = at + 2 * TS_PACKET_LENGTH < all.length;
    }
    for (; this.#isInStep && at + TS_PACKET_LENGTH <= all.length; at += TS_PACKET_LENGTH) {
      if (all[at] !== TS_SYNC_BYTE) throw new Error('the first viewer receives no transport stream');
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
/** All sockets read into the same memory: bytes are only counted. */
const shared = Buffer.alloc(256 * 1024);

let onAllStarted: () => void = () => undefined;
const allStarted = new Promise<void>((resolve) => {
  onAllStarted = resolve;
});

function countStarted(): void {
  if (--waiting === 0) onAllStarted();
}

function watch(url: string, i: number): Socket {
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const socket = connect({
    host: hostname,
    port: Number(port),
    onread: {
      buffer: shared,
      callback: (length, buffer) => {
        if (bytes[i] === 0) countStarted();
        bytes[i]! += length;
        if (i === 0 && isCounting) continuity.take(Buffer.from(buffer.subarray(0, length)));
        return true;
      },
    },
  });
  if (protocol === 'http:') socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`);
  socket.on('close', () => {
    ended++;
    if (bytes[i] === 0) countStarted();
  });
  socket.on('error', (error) => process.stderr.write(`${url}: ${error.message}\n`));
  return socket;
}

let isCounting = false;
/** Time between two connections, ms: more at once would exceed the backlog of some servers. */
const APART = 5;
const sockets: Socket[] = [];
for (const [i, url] of urls.entries()) {
  sockets.push(watch(url, i));
  await sleep(APART);
}
let from: Float64Array = bytes.slice();
let began = performance.now();
if (urls.length > 0) await allStarted;
for await (const [word] of commands()) {
  if (word === 'begin') {
    from = bytes.slice();
    began = performance.now();
    isCounting = true;
    continue;
  }
  const each = bytes.map((total, i) => total - from[i]!);
  const report: ViewersReport = {
    seconds: (performance.now() - began) / 1000,
    bytes: sum([...each]),
    least: Math.min(...each),
    jumps: continuity.jumps,
    ended,
  };
  console.log(JSON.stringify(report));
}
for (const socket of sockets) socket.destroy();
process.exit();
