/** A page's thumbnails on their way: sent when nothing else is, and a newer one takes the place of one that waits. */
import type { StationInfo } from '../../wire/station-info.js';
import type { Still } from '../thumbnails/thumbnails.js';

export class PendingThumbnails {
  readonly #waiting = new Map<string, { station: StationInfo; still: Still }>();

  put(station: StationInfo, still: Still): void {
    this.#waiting.set(station.id, { station, still });
  }

  /** The one that waits longest. */
  take(): { station: StationInfo; still: Still } | null {
    for (const [id, first] of this.#waiting) {
      this.#waiting.delete(id);
      return first;
    }
    return null;
  }

  /** Drops those of other stations. */
  keepOnly(stations: readonly string[]): void {
    const kept = new Set(stations);
    for (const id of this.#waiting.keys()) if (!kept.has(id)) this.#waiting.delete(id);
  }
}
