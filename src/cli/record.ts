/** `msc record`: a station into a file, from a random access point on. */
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { messageOf, Problem, systemCode } from '../base/problem.js';
import { Millis, millisToTicks } from '../base/units.js';
import { durationText } from '../contract/station-text.js';
import { changeText } from '../net/interface-state.js';
import { interfaceWatch } from '../net/interface-watch.js';
import { resolveInterface } from '../net/interfaces.js';
import type { StationReceiver } from '../receiver/station-receiver.js';
import type { Cursor, StreamUnit } from '../receiver/stream-buffer.js';
import { Tuner } from '../receiver/tuner.js';
import { chooseChannel, requireStations } from '../viewer/channels.js';
import { containerFor } from '../viewer/container.js';
import { targetOf } from '../viewer/moment.js';
import { Recorder } from '../viewer/recorder.js';
import { findChannels, searchAgain } from './find.js';
import { readKey } from './key.js';
import { countOf, type Output, openOutput, printJson } from './output.js';

export interface RecordOptions {
  /** Number, id or name. */
  station: string;
  /** Path of the file, or "-" for standard output. */
  output: string;
  /** Length in the stream's time; undefined: until interrupted. */
  duration?: Millis;
  /** When the beginning of the recording was on the air (Unix epoch); undefined: now. */
  from?: Millis;
  /** Names or addresses of further interfaces on which the station is received. */
  also?: string[];
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** File with the key of the servers that are believed; undefined: those without one. */
  key?: string;
  /** A summary as one JSON value on standard output, or on standard error when the recording goes to standard output. */
  json: boolean;
  quiet: boolean;
  /** Aborted: ends the recording with all that was received. */
  signal: AbortSignal;
}

/** Longest time without a packet before a recording ends: before the first one, and later, when the server may return. */
const LONGEST_WAIT = Millis(15_000);
const LONGEST_SILENCE = Millis(60_000);
/** How long a recorder waits for what the server can still send; what has come meanwhile is held, at most some 90 MB. */
const PATIENCE = Millis(60_000);
/** How long an interrupted recording waits for it. */
const LAST_WAIT = Millis(10_000);
/** Most bytes that are read at once. */
const MOST_BYTES = 1024 * 1024;
/** Longest wait for units before the signal, the silence and the progress are looked at again. */
const WAIT_PERIOD = Millis(1000);
/**
 * Longest time that packets wait in the socket when the output is a file: nobody watches, and waking up costs more than the
 * work. Where the system's buffer is too small for that, packets are read sooner, but the file is not written more often.
 */
const FILE_LATENCY = Millis(1000);
const WRITE_PERIOD = Millis(800);
/** Multiple of playing speed at which the past is requested: as fast as server and network allow. */
const FASTEST = 100;

/**
 * Exit code 0 when the recording is complete or was interrupted. Rejects with a Problem: no such station, a file that cannot
 * be written, a full disk, nothing received; the recording until then stays in the file.
 */
export async function runRecord(options: RecordOptions): Promise<number> {
  const { json, quiet } = options;
  const output = openOutput({ quiet, json });
  const key = await readKey(options.key, output.print);
  const leftOut: string[] = [];
  const channels = await findChannels({ ...options, key, onLeftOut: (lines) => leftOut.push(...lines) });
  requireStations(channels, options.interface, leftOut);
  const channel = chooseChannel(channels, options.station);
  const events = {
    onServer: (isLost: boolean) =>
      output.print(`${channel.info.server} ${isLost ? 'does not answer' : 'answers again'}.`),
    onTrouble: (problem: Problem) => output.warn(problem),
  };
  const also = options.also?.map((name) => resolveInterface(name).address);
  const latency = options.output === '-' ? undefined : FILE_LATENCY;
  // Standard output may be read by a player.
  const patience = options.output === '-' ? undefined : PATIENCE;
  const search = searchAgain({ ...options, key }, channels);
  const tuner = new Tuner(events, { latency, also, speed: FASTEST, patience, search, key });
  const file = await openFile(options.output);
  const stopWatching = interfaceWatch().onChange((change) => output.print(changeText(change)));
  try {
    const { from } = options;
    const start = from === undefined ? undefined : targetOf(channel.info.format, millisToTicks(from));
    const receiver = await tuner.tune(channel.found, start);
    const recorder = new Recorder(containerFor(receiver.station), options.duration);
    const bytes = await record(receiver, recorder, file, options, output);
    await file.close();
    summarize(receiver, recorder, bytes, options, output);
    return 0;
  } finally {
    output.endProgress();
    stopWatching();
    await Promise.all([tuner.close(), file.close()]);
  }
}

interface OutputFile {
  /** Writes the pieces one after another; returns the number of bytes. */
  write(pieces: readonly Buffer[]): Promise<number>;
  /** Further calls do nothing. */
  close(): Promise<void>;
}

async function openFile(path: string): Promise<OutputFile> {
  const stream: Writable = path === '-' ? process.stdout : createWriteStream(path);
  const problem = (error: unknown): Problem => writeProblem(path, error);
  if (path !== '-') {
    await new Promise<void>((resolve, reject) => {
      stream.once('ready', resolve);
      stream.once('error', (error) => reject(problem(error)));
    });
  }
  let failure: Problem | null = null;
  stream.on('error', (error) => {
    failure ??= problem(error);
  });
  let isClosed = false;
  let memory = Buffer.alloc(0);
  return {
    async write(pieces) {
      if (failure) throw failure;
      const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
      // The pieces are only lent. Reused memory is faster than new.
      if (memory.length < length) memory = Buffer.allocUnsafeSlow(2 * length);
      let at = 0;
      for (const piece of pieces) at += piece.copy(memory, at);
      await new Promise<void>((resolve, reject) => {
        stream.write(memory.subarray(0, length), (error) => (error ? reject(problem(error)) : resolve()));
      });
      return length;
    },
    async close() {
      if (isClosed || path === '-') return;
      isClosed = true;
      stream.end();
      await finished(stream).catch((error: unknown) => {
        throw failure ?? problem(error);
      });
    },
  };
}

