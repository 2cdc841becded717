/** PES packets of known length put together from TS packets, as they come. Takes any bytes. */
import { Ticks90k } from '../base/units.js';
import { payloadStart, pidOf, readPesTime, startsPayloadUnit, TS_PACKET_LENGTH, timedPesStart } from './ts.js';

/** Bytes of a PES header before PES_header_data, and where it has PES_packet_length, its own length and the PTS. */
const FIXED = 9;
const LENGTH = 4;
const OWN_LENGTH = 8;
const PTS = 9;

export interface PesUnit {
  pid: number;
  /** As in the stream, modulo 2^33. */
  pts: Ticks90k;
  data: Uint8Array;
}

interface Open {
  pts: Ticks90k;
  parts: Uint8Array[];
  /** Bytes of payload that are missing. */
  missing: number;
}

export class PesCollector {
  readonly #takes: (pid: number) => boolean;
  readonly #open = new Map<number, Open>();

  /** `takes`: whether the packets of a PID are collected. */
  constructor(takes: (pid: number) => boolean) {
    this.#takes = takes;
  }

  /** The units that whole TS packets complete. */
  take(packets: Uint8Array): PesUnit[] {
    const units: PesUnit[] = [];
    for (let at = 0; at + TS_PACKET_LENGTH <= packets.length; at += TS_PACKET_LENGTH) {
      const pid = pidOf(packets, at);
      if (!this.#takes(pid)) continue;
      const open = startsPayloadUnit(packets, at) ? this.#begin(packets, at, pid) : this.#continue(packets, at, pid);
      if (open && open.missing <= 0) {
        this.#open.delete(pid);
        units.push({ pid, pts: open.pts, data: joined(open.parts) });
      }
    }
    return units;
  }

  #begin(packets: Uint8Array, at: number, pid: number): Open | undefined {
    this.#open.delete(pid);
    const start = timedPesStart(packets, at);
    if (start < 0) return undefined;
    const header = at + start;
    const length = (packets[header + LENGTH]! << 8) | packets[header + LENGTH + 1]!;
    const own = packets[header + OWN_LENGTH]!;
    const payload = header + FIXED + own;
    const size = length - (FIXED - LENGTH - 2) - own;
    if (size <= 0 || payload > at + TS_PACKET_LENGTH) return undefined;
    const part = packets.slice(payload, Math.min(at + TS_PACKET_LENGTH, payload + size));
    const open = { pts: Ticks90k(readPesTime(packets, header + PTS)), parts: [part], missing: size - part.length };
    this.#open.set(pid, open);
    return open;
  }

  #continue(packets: Uint8Array, at: number, pid: number): Open | undefined {
    const open = this.#open.get(pid);
    if (!open) return undefined;
    const start = at + payloadStart(packets, at);
    const part = packets.slice(start, Math.min(at + TS_PACKET_LENGTH, start + open.missing));
    open.parts.push(part);
    open.missing -= part.length;
    return open;
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
