/** All threads of playout: what the server's main thread knows of them. */
import { fstatSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type { Clock } from '../clock/clock.js';
import type { Station } from '../station/station.js';
import { StationCounters } from '../threads/station-counters.js';
import { Thread } from '../threads/thread.js';
import type { FecMode, FecSize } from '../wire/fec.js';
import {
  type FromThread,
  MOST_STATIONS,
  type PlayoutThreadData,
  type ReadAheadThreadData,
  type SharedStation,
} from './messages.js';

/** Which parity a station has: of blocks of which size, and which of it is sent. */
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
  /** Threads that play, at most; one a processor where it is not given. More are begun only as stations need them. */
  workers?: number;
  /** Told, once each, what the user should know about how it goes. */
  onNote(line: string): void;
  /** Told whenever a station's reel cannot be read. */
  onReadError(id: string, message: string): void;
}

interface PlayoutThread {
  thread: Thread;
  bitrate: number;
  /** Stations, and what else has a place in the thread's memory. */
  sources: number;
}

interface OnAir {
  shared: SharedStation;
  progress: StationCounters;
  playing: PlayoutThread;
  reading: Thread;
}

/** Places that a station takes in a thread: its own, and those of its columns and rows. */
const MOST_SOURCES = 3;
const sourcesOf = ({ fec }: SharedStation): number => (fec ? MOST_SOURCES : 1);

/**
 * It is in charge of:
 * - threads that play, as many as the stations need, and one that reads ahead for each disk
 * - which station is in which thread
 */
export class PlayoutPool {
  readonly #options: PlayoutOptions;
  readonly #most: number;
  readonly #players: PlayoutThread[] = [];
  /** By the number of the device. */
  readonly #readers = new Map<number, Thread>();
  readonly #onAir = new Map<string, OnAir>();
  readonly #notes = new Set<string>();

  private constructor(options: PlayoutOptions) {
    this.#options = options;
    this.#most = options.workers ?? availableParallelism();
  }

  /** Begins the first thread. Rejects with a Problem when the interface cannot be used. */
  static async open(options: PlayoutOptions): Promise<PlayoutPool> {
    const pool = new PlayoutPool(options);
    try {
      await pool.#newPlayer().thread.ready;
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /**
   * Puts a station on the air, and of its parity what `fec` says, on FEC_PORTS behind its own port; without it, it never
   * has any. Its reels stay open until `remove` or `close` has resolved.
   */
  add(options: { id: string; station: Station; group: string; port: number; bitrate: number; fec?: FecSetting }): void {
    const { id, station, group, port, bitrate } = options;
    const progress = new StationCounters();
    const fec = options.fec && {
      ...options.fec,
      columns: new StationCounters().shared,
      rows: new StationCounters().shared,
    };
    const shared: SharedStation = { id, station: station.data, progress: progress.shared, group, port, bitrate, fec };
    const playing = this.#leastLoadedPlayer();
    playing.bitrate += bitrate;
    playing.sources += sourcesOf(shared);
    const reading = this.#readerOf(station.items[0].reel.data.descriptor);
    this.#onAir.set(id, { shared, progress, playing, reading });
    reading.add(shared);
    playing.thread.add(shared);
  }

  /** Takes a station off the air; resolves when no thread has anything to do with it. */
  async remove(id: string): Promise<void> {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    this.#onAir.delete(id);
    onAir.playing.bitrate -= onAir.shared.bitrate;
    onAir.playing.sources -= sourcesOf(onAir.shared);
    await Promise.all([onAir.playing.thread.remove(id), onAir.reading.remove(id)]);
  }

  /** How far a station is and how well it goes; undefined when it is not on the air. */
  progress(id: string): StationCounters | undefined {
    return this.#onAir.get(id)?.progress;
  }

  /** Sets which parity of a station is sent, from the next block on. Nothing happens where it never has any. */
  setFec(id: string, mode: FecMode): void {
    const onAir = this.#onAir.get(id);
    if (!onAir?.shared.fec || onAir.shared.fec.mode === mode) return;
    onAir.shared = { ...onAir.shared, fec: { ...onAir.shared.fec, mode } };
    onAir.playing.thread.change(onAir.shared, { do: 'fec', id, mode });
  }

  /**
   * Tells the threads what a station has become: from NOTICE on at the earliest, so that they know before it begins. A
   * thread that learns of it later sends what it was until then; no packet is sent twice.
   */
  change(id: string, station: Station): void {
    const onAir = this.#onAir.get(id);
    if (!onAir) return;
    onAir.shared = { ...onAir.shared, station: station.data };
    for (const thread of [onAir.reading, onAir.playing.thread]) {
      thread.change(onAir.shared, { do: 'change', station: onAir.shared });
    }
  }

  /** Which parity of a station is sent, and how well; undefined when it is not on the air, or never has any. */
  fec(id: string): (FecSetting & { columns: StationCounters; rows: StationCounters }) | undefined {
    const fec = this.#onAir.get(id)?.shared.fec;
    return fec && { ...fec, columns: new StationCounters(fec.columns), rows: new StationCounters(fec.rows) };
  }

  /** Ends all threads; resolves when they have ended. */
  async close(): Promise<void> {
    const threads = [...this.#players.map(({ thread }) => thread), ...this.#readers.values()];
    await Promise.all(threads.map((thread) => thread.close()));
  }

  #leastLoadedPlayer(): PlayoutThread {
    const least = this.#players.reduce((best, player) => (player.bitrate < best.bitrate ? player : best));
    const isFull = least.bitrate >= FULL_THREAD && this.#players.length < this.#most;
    return isFull || least.sources > MOST_STATIONS - MOST_SOURCES ? this.#newPlayer() : least;
  }

  #newPlayer(): PlayoutThread {
    const { clock, interfaceAddress, ttl } = this.#options;
    const bell = new SharedArrayBuffer(4);
    const data: PlayoutThreadData = { clock: clock.shared, bell, interfaceAddress, ttl };
    const rings = new Int32Array(bell);
    const ring = () => {
      Atomics.add(rings, 0, 1);
      Atomics.notify(rings, 0);
    };
    const player = {
      thread: this.#newThread(new URL('./playout-thread.js', import.meta.url), data, ring),
      bitrate: 0,
      sources: 0,
    };
    this.#players.push(player);
    return player;
  }

  #readerOf(descriptor: number): Thread {
    const device = fstatSync(descriptor).dev;
    const known = this.#readers.get(device);
    if (known) return known;
    const data: ReadAheadThreadData = { clock: this.#options.clock.shared };
    const thread = this.#newThread(new URL('./read-ahead-thread.js', import.meta.url), data);
    this.#readers.set(device, thread);
    return thread;
  }

  #newThread(entry: URL, data: object, ring?: () => void): Thread {
    return new Thread({ entry, data, ring, onMessage: (message) => this.#hear(message) });
  }

  #hear(message: FromThread): void {
    const { onNote, onReadError } = this.#options;
    if (message.is === 'read-error') onReadError(message.id, message.message);
    else if (message.is === 'note' && !this.#notes.has(message.line)) {
      this.#notes.add(message.line);
      onNote(message.line);
    }
  }
}
