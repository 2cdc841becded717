/** The limits of H.265 that receivers keep to: level 5.2, ITU-T H.265, table A.8. */

/** general_level_idc */
export const LEVEL_5_2 = 156;

/** MaxLumaPs and MaxLumaSr: samples of luma in a picture, and in a second. */
const MOST_SAMPLES = 8_912_896;
const MOST_SAMPLES_PER_SECOND = 1_069_547_520;
/** A.4.1: a side has at most √(8 · MaxLumaPs) samples. */
const LONGEST_SIDE = Math.floor(Math.sqrt(8 * MOST_SAMPLES));

/** Whether pictures of that size, and at that rate where it is given, are within level 5.2. */
export const isWithinLevel = ({ width, height }: { width: number; height: number }, rate = 0): boolean =>
  Math.max(width, height) <= LONGEST_SIDE &&
  width * height <= MOST_SAMPLES &&
  width * height * rate <= MOST_SAMPLES_PER_SECOND;
