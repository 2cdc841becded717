/**
 * Captions in pictures (CEA-608 and 708, ATSC A/53 part 4), which decoders, filters and encoders pass on as data of a frame: each part of
 * a text comes once.
 */
import { AV_FRAME_DATA_A53_CC } from 'node-av/constants';
import type { Frame } from 'node-av/lib';

export const dropCaptions = (frame: Frame): void => frame.removeSideData(AV_FRAME_DATA_A53_CC);

/** Responsible for the captions of fields that became pictures: the second one of a frame has none. */
export class FieldCaptions {
  #before: Buffer | null = null;

  /** Takes the pictures in their order. */
  take(frame: Frame): void {
    const captions = frame.getSideData(AV_FRAME_DATA_A53_CC);
    const isSecond = captions !== null && this.#before?.equals(captions) === true;
    // A copy, because the frame's memory is reused.
    this.#before = captions === null || isSecond ? null : Buffer.from(captions);
    if (isSecond) dropCaptions(frame);
  }
}
