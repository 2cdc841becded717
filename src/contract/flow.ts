/** Pacing of a flow, a station's packets for one receiver: server and receiver both depend on it. */
import { Millis } from '../base/units.js';

/** No packet of a flow leaves earlier than this before its own time. */
export const FLOW_AHEAD = Millis(1_000);
/** Credit that a flow begins with: the packets that are due within this time of its first. */
export const FIRST_CREDIT = Millis(2_000);
/** Longest silence of the receiver before the server ends the flow. */
export const FLOW_SILENCE = Millis(5_000);
/** The receiver repeats its credit after this time at the latest, for feedback may be lost. */
export const CREDIT_REPEAT = Millis(1_000);

/** Packets a second that sockets with the system's usual buffers take. */
const MOST_PACKETS = 8_000;
/** But a flow may always be faster than its station, or it would never catch up. */
const LEAST_SPEED = 1.5;

/** The greatest speed of a flow, as a multiple of its station's, which sends that many packets a second. */
export const greatestFlowSpeed = (packetsPerSecond: number): number =>
  Math.max(LEAST_SPEED, MOST_PACKETS / packetsPerSecond);
