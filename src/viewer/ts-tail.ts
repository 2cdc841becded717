/** The end of a recorded transport stream: each elementary stream ends with a whole access unit. */
import { MOST_FURTHER, Pid, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from '../wire/ts.js';

/** Selects TS packets of each elementary stream until its next access unit begins. */
export class TsTail {
  readonly #open = new Set<number>([Pid.video, Pid.audio]);
  /** Streams that a station may have beside them; their units leave in so short a time that they are not waited for. */
  readonly #further = new Set<number>(Array.from({ length: MOST_FURTHER }, (_, i) => Pid.further + i));

  /** Whether pictures and main sound have ended. */
  get isDone(): boolean {
    return this.#open.size === 0;
  }

  /** The TS packets that belong to access units begun before. */
  take(packets: Buffer): Buffer {
    const parts: Buffer[] = [];
    for (let at = 0; at + TS_PACKET_LENGTH <= packets.length; at += TS_PACKET_LENGTH) {
      const pid = pidOf(packets, at);
      if (startsPayloadUnit(packets, at)) {
        this.#open.delete(pid);
        this.#further.delete(pid);
      }
      if (this.#open.has(pid) || this.#further.has(pid)) parts.push(packets.subarray(at, at + TS_PACKET_LENGTH));
    }
    return Buffer.concat(parts);
  }
}
