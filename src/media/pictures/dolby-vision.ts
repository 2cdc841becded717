/** Dolby Vision: whether its base layer is a picture by itself. */
import { AV_PKT_DATA_DOVI_CONF } from 'node-av/constants';
import { Problem } from '../../base/problem.js';
import type { MediaInput } from '../input/input.js';
import type { Notes } from '../notes.js';

/**
 * FFmpeg's form of the DOVIDecoderConfigurationRecord, a byte each:
 *
 *     version major, minor | profile | level | rpu | el | bl present | dv_bl_signal_compatibility_id | …
 */
const PROFILE = 2;
const COMPATIBILITY = 7;

/** dv_bl_signal_compatibility_id: what a decoder without Dolby Vision shows. */
const baseLayers: Readonly<Record<number, string>> = { 1: 'HDR10', 2: 'SDR', 4: 'HLG', 6: 'HDR10' };

/** Profiles whose base layer is in Dolby's own colour space, unless it is said to be compatible. */
const ownColour: ReadonlySet<number> = new Set([10, 20]);

const recordOf = ({ video }: MediaInput): Buffer | null => {
  const record = video.codecpar.getCodedSideData(AV_PKT_DATA_DOVI_CONF);
  return record === null || record.length <= COMPATIBILITY ? null : record;
};

export const isDolbyVision = (input: MediaInput): boolean => recordOf(input) !== null;

/** Notes that the base layer is shown; throws a Problem where it cannot be. */
export function checkDolbyVision(input: MediaInput, notes: Notes): void {
  const record = recordOf(input);
  if (record === null) return;
  const { source } = input;
  const profile = record[PROFILE]!;
  const compatibility = record[COMPATIBILITY]!;
  if (profile === 5 || (ownColour.has(profile) && compatibility === 0)) {
    throw new Problem(
      'source',
      `${source}: is Dolby Vision of profile ${profile}, whose colours only Dolby's own decoders show`,
      'Use the HDR10 or SDR version of it, or convert it with a program that knows Dolby Vision.',
    );
  }
  const base = baseLayers[compatibility];
  notes.add(`Dolby Vision of profile ${profile}: its ${base ? `${base} ` : ''}base layer is shown`);
}
