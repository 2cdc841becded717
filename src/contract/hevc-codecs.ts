/** Codec strings of HEVC (ISO/IEC 14496-15, annex E.3), by which players tell whether they can decode a station. */

/** Main profile, level 4.1: of an HEVC station that does not say what it is. What decodes this decodes most others. */
export const ORDINARY_HEVC = 'hvc1.1.6.L123.B0,mp4a.40.2';

/**
 *     hvc1 . [general_profile_space] general_profile_idc . general_profile_compatibility_flags in reverse bit order
 *          . general_tier_flag as L or H, general_level_idc { . constraint byte }
 */
const HEVC = /^(hvc1|hev1)\.([A-C]?)(\d{1,2})\.([0-9a-f]{1,8})\.([LH])(\d{1,3})((?:\.[0-9a-f]{1,2}){0,6})(,.*)?$/i;

/** What a decoder needs that plays all these films: the highest profile, tier and level. Null where one of them is not HEVC. */
export function mostDemandingHevc(films: readonly string[]): string | null {
  const parsed = films.map((codecs) => HEVC.exec(codecs));
  let most: {
    entry: string;
    space: string;
    profile: number;
    flags: string;
    constraints: string;
    sound: string;
  } | null = null;
  let tier = 'L';
  let highest = 0;
  for (const found of parsed) {
    if (!found) return null;
    const [, entry = '', space = '', profile, flags = '', own = '', level, constraints = '', sound = ''] = found;
    if (!most || Number(profile) > most.profile) {
      most = { entry, space, profile: Number(profile), flags, constraints, sound };
    }
    if (own.toUpperCase() === 'H') tier = 'H';
    highest = Math.max(highest, Number(level));
  }
  if (!most) return null;
  const { entry, space, profile, flags, constraints, sound } = most;
  return `${entry}.${space}${profile}.${flags}.${tier}${highest}${constraints}${sound}`;
}
