/** Messages between the main thread and every thread that it supervises. What a folder adds stands there. */
import type { ProblemCode } from '../base/problem.js';

/** To a thread that works for stations, each of them described by an `S`. */
export type ThreadCommand<S> = { do: 'add'; station: S } | { do: 'remove'; id: string } | { do: 'stop' };

/** From such a thread. */
export type ThreadReport =
  | { is: 'ready' }
  /** It cannot begin: the fields of a Problem. */
  | { is: 'unable'; code: ProblemCode; message: string; next: string }
  | { is: 'removed'; id: string }
  /** A line for the log, to be logged once. */
  | { is: 'note'; line: string }
  /** The system refuses to send: a line for the log, unless the interface is gone. */
  | { is: 'send-error'; line: string }
  /** A system call failed for a station, with this code ("EIO"). */
  | { is: 'read-error'; id: string; code: string; message: string };
