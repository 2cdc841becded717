/**
 * Stations as chunks: a function of station and time. A reader is a position in that time and nothing else: a live
 * position follows the clock, a paused one stands still, one in the past is further back.
 */

import type { Millis, Ticks90k } from '../base/units.js';
import type { Programme } from '../station/guide.js';
import type { StationInfo } from '../wire/station-info.js';

/**
 * The unit of delivery. Of a transport stream the payloads of all packets that leave within one CHUNK_TIME, counted from the
 * Unix epoch, and divided before a random access point; of a jpeg station one picture, a JPEG file.
 */
export interface Chunk {
  /** When its first packet leaves (Unix epoch); of a picture, its own time. */
  readonly time: Ticks90k;
  /** Shared by all readers of the chunk: not to be written to. */
  readonly data: Buffer;
  /** Whether a player can start here. */
  readonly randomAccess: boolean;
}

/**
 * Where reading starts. Live: at the newest random access point whose picture is due, a second or more back, because
 * presentation times are up to a second after send times. Time: at the last one at or before `time` (Unix epoch).
 */
export type ReadStart = { kind: 'live' } | { kind: 'time'; time: Millis };

/** One reader's position in a station. */
export interface StationReader {
  /** When the next chunk left or will leave (Unix epoch). */
  readonly position: Millis;
  /** Why the reader ended: the station went off the air, or its past is not available. Null: it has not ended. */
  readonly ended: Error | null;
  /** The next chunks that have left: at most `maxBytes` together, but at least one if there is any. */
  read(maxBytes: number): readonly Chunk[];
  /** Calls `ready` once, never before it returns: when `read` returns something, or the reader has ended. */
  wait(ready: () => void): void;
  /** Continues at the newest random access point, unless the position is past it already. Returns whether it moved. */
  skipToLive(): boolean;
  /** Ends reading; later calls do nothing. */
  close(): void;
}

/** A station that the gateway can read. */
export interface StationSource {
  /** Its description now. */
  readonly info: StationInfo;
  /** The clock of the station's server (Unix epoch). */
  now(): Millis;
  /** The earliest time that can be read (Unix epoch); null: no past. */
  readonly oldest: Millis | null;
  /** Rejects with a Problem where the time is not available. `client`: address of the client that it is read for. */
  read(start: ReadStart, client?: string): Promise<StationReader>;
  /** When the random access points in [`from`, `to`) leave; null: unknown without reading. */
  randomAccessPoints(from: Millis, to: Millis): Ticks90k[] | null;
  /** The known programmes in [`from`, `to`), in order. An item that follows itself is one programme. */
  programmes(from: Millis, to: Millis): Programme[];
  /** When the item on air started (Unix epoch); null: unknown. */
  readonly itemFrom: Millis | null;
  /** The poster of the item on air, a JPEG file; null: it has none. */
  poster(): Promise<Buffer | null>;
}

/** The stations of a gateway. */
export interface Catalogue {
  /** On the air, in order of number. */
  readonly stations: readonly StationSource[];
  find(id: string): StationSource | undefined;
  /** The clock of the stations' servers (Unix epoch); null without stations. */
  now(): Millis | null;
  /** Calls `listener` when a station came, went or is described differently, until the returned function is called. */
  onChange(listener: () => void): () => void;
}
