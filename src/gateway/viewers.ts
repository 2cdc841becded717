/** Who is being sent a station, for limits, stats and the operator. */
import type { Millis } from '../base/units.js';

export type ViewerKind = 'ts' | 'hls' | 'mjpeg' | 'live';

/** What a viewer's page says of itself; see the `report` message of src/wire/live.ts. */
export interface ViewerReport {
  delay: Millis;
  buffer: Millis;
  droppedFrames: number;
  stalls: number;
  offset: Millis | null;
}

/** A stream that somebody is sent. Whoever sends it keeps the numbers right. */
export interface GatewayViewer {
  readonly kind: ViewerKind;
  /** IP address. */
  readonly address: string;
  /** Id of the station. */
  readonly station: string;
  /** Since when (Unix epoch). */
  readonly since: Millis;
  /** Sent so far. */
  bytes: number;
  /** How far its place is behind what is on the air. */
  behind: Millis;
  /** How often it was too slow and moved on. */
  moved: number;
  report: ViewerReport | null;
  /** Ends it, as the operator wants it. */
  close(): void;
}

/** It is in charge of: the list of those who are sent something, each with a number of its own. */
export class Viewers {
  readonly #viewers = new Map<number, GatewayViewer>();
  #last = 0;
  #gone = { viewers: 0, bytes: 0, moved: 0 };

  /** Returns what takes it off the list again. */
  add(viewer: GatewayViewer): () => void {
    const id = ++this.#last;
    this.#viewers.set(id, viewer);
    return () => {
      if (!this.#viewers.delete(id)) return;
      this.#gone = {
        viewers: this.#gone.viewers + 1,
        bytes: this.#gone.bytes + viewer.bytes,
        moved: this.#gone.moved + viewer.moved,
      };
    };
  }

  get list(): readonly (readonly [id: number, viewer: GatewayViewer])[] {
    return [...this.#viewers];
  }

  /** Since the gateway began, those of now included. */
  get totals(): { viewers: number; bytes: number; moved: number } {
    const totals = { ...this.#gone };
    for (const { bytes, moved } of this.#viewers.values()) {
      totals.viewers++;
      totals.bytes += bytes;
      totals.moved += moved;
    }
    return totals;
  }

  /** False where there is no such viewer. */
  close(id: number): boolean {
    const viewer = this.#viewers.get(id);
    viewer?.close();
    return viewer !== undefined;
  }
}
