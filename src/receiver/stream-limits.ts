/** How many packets a stream holds out of order, and how long it waits for a missing one. */
import { Millis } from '../base/units.js';

/** Seconds of packets that the reorder window holds at least: a burst rarely begins further back. */
const WINDOW_SECONDS = 15;
const LEAST_WINDOW = 8192;
/** 9 s at 300 Mbit/s, in 8 MB: a station that claims 1 Gbit/s would take 64 MB of a receiver before its first packet. */
const LARGEST_WINDOW = 2 ** 18;
/** Packets that a recorder holds while it waits for earlier ones, beyond those of WINDOW_SECONDS: some 90 MB. */
const MOST_AWAITING = 65_536;
const DEADLINE = Millis(200);
/** With a long latency packets can be waited for until this long after the second look at the sockets. */
const DEADLINE_AFTER_LOOK = Millis(1_000);
/** A reader that is behind can wait longer: this share of its unread buffer, at most LONGEST_DEADLINE. */
const UNREAD_SHARE = 0.5;
const LONGEST_DEADLINE = Millis(3_000);

/** The reorder window of a station with `rate` packets a second. */
export function windowFor(rate: number, patience: Millis = Millis(0)): number {
  const sizeFor = (seconds: number) => 2 ** Math.ceil(Math.log2(Math.max(1, rate) * seconds));
  const patient = Math.min(MOST_AWAITING, sizeFor(Math.max(1, patience / 1000)));
  return Math.min(LARGEST_WINDOW, Math.max(LEAST_WINDOW, sizeFor(WINDOW_SECONDS), patient));
}

/** `latency`: how long datagrams wait in the sockets. */
export const deadlineFor = (latency: Millis): Millis =>
  latency > DEADLINE ? Millis(2 * latency + DEADLINE_AFTER_LOOK) : DEADLINE;

/** The same for a reader that has this much of the stream before it. */
export const deadlineWith = (deadline: Millis, unread: Millis): Millis =>
  Millis(Math.max(deadline, Math.min(LONGEST_DEADLINE, unread * UNREAD_SHARE)));
