/** Pictures that wait for their moments. No clock is read here. */
import type { Millis } from '../../../../src/base/units.js';

export interface TimedPicture<T> {
  /** Its moment, since the Unix epoch. */
  time: Millis;
  picture: T;
}

export class PictureQueue<T> {
  #waiting: TimedPicture<T>[] = [];

  get length(): number {
    return this.#waiting.length;
  }

  /** From the first waiting picture to the last, milliseconds. */
  get span(): number {
    const [first, last] = [this.#waiting[0], this.#waiting.at(-1)];
    return first && last ? last.time - first.time : 0;
  }

  get first(): TimedPicture<T> | undefined {
    return this.#waiting[0];
  }

  /** In order of time. */
  put(picture: TimedPicture<T>): void {
    this.#waiting.push(picture);
  }

  /** Takes the last picture that is due at `time`; earlier ones are left out. Null where none is due. */
  take(time: number): { shown: TimedPicture<T>; leftOut: readonly TimedPicture<T>[] } | null {
    const next = this.#waiting.findIndex((picture) => picture.time > time);
    const leftOut = this.#waiting.splice(0, next < 0 ? this.#waiting.length : next);
    const shown = leftOut.pop();
    return shown ? { shown, leftOut } : null;
  }

  /** As `take`; where none is due, the next picture if it is due by `soon`. */
  takeSoon(time: number, soon: number): { shown: TimedPicture<T>; leftOut: readonly TimedPicture<T>[] } | null {
    const [first] = this.#waiting;
    return this.take(first && first.time > time && first.time <= soon ? first.time : time);
  }

  /** Whether the picture of `time` is waiting. */
  holds(time: number): boolean {
    const first = this.#waiting[0];
    return first !== undefined && first.time <= time && time <= first.time + this.span;
  }
}
