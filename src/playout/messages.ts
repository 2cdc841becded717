/** What the server's threads say to each other. */
import type { ProblemCode } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import type { StationData } from '../station/station.js';
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
  /** Where it may have any. */
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

export type ToThread<S = SharedStation> =
  | { do: 'add'; station: S }
  | { do: 'remove'; id: string }
  /** What it is from some later time on, or what is said of it. */
  | { do: 'change'; station: S }
  /** To threads that play: which parity of a station is sent from now on. */
  | { do: 'fec'; id: string; mode: FecMode }
  | { do: 'stop' };

export type FromThread =
  | { is: 'ready' }
  /** It could not begin: a Problem. */
  | { is: 'unable'; code: ProblemCode; message: string; next: string }
  | { is: 'removed'; id: string }
  /** Something to tell once. */
  | { is: 'note'; line: string }
  | { is: 'read-error'; id: string; message: string };

/** How often what comes next is read ahead. */
export const READ_PERIOD: Millis = 100;

/** Stations of one playout thread; one that may have parity counts as three. */
export const MOST_STATIONS = 2_048;
