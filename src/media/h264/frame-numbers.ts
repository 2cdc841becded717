/** Missing reference pictures, by their numbers. ITU-T H.264, 7.4.3: frame_num. */

/**
 * Responsible for the frame_num of one picture after the other: each is one more than that of the last reference picture,
 * modulo a power of two. 0 and 1 are always accepted: memory_management_control_operation 5, which is not parsed, sets it
 * back.
 */
export class FrameNumbers {
  /** Of the last reference picture; null before the first IDR picture. */
  #last: number | null = null;

  /** Takes the next picture; false where one is missing before it. */
  take(picture: { number: number; modulus: number; isReference: boolean; isIdr: boolean }): boolean {
    const { number, modulus, isReference, isIdr } = picture;
    const last = this.#last;
    const follows = isIdr || last === null || number <= 1 || number === last || number === (last + 1) % modulus;
    if (isReference && (isIdr || last !== null)) this.#last = number;
    return follows;
  }
}
