/** All threads of playout as the server's main thread sees them. */
import { fstatSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { closeTogether } from '../base/closing.js';
import type { Millis } from '../base/units.js';
import type { Clock } from '../clock/clock.js';
import type { NetInterface } from '../net/interfaces.js';
import type { ReopenCommand } from '../net/reopening.js';
import type { Station } from '../station/station.js';
import type { ThreadReport } from '../threads/messages.js';
import { oncePerLine } from '../threads/once-per-line.js';
import { ReadErrors } from '../threads/read-errors.js';
import { StationCounters } from '../threads/station-counters.js';
import { Thread } from '../threads/thread.js';
import type { FecMode, FecSize } from '../wire/fec.js';
import { FecController } from './fec-controller.js';
import {
  MOST_STATIONS,
  type PlayoutThreadData,
  type ReadAheadThreadData,
  type SharedStation,
  type StationChange,
} from './messages.js';

/** A station's parity: the size of its blocks, and which of it is sent. */
export interface FecSetting {
  size: FecSize;
  mode: FecMode;
}

/** Bit/s of the stations with which a thread is full while another processor is free: about a fifth of one. */
const FULL_THREAD = 1e9;

export interface PlayoutOptions {
  clock: Clock;
  /** IPv4 address of the interface that packets leave by. */
  interfaceAddress: string;
  ttl: number;
  /** Limit of threads that play; by default one a processor. More are started only as stations need them. */
  workers?: number;
  /** Called with lines for the log: once with each note, and whenever a thread has died. */
  onNote(line: string): void;
  /** Called with a line for the log when the system refuses to send; by default `onNote`. */
  onSendError?(line: string): void;
  /** Called with the first error of each code of a station, and again after the station has recovered. */
  onReadError(id: string, message: string): void;
}

type StationThread = Thread<SharedStation, StationChange | ReopenCommand>;

interface PlayoutThread {
  thread: StationThread;
  /** With the interface as it is now: a thread that takes over begins with it. */
  data: PlayoutThreadData;
  bitrate: number;
  /** Windows in use in the thread's memory. */
  sources: number;
}

interface OnAir {
  shared: SharedStation;
  progress: StationCounters;
  playing: PlayoutThread;
  reading: StationThread;
  /** Of both threads, which meet the same errors. */
  errors: ReadErrors;
  /** Only where the parity follows the viewers' losses. */
  controller: FecController | null;
}

/** Windows that a station takes in a thread: its own, and those of its columns and rows. */
const MOST_SOURCES = 3;
const sourcesOf = ({ fec }: SharedStation): number => (fec ? MOST_SOURCES : 1);

/**
 * Responsible for:
 * - threads that play, as many as the stations need, and one that reads ahead for each disk
 * - which station is in which thread
 * - which parity a station has
 */
export class PlayoutPool {
  readonly #options: PlayoutOptions;
  readonly #most: number;
  readonly #players: PlayoutThread[] = [];
  /** By the number of the device. */
  readonly #readers = new Map<number, StationThread>();
  readonly #onAir = new Map<string, OnAir>();
  readonly #note: (line: string) => void;
  #interfaceAddress: string;

  private constructor(options: PlayoutOptions) {
    this.#options = options;
    this.#interfaceAddress = options.interfaceAddress;
    this.#note = oncePerLine(options.onNote);
    this.#most = options.workers ?? availableParallelism();
  }

  /** Starts the first thread. Rejects with a Problem when the interface cannot be used. */
  static async open(options: PlayoutOptions): Promise<PlayoutPool> {
    const pool = new PlayoutPool(options);
    try {
      await pool.#newPlayer().thread.ready;
      return pool;
    } catch (error) {
      await pool.close().catch(() => undefined); // The first error is the cause.
      throw error;
    }
  }

  /**
   * Puts a station on the air, and the parity that `fec` names on FEC_PORT_OFFSETS behind its own port; without `fec`, it never
   * has any. Parity that is `auto` follows what `reportLoss` is given. The station's reels stay open until `remove` or
   * `close` has resolved.
   */
  add(options: {
    id: string;
    station: Station;
    group: string;
    port: number;
    bitrate: number;
    fec?: { size: FecSize; mode: FecMode | 'auto' };
  }): void {
    const { id, station, group, port, bitrate } = options;
    const progress = new StationCounters();
    const controller = options.fec?.mode === 'auto' ? new FecController() : null;
    const fec = options.fec && {
      size: options.fec.size,
      mode: options.fec.mode === 'auto' ? controller!.mode : options.fec.mode,
      columns: new StationCounters().shared,
      rows: new StationCounters().shared,
    };
    const shared: SharedStation = { id, station: station.data, progress: progress.shared, group, port, bitrate, fec };
    const playing = this.#leastLoadedPlayer();
    playing.bitrate += bitrate;
    playing.sources += sourcesOf(shared);
    const reading = this.#readerOf(station.items[0]!.reel.data.descriptor);
    this.#onAir.set(id, { shared, progress, playing, reading, errors: new ReadErrors(), controller });
    reading.add(shared);
    playing.thread.add(shared);
  }

  /** Takes a station off the air; resolves when no thread does anything for it any more. */
  async remove(id: string): Promise<void> {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    this.#onAir.delete(id);
    onAir.playing.bitrate -= onAir.shared.bitrate;
    onAir.playing.sources -= sourcesOf(onAir.shared);
    await Promise.all([onAir.playing.thread.remove(id), onAir.reading.remove(id)]);
  }

  /** Position and statistics of a station; undefined when it is not on the air. */
  progress(id: string): StationCounters | undefined {
    return this.#onAir.get(id)?.progress;
  }

  /**
   * Takes the share of a station's packets, 0 to 1, that its viewers miss before repair. Returns the parity that is sent
   * from the next block on if that changes it, otherwise null: always for a station whose parity is not `auto`.
   */
  reportLoss(id: string, loss: number, now: Millis): FecMode | null {
    const onAir = this.#onAir.get(id);
    const fec = onAir?.shared.fec;
    const mode = onAir?.controller?.report(loss, now);
    if (!onAir || !fec || mode === undefined || mode === fec.mode) return null;
    onAir.shared = { ...onAir.shared, fec: { ...fec, mode } };
    onAir.playing.thread.change(onAir.shared, { do: 'fec', id, mode });
    return mode;
  }

  /**
   * Sends a station's change to the threads. It begins NOTICE from now at the earliest, so that they have it before. A thread
   * that gets it later plays the station as it was until then; no packet is sent twice.
   */
  change(id: string, station: Station): void {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    const { station: known, ...shared } = onAir.shared;
    const delta = station.deltaSince(known.timeline.revision);
    onAir.shared = { ...shared, station: station.data };
    for (const thread of [onAir.reading, onAir.playing.thread]) {
      thread.change(onAir.shared, { do: 'change', station: { ...shared, delta } });
    }
  }

  /** Packets leave by this interface from now on: it has returned or moved. */
  reopen(at: NetInterface): void {
    this.#interfaceAddress = at.address;
    for (const { thread, data } of this.#players) {
      data.interfaceAddress = at.address;
      thread.send({ do: 'reopen', at });
      thread.retry();
    }
  }

  /** A station's parity and its counters; undefined when the station is not on the air, or never has any. */
  fec(id: string): (FecSetting & { columns: StationCounters; rows: StationCounters }) | undefined {
    const fec = this.#onAir.get(id)?.shared.fec;
    return fec && { ...fec, columns: new StationCounters(fec.columns), rows: new StationCounters(fec.rows) };
  }

  /** Ends all threads; resolves when they have ended, and rejects then with the errors of those that failed. */
  async close(): Promise<void> {
    const threads = [...this.#players.map(({ thread }) => thread), ...this.#readers.values()];
    await closeTogether(threads.map((thread) => () => thread.close()));
  }

  #leastLoadedPlayer(): PlayoutThread {
    const least = this.#players.reduce((best, player) => (player.bitrate < best.bitrate ? player : best));
    const isFull = least.bitrate >= FULL_THREAD && this.#players.length < this.#most;
    return isFull || least.sources > MOST_STATIONS - MOST_SOURCES ? this.#newPlayer() : least;
  }

  #newPlayer(): PlayoutThread {
    const { clock, ttl } = this.#options;
    const bell = new SharedArrayBuffer(4);
    const data: PlayoutThreadData = { clock: clock.shared, bell, ttl, interfaceAddress: this.#interfaceAddress };
    const rings = new Int32Array(bell);
    const ring = () => {
      Atomics.add(rings, 0, 1);
      Atomics.notify(rings, 0);
    };
    const player = {
      thread: this.#newThread(new URL('./playout-thread.js', import.meta.url), data, ring),
      data,
      bitrate: 0,
      sources: 0,
    };
    this.#players.push(player);
    return player;
  }

  #readerOf(descriptor: number): StationThread {
    const device = fstatSync(descriptor).dev;
    const known = this.#readers.get(device);
    if (known) return known;
    const data: ReadAheadThreadData = { clock: this.#options.clock.shared };
    const thread = this.#newThread(new URL('./read-ahead-thread.js', import.meta.url), data);
    this.#readers.set(device, thread);
    return thread;
  }

  #newThread(entry: URL, data: object, ring?: () => void): StationThread {
    const { onNote } = this.#options;
    return new Thread({ entry, data, ring, onMessage: (message) => this.#onMessage(message), onDeath: onNote });
  }

  #onMessage(message: ThreadReport): void {
    if (message.is === 'read-error') this.#onReadError(message);
    else if (message.is === 'note') this.#note(message.line);
    else if (message.is === 'send-error') (this.#options.onSendError ?? this.#note)(message.line);
  }

  #onReadError({ id, code, message }: Extract<ThreadReport, { is: 'read-error' }>): void {
    const now = this.#options.clock.now();
    if (this.#onAir.get(id)?.errors.isNew(code, now)) this.#options.onReadError(id, message);
  }
}
