/** A flow: a station's consecutive packets to one client, as fast as pace and credit allow. No clock. */

import { Millis, millisToTicks, PacketNumber, ticksToMillis } from '../base/units.js';
import { FIRST_CREDIT, FLOW_AHEAD, FLOW_SILENCE, greatestFlowSpeed } from '../contract/flow.js';
import { MEDIA_DELAY } from '../contract/timing.js';
import type { FlowRequest } from '../control/flows.js';
import type { Station } from '../station/station.js';
import { isTransport } from '../wire/station-format.js';

/** Packets that leave at once at the beginning, so that the first picture appears soon. */
export const FIRST_PACKETS = 32;
/** Least time between two servings. */
export const FLOW_PERIOD = Millis(4);

const dueMillis = (station: Station, n: PacketNumber): Millis => ticksToMillis(station.due(n));
const atMillis = (station: Station, time: Millis): PacketNumber => station.at(millisToTicks(time));

/** The first packet of a flow; null where it lies before `oldest`. */
export function flowBeginning(
  station: Station,
  from: FlowRequest['from'],
  { oldest, now }: { oldest: Millis; now: Millis },
): PacketNumber | null {
  if (from.kind === 'live') return newest(station, now);
  if (from.kind === 'packet') {
    if (from.packet > atMillis(station, Millis(now + FLOW_AHEAD))) return newest(station, now);
    return dueMillis(station, PacketNumber(from.packet)) < oldest ? null : PacketNumber(from.packet);
  }
  if (from.time < oldest) return null;
  if (from.time > now) return newest(station, now);
  const n = atMillis(station, Millis(from.time));
  return from.item ? station.beginningOf(n) : station.randomAccessBefore(n);
}

/** The last random access point whose picture has been due on the screen. */
function newest(station: Station, now: Millis): PacketNumber {
  if (isTransport(station.format)) return station.randomAccessBefore(atMillis(station, Millis(now - MEDIA_DELAY)));
  const underWay = station.randomAccessBefore(atMillis(station, now));
  return station.randomAccessBefore(PacketNumber(underWay - 1));
}

export class Flow {
  readonly number: number;
  readonly isLive: boolean;
  readonly station: Station;
  /** The next packet. */
  next: PacketNumber;
  readonly #from: PacketNumber;
  /** Packets a millisecond. */
  readonly #rate: number;
  #credit: PacketNumber;
  #grantedAt: Millis;
  /** The pace has been used up to this time. */
  #pacedAt: Millis;

  constructor(options: { station: Station; request: FlowRequest; from: PacketNumber; now: Millis }) {
    const { station, request, from, now } = options;
    this.number = request.flow;
    this.isLive = request.from.kind === 'live';
    this.station = station;
    this.next = from;
    this.#from = from;
    const stationRate = station.greatestRate;
    this.#rate = Math.min(request.speed, greatestFlowSpeed(stationRate * 1000)) * stationRate;
    const first = dueMillis(station, from);
    this.#credit = PacketNumber(
      atMillis(station, this.isLive ? Millis(now + FLOW_AHEAD) : Millis(first + FIRST_CREDIT)) + 1,
    );
    this.#grantedAt = now;
    this.#pacedAt = now;
  }

  /** Takes the client's credit: the flow stops before this packet. */
  grant(credit: PacketNumber, now: Millis): void {
    // Time without credit is not made up for by a burst.
    if (this.isIdle) this.#pacedAt = now;
    this.#credit = credit;
    this.#grantedAt = now;
  }

  /** Without credit it waits for its client. */
  get isIdle(): boolean {
    return this.next >= this.#credit;
  }

  isOver(now: Millis): boolean {
    return now - this.#grantedAt >= FLOW_SILENCE;
  }

  /** Packets from `next` to before this one may leave now. */
  limit(now: Millis): PacketNumber {
    const byPace = Math.max(this.#from + FIRST_PACKETS, this.next + this.#paced(now));
    return PacketNumber(Math.min(this.#credit, byPace, atMillis(this.station, Millis(now + FLOW_AHEAD)) + 1));
  }

  /**
   * Notes that the packets before `next` have left, as many as could. Returns when to serve the flow again: after `pause` at
   * the earliest.
   */
  advance(next: PacketNumber, now: Millis, pause: Millis = FLOW_PERIOD): Millis {
    const sent = next - this.next;
    // Time in which something else held it back is not made up for; fractions of a packet are.
    this.#pacedAt = sent === this.#paced(now) ? Millis(this.#pacedAt + sent / this.#rate) : now;
    this.next = next;
    if (next >= this.#credit) return Millis(this.#grantedAt + FLOW_SILENCE);
    return Millis(Math.max(now + pause, dueMillis(this.station, next) - FLOW_AHEAD));
  }

  #paced(now: Millis): number {
    return Math.floor((now - this.#pacedAt) * this.#rate);
  }
}
