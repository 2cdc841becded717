/** Whether the two fields of a picture are of one time: seen by what moves. */
import type { Frame } from 'node-av/lib';

/** Luma of one picture, 8 bits. */
interface Luma {
  width: number;
  height: number;
  samples: Buffer;
}

/** A sample that changes by more than this between two pictures moves; less may be noise. */
const MOVES = 24;
/** Every fourth column is enough. */
const COLUMNS = 4;
/** Least number of moving samples by which a picture can be judged. */
const LEAST_MOVING = 50;
/**
 * Combs within a picture, relative to those of one field beside the nearer field of the pictures around: near 1 where the fields are as
 * far apart in time as those, near 0 where they are of one time.
 */
const TWO_TIMES = 0.7;

export type FieldVerdict = 'two times' | 'one time' | 'unknown';

/** Responsible for the last three pictures; the one in the middle is judged. */
export class FieldMotion {
  readonly #pictures: Luma[] = [];

  /** Adds a picture in `gray`; the verdict is that of the picture before. */
  add(frame: Frame): FieldVerdict {
    const { width, height } = frame;
    const stride = frame.linesize[0]!;
    const plane = frame.data![0]!;
    const samples = Buffer.alloc(width * height);
    for (let y = 0; y < height; y++) plane.copy(samples, y * width, y * stride, y * stride + width);
    this.#pictures.push({ width, height, samples });
    if (this.#pictures.length > 3) this.#pictures.shift();
    const [before, middle, after] = this.#pictures;
    return after ? judge(before!.samples, middle!, after.samples) : 'unknown';
  }
}

function judge(before: Buffer, { samples: own, width, height }: Luma, after: Buffer): FieldVerdict {
  let moving = 0;
  let within = 0;
  let withBefore = 0;
  let withAfter = 0;
  for (let y = 1; y + 1 < height; y += 2) {
    for (let x = 0; x < width; x += COLUMNS) {
      const at = y * width + x;
      const above = at - width;
      const below = at + width;
      if (Math.abs(own[above]! - before[above]!) < MOVES && Math.abs(own[above]! - after[above]!) < MOVES) continue;
      moving++;
      const twice = 2 * own[at]!;
      within += Math.abs(twice - own[above]! - own[below]!);
      withBefore += Math.abs(twice - before[above]! - before[below]!);
      withAfter += Math.abs(twice - after[above]! - after[below]!);
    }
  }
  const around = Math.min(withBefore, withAfter);
  if (moving < LEAST_MOVING || around === 0) return 'unknown';
  return within > around * TWO_TIMES ? 'two times' : 'one time';
}