function writeProblem(path: string, error: unknown): Problem {
  const name = path === '-' ? 'Standard output' : `"${path}"`;
  const options = { cause: error };
  if (systemCode(error) === 'ENOSPC') {
    const next = 'Make room, or record to another disk; the recording so far is in the file.';
    return new Problem('store', `${name} cannot be written: the disk is full`, next, options);
  }
  const next = 'Choose a file in a folder that exists and that you may write to.';
  return new Problem('store', `${name} cannot be written: ${messageOf(error)}`, next, options);
}

/** Returns the number of bytes written. */
async function record(
  receiver: StationReceiver,
  recorder: Recorder,
  file: OutputFile,
  { duration, from, signal, output: path }: RecordOptions,
  output: Output,
): Promise<number> {
  const { buffer, station } = receiver;
  const began = performance.now();
  const period = path === '-' ? 0 : WRITE_PERIOD;
  let writtenAt = Number.NEGATIVE_INFINITY;
  let written = 0;
  let cursor: Cursor | null = null;
  for (;;) {
    const isLast = signal.aborted;
    if (isLast) await finish(receiver, output); // Then the buffer holds all that was received.
    cursor ??= from === undefined ? buffer.openAtLastRandomAccess() : buffer.openAtFirstRandomAccess();
    for (let units = read(); units.length > 0 && !recorder.isFull; units = read()) {
      written += await file.write(recorder.take(units));
      writtenAt = performance.now();
    }
    if (recorder.isFull || isLast) return written;
    if (cursor) showProgress();
    const { lastArrival } = receiver.report();
    const longest = lastArrival === null ? LONGEST_WAIT : LONGEST_SILENCE;
    if (performance.now() - (lastArrival ?? began) > longest) throw silence(receiver, written, longest);
    await pause(WAIT_PERIOD, signal, (done) => buffer.wait(cursor, done));
    const early = Millis(period - (performance.now() - writtenAt));
    if (early > 0) await pause(early, signal);
  }

  /** The recorded share of the wanted duration, or without one, of the past. */
  function showProgress(): void {
    const now = receiver.serverNow();
    const past = from === undefined || now === null || receiver.isLive ? undefined : now - from;
    const whole = duration ?? past;
    const label = `Recording ${station.name} ${durationText(recorder.recorded / 1000)}`;
    if (whole === undefined) output.endProgress();
    else output.progress(label, Math.min(1, recorder.recorded / whole));
  }

  function read(): StreamUnit[] {
    if (!cursor) return [];
    const units = buffer.read(cursor, MOST_BYTES);
    if (units === null) {
      const failure = `"${path}" is written more slowly than ${station.name} is received`;
      throw new Problem('store', failure, 'Record to a faster disk.');
    }
    buffer.dropBefore(cursor);
    return units;
  }
}

/** Resolves after `time`, when `signal` is aborted, or when the function that `listen` gets is called. */
function pause(time: Millis, signal: AbortSignal, listen?: (done: () => void) => void): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, time);
    signal.addEventListener('abort', done);
    listen?.(done);
  });
}

async function finish(receiver: StationReceiver, output: Output): Promise<void> {
  const { missing } = receiver;
  if (missing > 0) {
    output.endProgress();
    const wait = `Waiting at most ${LAST_WAIT / 1000} s for ${countOf(missing, 'missing packet')}`;
    output.print(`${wait}; Ctrl-C again ends the recording at once.`);
  }
  await receiver.finish(LAST_WAIT);
}

function silence({ station }: StationReceiver, written: number, longest: Millis): Problem {
  const { name, group, port, server } = station;
  const seconds = longest / 1000;
  if (written > 0) {
    const next = `The recording until then is complete. Check that ${server} is still running (msc list).`;
    return new Problem('server', `Nothing was received of ${name} for ${seconds} s`, next);
  }
  const next = `Name the interface with --interface, let UDP port ${port} through the firewall, and check multicast on the switch.`;
  return new Problem('network', `No packets of ${name} (${group}:${port}) arrived within ${seconds} s`, next);
}

function summarize(
  receiver: StationReceiver,
  recorder: Recorder,
  bytes: number,
  { output: path, json, signal }: RecordOptions,
  output: Output,
): void {
  const { received, late, lost, lostBeforeRepair, repaired, duplicates, paths, frames, torn, ...strange } =
    receiver.report();
  const { id, name, number } = receiver.station;
  const seconds = recorder.recorded / 1000;
  output.endProgress();
  const loss = lost === 0 ? 'nothing lost' : `${lost} of ${received - late + lost} packets lost`;
  const { foreign, malformed, conflicting } = strange;
  const forged = conflicting === 0 ? '' : `, but ${conflicting} packets came in two versions, of which one is forged`;
  const place = path === '-' ? 'standard output' : path;
  output.print(`Recorded ${durationText(seconds)} of ${name} to ${place}: ${loss}${forged}.`);
  if (!json) return;
  const interrupted = signal.aborted;
  const counts = { packets: received, lost, lostBeforeRepair, repaired, duplicates, paths, frames, torn };
  const others = { foreign, malformed, conflicting };
  const summary = { number, id, name, output: path, seconds, bytes, interrupted, ...counts, ...others };
  printJson(summary, { to: path === '-' ? process.stderr : process.stdout });
}
