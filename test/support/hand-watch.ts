/** A watch of interfaces that a test lists and reads by hand. */
import type { InterfaceReading } from '../../src/net/interface-state.js';
import { InterfaceWatch, WATCH_PERIOD } from '../../src/net/interface-watch.js';
import type { NetInterface } from '../../src/net/interfaces.js';
import { HandTimers } from './hand-timers.js';

export const eth0: NetInterface = { name: 'eth0', address: '10.0.0.1', internal: false, mac: '02:00:00:00:00:01' };

export function handWatch(...interfaces: NetInterface[]) {
  const timers = new HandTimers();
  const now = { interfaces, index: 2, failure: null as Error | null };
  const read = (): InterfaceReading => {
    if (now.failure !== null) throw now.failure;
    return { interfaces: now.interfaces, indexOf: () => now.index };
  };
  const watch = new InterfaceWatch(read, timers);
  /** Changes what is read, and turns the clock to the next reading. */
  const become = (changed: Partial<typeof now>): void => {
    Object.assign(now, changed);
    timers.advance(WATCH_PERIOD);
  };
  return { watch, timers, become };
}
