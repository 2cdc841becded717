/**
 * The work that clients may cause. What comes from forged addresses is dropped after its cookie, and is not counted: it
 * would count for another's address.
 */
import { FairRate } from '../base/fair-shares.js';
import { Millis } from '../base/units.js';

/**
 * Steps a second for all clients: a third of a processor at most, at 0.2 to 1 µs a step (`npm run bench -- steps`; beside other
 * programs that take both processors, up to 2.4 µs). The rest of the time is for forged datagrams, for what is sent, and for
 * the clients that want little.
 */
const STEPS = 300_000;
/** Most steps at once: a tenth of a second's, so that nobody waits longer than some 40 ms for the work of others. */
const AT_ONCE = STEPS / 10;

/** A request of the control protocol, with its answer. */
export const REQUEST_STEPS = 40;
/** A page of a list that is sealed for its client. */
export const SEAL_STEPS = 8;
/** A flow that begins: its position, and the packets that are sent at once. */
export const FLOW_STEPS = 60;
/** A datagram of feedback, and each packet that it asks for. */
export const FEEDBACK_STEPS = 8;
export const PACKET_STEPS = 2;

export const workload = (): FairRate => new FairRate({ rate: STEPS, capacity: AT_ONCE }, Millis(0));
