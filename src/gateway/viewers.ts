/** The streams that the gateway sends, for stats and the operator. */
import type { Millis } from '../base/units.js';

export type ViewerKind = 'ts' | 'hls' | 'mjpeg' | 'live';

/** A page's own report: the message `report` of contract/live.ts. */
export interface ViewerReport {
  delay: Millis;
  buffer: Millis;
  droppedFrames: number;
  stalls: number;
  offset: Millis | null;
}

/** A stream to a viewer. Its sender updates the counters. */
export interface GatewayViewer {
  readonly kind: ViewerKind;
  /** IP address. */
  readonly address: string;
  /** Id of the station. */
  readonly station: string;
  /** When it started (Unix epoch). */
  readonly since: Millis;
  /** Bytes sent. */
  bytes: number;
  /** Lag of its position behind the air. */
  behind: Millis;
  /** Times that it was too slow and was moved to the live position. */
  moved: number;
  report: ViewerReport | null;
  /** Ends it on the operator's request. */
  close(): void;
}

/** Responsible for: the list of viewers, their ids, and totals that include former viewers. */
export class Viewers {
  readonly #viewers = new Map<number, GatewayViewer>();
  #last = 0;
  #gone = { viewers: 0, bytes: 0, moved: 0 };

  /** Returns the function that removes it. */
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

  /** Since the gateway started, current viewers included. */
  get totals(): { viewers: number; bytes: number; moved: number } {
    const totals = { ...this.#gone };
    for (const { bytes, moved } of this.#viewers.values()) {
      totals.viewers++;
      totals.bytes += bytes;
      totals.moved += moved;
    }
    return totals;
  }

  /** Returns false for an unknown id. */
  close(id: number): boolean {
    const viewer = this.#viewers.get(id);
    viewer?.close();
    return viewer !== undefined;
  }
}
