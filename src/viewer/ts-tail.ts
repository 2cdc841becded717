/** The end of a recorded transport stream: each elementary stream ends with a whole access unit. */
import { Pid, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from '../wire/ts.js';

/** Passes TS packets of video and audio on until the next unit of each begins; everything else no longer matters. */
export class TsTail {
  readonly #open = new Set<number>([Pid.video, Pid.audio]);

  /** Whether both have ended. */
  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** Those of the TS packets that still belong to what was begun. */
  take(packets: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at + TS_PACKET_LENGTH <= packets.length; at += TS_PACKET_LENGTH) {
      const pid = pidOf(packets, at);
      if (startsPayloadUnit(packets, at)) this.#open.delete(pid);
      if (this.#open.has(pid)) parts.push(packets.subarray(at, at + TS_PACKET_LENGTH));
    }
    return Buffer.concat(parts);
  }
}
