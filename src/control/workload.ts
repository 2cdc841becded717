/**
 * The work that clients may cause. What comes from forged addresses is dropped after its cookie, and is not counted: it
 * would count for another's address.
 */
import { FairRate } from '../base/fair-shares.js';
import { Millis } from '../base/units.js';

/**
 * Steps a second for all clients. A step is one to five microseconds: the rest of the time is for forged datagrams, for what
 * is sent, and for the clients that want little.
 */
const STEPS = 400_000;
/** Most steps at once: a tenth of a second's, so that nobody waits longer than some 40 ms for the work of others. */
const AT_ONCE = STEPS / 10;

/** A request of the control protocol, with its answer. */
export const REQUEST_STEPS = 40;
/** A datagram of feedback, apart from the packets that it asks for: each of these is a step. */
export const FEEDBACK_STEPS = 4;

export const workload = (): FairRate => new FairRate({ rate: STEPS, capacity: AT_ONCE }, Millis(0));
