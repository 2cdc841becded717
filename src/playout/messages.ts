/** What the server's threads say to each other. */
import type { ProblemCode } from '../problem/problem.js';
import type { StationData } from '../station/station.js';
import type { Millis } from '../wire/time.js';

/** A station for the threads that play it and read ahead for it. */
export interface SharedStation {
  id: string;
  station: StationData;
  /** Of Progress. */
  progress: SharedArrayBuffer;
  group: string;
  port: number;
  /** Bit/s. */
  bitrate: number;
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

export type ToThread<S = SharedStation> = { do: 'add'; station: S } | { do: 'remove'; id: string } | { do: 'stop' };

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

/** Stations of one playout thread. */
export const MOST_STATIONS = 2_048;
