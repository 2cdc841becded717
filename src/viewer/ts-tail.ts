/** The end of a recorded transport stream: each elementary stream ends with a whole access unit. */
import { Pid, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from '../wire/ts.js';

/** Selects TS packets of video and audio until the next access unit of each begins. */
export class TsTail {
  readonly #open = new Set<number>([Pid.video, Pid.audio]);

  /** Whether both have ended. */
  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** The TS packets that belong to access units begun before. */
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
