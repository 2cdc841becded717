/** Memory of this process that is in use. */

/** The last value that the system gave. */
let known = 0;

/**
 * Resident memory in bytes. Reading it takes a descriptor on Linux; where there is none, the last value stands. A
 * reading for people must not end a process.
 */
export function residentMemory(read: () => number = () => process.memoryUsage.rss()): number {
  try {
    known = read();
  } catch {
    // The system has no descriptor at this moment.
  }
  return known;
}
