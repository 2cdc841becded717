/** Viewers by HLS: clients that keep requesting playlists and segments. */
import type { Socket } from 'node:net';
import { networkOf, plainAddress } from '../../base/ip-network.js';
import type { Timers } from '../../base/timers.js';
import { Millis } from '../../base/units.js';
import type { StationReader, StationSource } from '../source.js';
import type { GatewayViewer, Viewers } from '../viewers.js';

/** Longest time without a request of a viewer. */
export const GONE = Millis(30_000);

/** Most viewers that are listed, in all and of one network; requests of further ones are answered, but not counted. */
const MOST_VIEWERS = 10_000;
const MOST_OF_NETWORK = 1_000;

export interface HlsViewersOptions {
  viewers: Viewers;
  timers: Timers;
  /** The gateway's clock (Unix epoch). */
  now: () => Millis;
}

/** A viewer of one station at one address. */
export class HlsViewer implements GatewayViewer {
  readonly kind = 'hls';
  readonly address: string;
  readonly station: string;
  readonly since: Millis;
  bytes = 0;
  behind: Millis = Millis(0);
  readonly moved = 0;
  readonly report = null;
  /** Time of its last request, by the gateway's timers. */
  seen: Millis = Millis(0);
  /** Connections of its current downloads. */
  readonly sockets = new Set<Socket>();

  constructor(address: string, station: string, since: Millis) {
    this.address = address;
    this.station = station;
    this.since = since;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}

/** A station with live viewers. */
interface Watched {
  source: StationSource;
  reader: Promise<StationReader>;
  /** Null until it is open. */
  current: StationReader | null;
  seen: Millis;
}

/**
 * Responsible for:
 * - one viewer for each address and station, from the first request until GONE after the last one
 * - a reader of each station with live viewers. It reads nothing, but keeps a station of the network received, so that its
 *   next segments are there when they are requested
 */
export class HlsViewers {
  readonly #options: HlsViewersOptions;
  readonly #viewers = new Map<string, { viewer: HlsViewer; remove: () => void }>();
  /** Viewers by network. */
  readonly #counts = new Map<string, number>();
  readonly #watched = new Map<string, Watched>();
  #cancelCheck: (() => void) | null = null;

  constructor(options: HlsViewersOptions) {
    this.#options = options;
  }

  /** The viewer of a request. */
  onRequest(address: string, station: string): HlsViewer {
    const { viewers, timers, now } = this.#options;
    const key = `${plainAddress(address)} ${station}`;
    let entry = this.#viewers.get(key);
    if (!entry) {
      const viewer = new HlsViewer(address, station, now());
      const network = networkOf(address);
      if (this.#viewers.size >= MOST_VIEWERS || (this.#counts.get(network) ?? 0) >= MOST_OF_NETWORK) return viewer;
      const remove = viewers.add(viewer);
      entry = {
        viewer,
        remove: () => {
          this.#count(network, -1);
          remove();
        },
      };
      this.#viewers.set(key, entry);
      this.#count(network, 1);
    }
    entry.viewer.seen = timers.now();
    this.#scheduleCheck();
    return entry.viewer;
  }

  /** A request for a live playlist. Resolves when the station can be read; rejects with a Problem where it cannot. */
  async watch(source: StationSource): Promise<void> {
    const { id } = source.info;
    let watched = this.#watched.get(id);
    if (watched && (watched.source !== source || watched.current?.ended)) {
      this.#leave(id, watched);
      watched = undefined;
    }
    watched ??= this.#begin(id, source);
    watched.seen = this.#options.timers.now();
    this.#scheduleCheck();
    await watched.reader;
  }

  close(): void {
    this.#cancelCheck?.();
    this.#cancelCheck = null;
    for (const [id, watched] of this.#watched) this.#leave(id, watched);
    for (const { remove } of this.#viewers.values()) remove();
    this.#viewers.clear();
  }

  #count(network: string, by: number): void {
    const left = (this.#counts.get(network) ?? 0) + by;
    if (left > 0) this.#counts.set(network, left);
    else this.#counts.delete(network);
  }

  #begin(id: string, source: StationSource): Watched {
    const reader = source.read({ kind: 'live' });
    const watched: Watched = { source, reader, current: null, seen: Millis(0) };
    this.#watched.set(id, watched);
    reader.then(
      (each) => {
        watched.current = each;
      },
      () => {
        if (this.#watched.get(id) === watched) this.#watched.delete(id);
      },
    );
    return watched;
  }

  #leave(id: string, { reader }: Watched): void {
    this.#watched.delete(id);
    void reader.then(
      (each) => each.close(),
      () => undefined, // It was never open.
    );
  }

  #scheduleCheck(): void {
    this.#cancelCheck ??= this.#options.timers.after(Millis(GONE / 6), () => {
      this.#cancelCheck = null;
      this.#check();
      if (this.#viewers.size > 0 || this.#watched.size > 0) this.#scheduleCheck();
    });
  }

  #check(): void {
    const since = this.#options.timers.now() - GONE;
    for (const [key, { viewer, remove }] of this.#viewers) {
      // A viewer with a download is there, however slow it is.
      if (viewer.seen > since || viewer.sockets.size > 0) continue;
      this.#viewers.delete(key);
      remove();
    }
    for (const [id, watched] of this.#watched) if (watched.seen <= since) this.#leave(id, watched);
  }
}
