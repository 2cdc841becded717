/** Who watches by HLS: whoever asks for lists and segments again and again. */
import type { Socket } from 'node:net';
import type { Timers } from '../../base/timers.js';
import type { Millis } from '../../base/units.js';
import type { StationReader, StationSource } from '../source.js';
import type { GatewayViewer, Viewers } from '../viewers.js';

/** Who asks for nothing for so long has gone. */
export const GONE: Millis = 30_000;

export interface HlsViewersOptions {
  viewers: Viewers;
  timers: Timers;
  /** The gateway's clock (Unix epoch). */
  now: () => Millis;
}

/** One who watches one station from one address. */
export class HlsViewer implements GatewayViewer {
  readonly kind = 'hls';
  readonly address: string;
  readonly station: string;
  readonly since: Millis;
  bytes = 0;
  behind: Millis = 0;
  readonly moved = 0;
  readonly report = null;
  /** By the gateway's timers. */
  seen: Millis = 0;
  /** What it is being sent. */
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

/** A station that somebody watches as it is on the air. */
interface Watched {
  source: StationSource;
  reader: Promise<StationReader>;
  /** Null until it has been opened. */
  current: StationReader | null;
  seen: Millis;
}

/**
 * It is in charge of:
 * - one viewer for each address and station, from the first request until GONE after the last
 * - a reader of each station that is watched as it is on the air: it reads nothing, but with it a station of the network
 *   is received, and its next segments are there when they are asked for
 */
export class HlsViewers {
  readonly #options: HlsViewersOptions;
  readonly #viewers = new Map<string, { viewer: HlsViewer; remove: () => void }>();
  readonly #watched = new Map<string, Watched>();
  #cancelLook: (() => void) | null = null;

  constructor(options: HlsViewersOptions) {
    this.#options = options;
  }

  /** Somebody asks for something of the station. */
  saw(address: string, station: string): HlsViewer {
    const { viewers, timers, now } = this.#options;
    const key = `${address} ${station}`;
    let entry = this.#viewers.get(key);
    if (!entry) {
      const viewer = new HlsViewer(address, station, now());
      entry = { viewer, remove: viewers.add(viewer) };
      this.#viewers.set(key, entry);
    }
    entry.viewer.seen = timers.now();
    this.#lookLater();
    return entry.viewer;
  }

  /** Somebody watches the station as it is on the air. Resolves when it can be read. Rejects with a Problem when it cannot. */
  async watch(source: StationSource): Promise<void> {
    const { id } = source.info;
    let watched = this.#watched.get(id);
    if (watched && (watched.source !== source || watched.current?.ended)) {
      this.#leave(id, watched);
      watched = undefined;
    }
    watched ??= this.#begin(id, source);
    watched.seen = this.#options.timers.now();
    this.#lookLater();
    await watched.reader;
  }

  close(): void {
    this.#cancelLook?.();
    this.#cancelLook = null;
    for (const [id, watched] of this.#watched) this.#leave(id, watched);
    for (const { remove } of this.#viewers.values()) remove();
    this.#viewers.clear();
  }

  #begin(id: string, source: StationSource): Watched {
    const reader = source.read({ kind: 'live' });
    const watched: Watched = { source, reader, current: null, seen: 0 };
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
      () => undefined, // Then there is nothing to close.
    );
  }

  #lookLater(): void {
    this.#cancelLook ??= this.#options.timers.after(GONE / 6, () => {
      this.#cancelLook = null;
      this.#look();
      if (this.#viewers.size > 0 || this.#watched.size > 0) this.#lookLater();
    });
  }

  #look(): void {
    const since = this.#options.timers.now() - GONE;
    for (const [key, { viewer, remove }] of this.#viewers) {
      // Who is being sent something is there, however slowly it takes it.
      if (viewer.seen > since || viewer.sockets.size > 0) continue;
      this.#viewers.delete(key);
      remove();
    }
    for (const [id, watched] of this.#watched) if (watched.seen <= since) this.#leave(id, watched);
  }
}
