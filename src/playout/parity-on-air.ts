/** Which parity of a playout thread's stations is on the air. */

import { FEC_PORT_OFFSETS } from '../contract/addresses.js';
import { type FecSource, parityOf, type Scratch } from '../station/fec-source.js';
import type { PacketSource } from '../station/packet-source.js';
import { StationCounters } from '../threads/station-counters.js';
import type { FecMode } from '../wire/fec.js';
import type { SharedFec } from './messages.js';
import type { Playout } from './playout.js';

/** The parity of columns or of rows; `id` is its id in playout. */
interface Part {
  readonly id: string;
  readonly station: string;
  readonly source: FecSource;
  readonly group: string;
  readonly port: number;
  readonly bitrate: number;
  readonly progress: StationCounters;
  readonly modes: readonly FecMode[];
}

/**
 * Responsible for:
 * - which parity each station has on the air, in whole blocks
 * - no cost for stations without parity
 */
export class ParityOnAir {
  readonly #playout: Playout;
  readonly #scratch: Scratch;
  readonly #parts = new Map<string, readonly Part[]>();

  /** All stations share `scratch`: packets are used as soon as they have been read to it. */
  constructor(playout: Playout, scratch: Scratch) {
    this.#playout = playout;
    this.#scratch = scratch;
  }

  /** Adds the parity of a station that is on the air, and begins to send what `fec` names. */
  add(options: {
    id: string;
    station: PacketSource;
    group: string;
    port: number;
    bitrate: number;
    fec: SharedFec;
  }): void {
    const { id, station, group, port, bitrate, fec } = options;
    const { columns, rows } = parityOf(station, fec.size, this.#scratch);
    this.#parts.set(id, [
      {
        id: `${id}/columns`, // No station's id has a slash.
        station: id,
        source: columns,
        group,
        port: port + FEC_PORT_OFFSETS.columns,
        bitrate: bitrate / fec.size.rows,
        progress: new StationCounters(fec.columns),
        modes: ['columns', 'both'],
      },
      {
        id: `${id}/rows`,
        station: id,
        source: rows,
        group,
        port: port + FEC_PORT_OFFSETS.rows,
        bitrate: bitrate / fec.size.columns,
        progress: new StationCounters(fec.rows),
        modes: ['both'],
      },
    ]);
    this.set(id, fec.mode);
  }

  /** Sends this parity from the next block on. */
  set(id: string, mode: FecMode): void {
    for (const part of this.#parts.get(id) ?? []) {
      if (part.modes.includes(mode)) this.#playout.add({ ...part, of: part.station, unit: part.source.perBlock });
      else this.#playout.end(part.id);
    }
  }

  /** Computes unsent parity again: the station has changed. */
  change(id: string): void {
    for (const { id: part, source } of this.#parts.get(id) ?? []) {
      source.forget();
      this.#playout.readAgain(part);
    }
  }

  /** Ends a station's parity at once. Call it before the station is taken off the air. */
  remove(id: string): void {
    for (const part of this.#parts.get(id) ?? []) this.#playout.remove(part.id);
    this.#parts.delete(id);
  }
}
