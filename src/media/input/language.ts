/** Languages of tracks and files. No FFmpeg. */

/** ISO 639-2. */
export const UNDETERMINED = 'und';

/** The language of a tag, of any of the ISO 639 kinds, as in RFC 5646 without a region: "de" for "ger" and "de-AT". */
export function languageOf(tag: string): string {
  try {
    // ICU has no language for "und".
    return new Intl.Locale(tag.replaceAll('_', '-')).language ?? UNDETERMINED;
  } catch (error) {
    if (error instanceof RangeError) return tag.toLowerCase();
    throw error;
  }
}
