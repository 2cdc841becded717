/** The thumbnails that a page has not been sent yet: a newer one replaces the waiting one of its station. */
import type { StationInfo } from '../../wire/station-info.js';
import type { Thumbnail } from '../thumbnails/thumbnails.js';

interface Pending {
  station: StationInfo;
  thumbnail: Thumbnail;
}

export class PendingThumbnails {
  readonly #waiting = new Map<string, Pending>();

  put(station: StationInfo, thumbnail: Thumbnail): void {
    this.#waiting.set(station.id, { station, thumbnail });
  }

  /** Removes and returns the one that has waited longest. */
  take(): Pending | null {
    for (const [id, first] of this.#waiting) {
      this.#waiting.delete(id);
      return first;
    }
    return null;
  }

  /** Drops the thumbnails of all other stations. */
  keepOnly(stations: readonly string[]): void {
    const kept = new Set(stations);
    for (const id of this.#waiting.keys()) if (!kept.has(id)) this.#waiting.delete(id);
  }
}
