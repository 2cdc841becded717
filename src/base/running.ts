import { systemCode } from './problem.js';

/** Whether a process of that pid runs, of any user. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs for another user.
    return systemCode(error) !== 'ESRCH';
  }
}
