/** How long a connection may take for what it does. */
import { Millis } from '../../base/units.js';

/**
 * Longest times of a client, which otherwise could hold a connection for ever by sending or taking nothing, or a byte now and
 * then. Node.js's own time-outs see neither a WebSocket nor a response that nobody reads.
 */
export const Times = {
  /** From the connection's start, or the first byte after a pause, to the end of a request's headers. */
  headers: Millis(10_000),
  /** From there to the end of the request's body. */
  body: Millis(20_000),
  /** Between two requests. */
  idle: Millis(15_000),
  /** For the network to take some of the response that is waiting; see LEAST_RATE. */
  stalled: Millis(20_000),
  /** For the other side to take the last bytes and close. */
  closing: Millis(2_000),
} as const;

/**
 * Bytes a second that a reader takes at least. What the system is given at once is only known to be taken when all of it
 * is, so a response of megabytes has more time than `Times.stalled`.
 */
export const LEAST_RATE = 16 * 1024;

/**
 * What a connection is doing:
 *
 *                ┌──────────────────────────────────────────┐
 *     headers ───┴─► body ──► answer ──► idle ──► headers   ├──► closing
 *        └──────────────────► answer ──► live (WebSocket) ──┘
 */
export type Phase = 'headers' | 'body' | 'answer' | 'idle' | 'live' | 'closing';

/** Where a connection is, as the check for its time finds it. */
export interface Progress {
  phase: Phase;
  /** When the phase began. */
  since: Millis;
  /** Bytes read when it became idle. */
  readBefore: number;
  /** Bytes of responses that the network has taken, and when that last grew, or nothing was waiting. */
  taken: number;
  takenAt: Millis;
}

/** What a socket has read and written by now. */
export interface Traffic {
  readonly bytesRead: number;
  /** Bytes written, those waiting included. */
  readonly bytesWritten: number;
  /** Bytes waiting for the network. */
  readonly writableLength: number;
}

/** Notes the traffic since the last check. Returns whether the connection has had its time. */
export function isOverdue(progress: Progress, traffic: Traffic, now: Millis): boolean {
  if (progress.phase === 'idle' && traffic.bytesRead > progress.readBefore) {
    progress.phase = 'headers';
    progress.since = now;
  }
  const { phase, since } = progress;
  const waiting = traffic.writableLength;
  const taken = traffic.bytesWritten - waiting;
  if (waiting === 0 || taken > progress.taken) progress.takenAt = now;
  progress.taken = taken;
  // A live connection has its own times: live-socket.ts.
  if (phase === 'live') return false;
  if (phase === 'answer') return now - progress.takenAt >= Times.stalled + (waiting * 1000) / LEAST_RATE;
  return now - since >= Times[phase];
}
