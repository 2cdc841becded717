/** Spatial navigation: which of several rectangles is the next one in a direction. */

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export type Direction = 'left' | 'right' | 'up' | 'down';

/** Distance from one box to another in a direction: ahead, and sideways. */
function distance(from: Box, to: Box, direction: Direction): { ahead: number; aside: number } {
  const across = Math.max(0, to.left - from.right, from.left - to.right);
  const along = Math.max(0, to.top - from.bottom, from.top - to.bottom);
  switch (direction) {
    case 'left':
      return { ahead: from.left - to.right, aside: along };
    case 'right':
      return { ahead: to.left - from.right, aside: along };
    case 'up':
      return { ahead: from.top - to.bottom, aside: across };
    case 'down':
      return { ahead: to.top - from.bottom, aside: across };
  }
}

/** Rounding and touching borders are no overlap, pixels. */
const SLACK = 2;

/** Index of the nearest box in a direction, preferring boxes straight ahead; −1 where there is none. */
export function nextBox(from: Box, boxes: readonly Box[], direction: Direction): number {
  let best = -1;
  let least = Number.POSITIVE_INFINITY;
  boxes.forEach((box, index) => {
    const { ahead, aside } = distance(from, box, direction);
    if (ahead < -SLACK) return;
    // Boxes in the same row or column come first, then the nearest middle.
    const middle =
      direction === 'up' || direction === 'down'
        ? Math.abs(box.left + box.right - from.left - from.right)
        : Math.abs(box.top + box.bottom - from.top - from.bottom);
    const cost = Math.max(0, ahead) + 4 * aside + middle / 100;
    if (cost < least) {
      least = cost;
      best = index;
    }
  });
  return best;
}
