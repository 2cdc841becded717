/** The table of access units beside the file that holds them. */
import type { Ticks90k } from '../../wire/time.js';
import type { AccessUnits } from './access-units.js';
import type { SpooledVideo } from './spool.js';
import { SpoolFile } from './spool-file.js';
import { float64Table, uint8Table, uint32Table } from './tables.js';

export class VideoSpool {
  readonly pts = float64Table();
  readonly #sizes = uint32Table();
  readonly #randomAccess = uint8Table();
  readonly #file: SpoolFile;
  #end: Ticks90k = 0;

  constructor(path: string) {
    this.#file = new SpoolFile(path);
  }

  /** Takes the access unit that `units` parsed last. */
  add(units: AccessUnits, picture: { pts: Ticks90k; duration: Ticks90k; isIdr: boolean }): void {
    this.#sizes.push(units.write(this.#file));
    this.pts.push(picture.pts);
    this.#randomAccess.push(picture.isIdr ? 1 : 0);
    this.#end = Math.max(this.#end, picture.pts + picture.duration);
  }

  finish(): SpooledVideo {
    this.#file.finish();
    return {
      path: this.#file.path,
      sizes: this.#sizes.view(),
      pts: this.pts.view(),
      randomAccess: this.#randomAccess.view(),
      duration: this.#end,
    };
  }

  discard(): void {
    this.#file.discard();
  }
}
