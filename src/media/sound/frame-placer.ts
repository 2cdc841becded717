/** Copied frames of sound in their places. */
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { Unfit } from '../copy/unfit.js';
import { placeSound } from '../spool.js';
import type { AudioSpool } from './spooled-audio.js';

/** Most silence inserted into one file: more means wrong time stamps. */
const MOST_SILENCE = Ticks90k(3_600 * TICKS_PER_SECOND);

/**
 * Responsible for a continuous sequence of frames: silence for missing ones, none twice. Throws Unfit where that cannot be made
 * of whole frames.
 */
export class FramePlacer {
  readonly #spool: AudioSpool;
  readonly #frame: Ticks90k;
  /** Largest error of time stamps: rounding to milliseconds, and recorders, stay below it. */
  readonly #stray: Ticks90k;
  #start: Ticks90k | null = null;
  /** By how much frames are late where they are put, least and most. */
  #early: Ticks90k = Ticks90k(0);
  #late: Ticks90k = Ticks90k(0);
  #filled: Ticks90k = Ticks90k(0);

  /** `frame`: the length of each. */
  constructor(spool: AudioSpool, frame: Ticks90k) {
    this.#spool = spool;
    this.#frame = frame;
    this.#stray = Ticks90k((frame * 3) / 4);
  }

  /** Whether the next frame is to be added to the spool; `silence` is added for those that are missing before it. */
  takes(pts: Ticks90k | null, silence: Buffer | null): boolean {
    if (this.#start === null) {
      // Sound without a time cannot be aligned with the pictures.
      if (pts === null) return false;
      this.#start = pts;
    }
    const stray = pts === null ? 0 : pts - (this.#start + this.#spool.frames * this.#frame);
    if (stray < -this.#stray) return false;
    const missing = stray > this.#stray ? Math.round(stray / this.#frame) : 0;
    if (missing > 0) this.#fill(missing, silence);
    const left = stray - missing * this.#frame;
    this.#early = Ticks90k(Math.min(this.#early, left));
    this.#late = Ticks90k(Math.max(this.#late, left));
    return true;
  }

  /**
   * When the sound begins after the first picture. `origin`: the time of that, on the source's clock; `duration`: of the
   * pictures; `mostOff`: the farthest that a frame may be off its time on the air.
   */
  start({ origin, duration, mostOff }: { origin: Ticks90k; duration: Ticks90k; mostOff: Ticks90k }): Ticks90k {
    if (this.#start === null) throw new Unfit('a sound track without sound');
    const start = Ticks90k(Math.round(this.#start - origin + (this.#early + this.#late) / 2));
    const placed = placeSound({ start, duration, frame: this.#frame });
    if (placed.mostOff + (this.#late - this.#early) / 2 > mostOff) {
      throw new Unfit('sound with gaps of less than a frame');
    }
    return start;
  }

  #fill(frames: number, silence: Buffer | null): void {
    this.#filled = Ticks90k(this.#filled + frames * this.#frame);
    if (silence === null || this.#filled > MOST_SILENCE) throw new Unfit('sound with long gaps');
    for (let i = 0; i < frames; i++) this.#spool.add(silence);
  }
}

/** Milliseconds as ticks, for limits. */
export const millis = (count: number): Ticks90k => Ticks90k(count * TICKS_PER_MILLI);
