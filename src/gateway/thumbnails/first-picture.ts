/** The first picture that a reader of a station reads. */
import type { Timers } from '../../base/timers.js';
import { type Millis, PTS_MODULUS, Ticks90k, ticksToMillis, unwrap } from '../../base/units.js';
import { MEDIA_DELAY_TICKS } from '../../contract/timing.js';
import {
  hasPayload,
  Pid,
  payloadStart,
  pidOf,
  readPesTime,
  startsPayloadUnit,
  TS_PACKET_LENGTH,
  TS_SYNC_BYTE,
} from '../../wire/ts.js';
import type { StationReader, StationSource } from '../source.js';

/** Most bytes of a picture; the largest IDR pictures of 2160p have about 2 MB. */
const LARGEST_PICTURE = 8 * 2 ** 20;
/** Most bytes read at once. */
const READ_LENGTH = 64 * 1024;

export interface Picture {
  /** An access unit (Annex B), or a JPEG file. */
  readonly data: Buffer;
  /** When its first packet left. */
  readonly sent: Ticks90k;
  /** Its own time (Unix epoch). */
  readonly time: Millis;
}

/** Collects the video of a transport stream from a random access point up to the end of its first access unit. */
export class FirstAccessUnit {
  readonly #parts: Buffer[] = [];
  #length = 0;
  /** 33 bits, as it stands in the stream. */
  #pts: number | null = null;
  #isWhole = false;

  /** Returns false where there is no picture: the stream does not start at a random access point, or has no second one in time. */
  push(packets: Buffer): boolean {
    for (let at = 0; at + TS_PACKET_LENGTH <= packets.length && !this.#isWhole; at += TS_PACKET_LENGTH) {
      if (packets[at] !== TS_SYNC_BYTE) return false;
      if (pidOf(packets, at) !== Pid.video || !hasPayload(packets, at)) continue;
      const payload = packets.subarray(at + payloadStart(packets, at), at + TS_PACKET_LENGTH);
      if (!startsPayloadUnit(packets, at)) {
        if (this.#pts === null) return false;
        this.#keep(payload);
      } else if (this.#pts !== null) this.#isWhole = true;
      else if (!this.#begin(payload)) return false;
    }
    return this.#length <= LARGEST_PICTURE;
  }

  /** Null until it is complete. `sent`, when the first packet left, unwraps the 33-bit time stamp. */
  picture(sent: Ticks90k): Picture | null {
    if (!this.#isWhole || this.#pts === null) return null;
    const shown = Ticks90k(unwrap(this.#pts, sent, PTS_MODULUS) - MEDIA_DELAY_TICKS);
    return { data: Buffer.concat(this.#parts), sent, time: ticksToMillis(shown) };
  }

  /** PES header (ISO/IEC 13818-1, 2.4.3.6): prefix 24, stream_id 8, length 16, flags 16, header length 8, PTS 40, … */
  #begin(pes: Buffer): boolean {
    if (pes.length < 14 || pes.readUIntBE(0, 3) !== 1 || (pes[7]! & 0x80) === 0) return false;
    this.#pts = readPesTime(pes, 9);
    this.#keep(pes.subarray(9 + pes[8]!));
    return true;
  }

  #keep(part: Buffer): void {
    this.#parts.push(part);
    this.#length += part.length;
  }
}

/** The picture of the newest random access point; null: there is none within `limit`. Rejects where the station cannot be read. */
export async function firstPicture(source: StationSource, timers: Timers, limit: Millis): Promise<Picture | null> {
  let isLate = false;
  let giveUp = () => {};
  const late = new Promise<null>((resolve) => {
    giveUp = timers.after(limit, () => {
      isLate = true;
      resolve(null);
    });
  });
  const reading = source.read({ kind: 'live' }).then(async (reader) => {
    try {
      return isLate ? null : await Promise.race([pictureFrom(reader, source.info.format === 'jpeg'), late]);
    } finally {
      reader.close();
    }
  });
  try {
    reading.catch(() => undefined); // It may fail after that.
    return await Promise.race([reading, late]);
  } finally {
    giveUp();
  }
}

async function pictureFrom(reader: StationReader, isJpeg: boolean): Promise<Picture | null> {
  const unit = new FirstAccessUnit();
  let sent: Ticks90k | null = null;
  while (reader.ended === null) {
    const chunks = reader.read(READ_LENGTH);
    for (const { time, data } of chunks) {
      if (isJpeg) return { data, sent: time, time: ticksToMillis(time) };
      sent ??= time;
      if (!unit.push(data)) return null;
      const picture = unit.picture(sent);
      if (picture) return picture;
    }
    if (chunks.length === 0) await new Promise<void>((ready) => reader.wait(ready));
  }
  return null;
}
