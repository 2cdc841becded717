/** What fingers do on the picture: a tap shows the controls or hides them, two fill the screen, a swipe changes the station. */

export type Gesture = 'tap' | 'double-tap' | 'up' | 'down';

/** CSS pixels: what moves less is a tap, what moves more and upright is a swipe. */
const STILL = 12;
const SWIPE = 64;
/** A second tap within this time belongs to the first, milliseconds. */
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

  /** What it was that ends there; null: nothing. */
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
