/** The stations of the thread for single viewers, as the control protocol reads them. */
import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import type { StationDirectory } from '../control/server-state.js';
import { NowOnAir } from '../station/guide.js';
import type { Station } from '../station/station.js';
import { StationCounters } from '../threads/station-counters.js';
import type { StationInfo } from '../wire/station-info.js';
import { type Due, DueQueue, notDue } from './due-queue.js';
import type { ServedStation } from './messages.js';

/** A station; it is due when the item on air changes. */
interface Served extends Due {
  info: StationInfo;
  readonly station: Station;
  readonly onAir: NowOnAir;
  readonly progress: StationCounters;
  /** `info` with the item on air. */
  listed: StationInfo;
}

/** Lists the stations by number. An entry is computed again only when its station or its item on air has changed. */
export class Directory implements StationDirectory {
  readonly #now: () => Millis;
  readonly #onFault: (id: string, error: unknown) => void;
  readonly #served = new Map<string, Served>();
  readonly #changes = new DueQueue<Served>();
  #list: readonly StationInfo[] | null = null;
  #listedAt = Millis(0);

  /** `onFault` is called with a fault of the program that concerns one station, which is not listed any more. */
  constructor(now: () => Millis, onFault: (id: string, error: unknown) => void) {
    this.#now = now;
    this.#onFault = onFault;
  }

  add({ id, info, progress }: ServedStation, station: Station): void {
    const counters = new StationCounters(progress);
    const served = { ...notDue(), info, station, onAir: new NowOnAir(station), progress: counters, listed: info };
    this.#served.set(id, served);
    this.#changes.set(served, Millis(0));
  }

  /** Takes a station's change; the station itself has taken it before. */
  change({ id, info }: { id: string; info: StationInfo }): void {
    const served = this.#served.get(id);
    if (served === undefined) return;
    served.info = info;
    this.#changes.set(served, Millis(0));
  }

  remove(id: string): void {
    const served = this.#served.get(id);
    if (served === undefined) return;
    this.#served.delete(id);
    this.#changes.remove(served);
    this.#list = null;
  }

  /** All stations: the same list until something in it changes. */
  stations(): readonly StationInfo[] {
    const now = this.#now();
    // The clock was set back: items on air may have been listed too early.
    if (now < this.#listedAt) for (const served of this.#served.values()) this.#changes.set(served, Millis(0));
    this.#listedAt = now;
    for (let served = this.#changes.take(now); served; served = this.#changes.take(now)) {
      try {
        served.listed = { ...served.info, ...served.onAir.at(millisToTicks(now)) };
      } catch (error) {
        this.#fail(served.info.id, error);
        continue;
      }
      // At least a millisecond later: rounded to ticks, `now` may lie before the change that it is due for.
      this.#changes.set(served, Millis(Math.max(served.onAir.until, now + 1)));
      this.#list = null;
    }
    this.#list ??= Array.from(this.#served.values(), ({ listed }) => listed).sort((a, b) => a.number - b.number);
    return this.#list;
  }

  /** The packet that leaves next, and the time; undefined for a station that is not served. */
  position(id: string): { next: PacketNumber; time: Millis } | undefined {
    const served = this.#served.get(id);
    if (served === undefined) return undefined;
    const time = this.#now();
    try {
      // Before its first packet, the next one that is due.
      return { next: served.progress.next || PacketNumber(served.station.at(millisToTicks(time)) + 1), time };
    } catch (error) {
      this.#fail(id, error);
      return undefined;
    }
  }

  #fail(id: string, error: unknown): void {
    this.remove(id);
    this.#onFault(id, error);
  }
}
