/** The table of a spool's access units. */
import { Ticks90k } from '../../base/units.js';
import type { AccessUnits } from '../copy/access-units.js';
import type { StationLayout } from '../settings.js';
import type { AccessUnitReader, SpooledVideo } from '../spool.js';
import type { ByteSink } from '../spool-file.js';
import { float64Table, uint8Table, uint32Table } from '../tables.js';

/** Responsible for sizes, times and random access points of the access units that go to its sink. */
export class VideoTable {
  readonly pts = float64Table();
  readonly #sizes = uint32Table();
  readonly #randomAccess = uint8Table();
  readonly #sink: ByteSink;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Adds the access unit that `units` parsed last; returns its bytes. */
  add(units: AccessUnits, picture: { pts: Ticks90k; isRandomAccess: boolean }): number {
    const bytes = units.write(this.#sink);
    this.#sizes.push(bytes);
    this.pts.push(picture.pts);
    this.#randomAccess.push(picture.isRandomAccess ? 1 : 0);
    return bytes;
  }

  /** Adds a picture whose access unit cannot be used, and which is encoded instead. */
  addDamaged(picture: { pts: Ticks90k; isRandomAccess: boolean }): void {
    this.#sizes.push(0);
    this.pts.push(picture.pts);
    this.#randomAccess.push(picture.isRandomAccess ? 1 : 0);
  }

  /** Removes the access unit added last. */
  removeLast(): void {
    for (const table of [this.#sizes, this.pts, this.#randomAccess]) table.pop();
  }

  /**
   * `open` reads the access units again. The delay is that of `target`, or as short as these pictures allow; `end` is the
   * end of the picture shown last.
   */
  finish(open: () => AccessUnitReader, { target, end }: { target: StationLayout | null; end: Ticks90k }): SpooledVideo {
    return {
      open,
      reorderDelay: target?.reorderDelay ?? reorderDelayOf(this.pts.view()),
      sizes: this.#sizes.view(),
      pts: this.pts.view(),
      randomAccess: this.#randomAccess.view(),
      duration: end,
    };
  }
}

/** Longest time from decoding to presentation, where pictures are decoded as late as their order allows. */
function reorderDelayOf(pts: Float64Array): Ticks90k {
  const shown = pts.slice().sort();
  return Ticks90k(shown.reduce((most, time, i) => Math.max(most, time - pts[i]!), 0));
}
