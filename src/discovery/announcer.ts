/** Announces stations by SAP, so that VLC and others list them. */

import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { SAP_GROUP, SAP_PORT } from '../contract/addresses.js';
import { type Endpoint, openEndpoint } from '../net/endpoint.js';
import { encodeSap } from '../wire/sap.js';
import { writeSdp } from '../wire/sdp.js';
import type { StationInfo } from '../wire/station-info.js';

/** Period of each station's announcement. RFC 2974 asks for 300 s, longer than a viewer waits for a list. */
export const ANNOUNCEMENT_PERIOD = Millis(5_000);
/** Number of moments that the announcements of a period are spread over. */
const SLICES = 20;

/** Responsible for: the announcements and deletions that are due. Remembers the announced stations by id. */
export class AnnouncementPlan {
  readonly #ttl: number;
  readonly #announced = new Map<string, { sdp: string; source: string }>();
  #slice = 0;

  /** `ttl`: time to live of the stations' packets. */
  constructor({ ttl }: { ttl: number }) {
    this.#ttl = ttl;
  }

  /**
   * The datagrams of the next slice of a period. A new station is announced at once, an ended one deleted at once.
   * Changes are looked for in a station's own slice: describing a thousand stations takes a while.
   */
  next(stations: readonly StationInfo[]): Buffer[] {
    const slice = this.#slice;
    this.#slice = (slice + 1) % SLICES;
    const out: Buffer[] = [];
    const present = new Set<string>();
    for (const [at, station] of stations.entries()) {
      present.add(station.id);
      const before = this.#announced.get(station.id);
      if (before !== undefined && at % SLICES !== slice) continue;
      const announcement = { sdp: writeSdp(station, { ttl: this.#ttl }), source: station.group };
      if (before !== undefined && before.sdp !== announcement.sdp) out.push(encodeSap({ ...before, deletion: true }));
      out.push(encodeSap(announcement));
      this.#announced.set(station.id, announcement);
    }
    for (const [id, gone] of this.#announced) {
      if (present.has(id)) continue;
      this.#announced.delete(id);
      out.push(encodeSap({ ...gone, deletion: true }));
    }
    return out;
  }
}

export interface AnnouncerOptions {
  stations: () => readonly StationInfo[];
  /** IPv4 address of the interface to announce on. */
  localAddress: string;
  /** Time to live of announcements and of the stations' packets; default 1, the local network. */
  ttl?: number;
  log: (line: string) => void;
  timers?: Timers;
}

export interface Announcer {
  /** Announces on the interface that has this address from now on. Rejects with a Problem where that fails. */
  reopen(localAddress: string): Promise<void>;
  /** Deletes the announcements and closes. */
  close(): Promise<void>;
}

/** Announces at once and then every 5 s. Rejects with a Problem where the interface does not work. */
export async function openAnnouncer(options: AnnouncerOptions): Promise<Announcer> {
  const { stations, localAddress, ttl = 1, log, timers = systemTimers } = options;
  const plan = new AnnouncementPlan({ ttl });
  let lastError = '';
  const endpoint: Endpoint = await openEndpoint({
    address: localAddress,
    multicastTtl: ttl,
    onError: ({ message }) => {
      if (message !== lastError) log(`sap: ${message}`); // the same error comes four times a second
      lastError = message;
    },
  });
  const group = { address: SAP_GROUP, port: SAP_PORT };
  let cancel: () => void = () => undefined;
  const announce = (): void => {
    for (const datagram of plan.next(stations())) endpoint.send(datagram, group);
    cancel = timers.after(Millis(ANNOUNCEMENT_PERIOD / SLICES), announce);
  };
  announce();
  return {
    reopen: async (address) => {
      await endpoint.reopen(address);
      lastError = '';
    },
    close: async () => {
      cancel();
      for (const datagram of plan.next([])) endpoint.send(datagram, group);
      await endpoint.close();
    },
  };
}
