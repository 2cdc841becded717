/** Messages between the main thread and the threads that play stations and read ahead for them. */
import { Millis } from '../base/units.js';
import type { ReopenCommand } from '../net/reopening.js';
import type { StationData, StationDelta } from '../station/timeline-data.js';
import type { ThreadCommand } from '../threads/messages.js';
import type { FecMode, FecSize } from '../wire/fec.js';

/** A station's parity. */
export interface SharedFec {
  size: FecSize;
  mode: FecMode;
  /** Of StationCounters: of the parity of columns, and of rows. */
  columns: SharedArrayBuffer;
  rows: SharedArrayBuffer;
}

/** A station for the threads that play it and read ahead for it. */
export interface SharedStation {
  id: string;
  station: StationData;
  /** Of StationCounters. */
  progress: SharedArrayBuffer;
  group: string;
  port: number;
  /** Bit/s. */
  bitrate: number;
  /** Only of a station that may have parity. */
  fec?: SharedFec;
}

export interface PlayoutThreadData {
  /** Of Clock. */
  clock: SharedArrayBuffer;
  /** Counted up, and notified, after each message: the thread sleeps on it. */
  bell: SharedArrayBuffer;
  interfaceAddress: string;
  ttl: number;
}

export interface ReadAheadThreadData {
  clock: SharedArrayBuffer;
}

export type StationChange =
  /** From some later time on the station plays this. */
  | { do: 'change'; station: Omit<SharedStation, 'station'> & { delta: StationDelta } }
  /** To threads that play: this parity of a station is sent from now on. */
  | { do: 'fec'; id: string; mode: FecMode };

export type PlayoutCommand = ThreadCommand<SharedStation> | StationChange | ReopenCommand;

/** Interval of reading ahead. */
export const READ_PERIOD = Millis(100);

/** Stations of one playout thread; one that may have parity counts as three. */
export const MOST_STATIONS = 2_048;
