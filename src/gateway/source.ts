/**
 * What the gateway hands on: stations as chunks, a function of station and time. Whoever reads has a place in that time,
 * and nothing else: live is a place that follows the clock, a pause one that stands still, the past one further back.
 */

import type { Millis, Ticks90k } from '../base/units.js';
import type { Programme } from '../station/guide.js';
import type { StationInfo } from '../wire/station-info.js';

/**
 * What a player can be given as it is. Of an h264 station the payloads of all packets that leave within one CHUNK_TIME of
 * the Unix epoch, cut once more where a random access point begins; of a jpeg station one picture, a JPEG file.
 */
export interface Chunk {
  /** When its first packet leaves (Unix epoch); of a picture, the time it belongs to. */
  readonly time: Ticks90k;
  /** Lent to all who read the same chunk: nobody writes to it. */
  readonly data: Buffer;
  /** Whether a player can begin here. */
  readonly randomAccess: boolean;
}

/**
 * Where reading begins: live, at the newest random access point whose picture is due (a second back or more, for pictures
 * carry a time stamp up to a second after their packets leave); or at the last one at or before a time (Unix epoch).
 */
export type ReadStart = { kind: 'live' } | { kind: 'time'; time: Millis };

/** One reader's place in a station. */
export interface StationReader {
  /** When what is read next left or will leave (Unix epoch). */
  readonly position: Millis;
  /** Why there will be no more: the station went off the air, or its past cannot be had. Null while there will be. */
  readonly ended: Error | null;
  /** The next chunks that have left, at least one where there is one, together at most `maxBytes` otherwise. */
  read(maxBytes: number): readonly Chunk[];
  /** Calls `ready` once, not before it returns: when `read` gives something, or the reader ended. */
  wait(ready: () => void): void;
  /** Goes on at the newest random access point, unless its place is behind that already. Returns whether it moved. */
  skipToLive(): boolean;
  /** Nobody reads any more; further calls do nothing. */
  close(): void;
}

/** A station that the gateway can read. */
export interface StationSource {
  /** As it is described now. */
  readonly info: StationInfo;
  /** The clock of the station's server (Unix epoch). */
  now(): Millis;
  /** The earliest moment that can be read (Unix epoch); null: no past at all. */
  readonly oldest: Millis | null;
  /** Rejects with a Problem where that moment cannot be had. */
  read(start: ReadStart): Promise<StationReader>;
  /** When the random access points from `from` to before `to` leave; null where that is not known without reading. */
  randomAccessPoints(from: Millis, to: Millis): Ticks90k[] | null;
  /** What is on the air within a time, in order; as far as is known. Consecutive itemsOnAir of one item are one programme. */
  programmes(from: Millis, to: Millis): Programme[];
  /** When the item that plays now began (Unix epoch); null where that is not known. */
  readonly itemFrom: Millis | null;
  /** A JPEG file: a picture of what is playing, made when it was prepared. Null where there is none. */
  poster(): Promise<Buffer | null>;
}

/** All stations of a gateway. */
export interface Catalogue {
  /** On the air, in order of number. */
  readonly stations: readonly StationSource[];
  find(id: string): StationSource | undefined;
  /** Calls `listener` whenever a station came, went or is described otherwise, until the returned function is called. */
  onChange(listener: () => void): () => void;
}
