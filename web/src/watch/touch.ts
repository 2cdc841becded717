/** Touch gestures: a tap shows or hides the controls, a double tap toggles full screen, a swipe changes the station. */

export type Gesture = 'tap' | 'double-tap' | 'up' | 'down';

/** Longest movement of a tap, and shortest vertical movement of a swipe, CSS pixels. */
const STILL = 12;
const SWIPE = 64;
/** Longest time between the taps of a double tap, milliseconds. */
const TAP = 300;

interface Point {
  x: number;
  y: number;
  /** Milliseconds. */
  time: number;
}

export class Touch {
  #down: Point | null = null;
  #lastTap = Number.NEGATIVE_INFINITY;

  down(point: Point): void {
    this.#down = point;
  }

  /** The gesture that ends at a point; null: none. */
  up({ x, y, time }: Point): Gesture | null {
    const down = this.#down;
    this.#down = null;
    if (!down) return null;
    const across = Math.abs(x - down.x);
    const along = y - down.y;
    if (Math.max(across, Math.abs(along)) <= STILL) {
      const isSecond = time - this.#lastTap < TAP;
      this.#lastTap = isSecond ? Number.NEGATIVE_INFINITY : time;
      return isSecond ? 'double-tap' : 'tap';
    }
    if (Math.abs(along) < SWIPE || across > Math.abs(along) / 2) return null;
    return along < 0 ? 'up' : 'down';
  }
}
