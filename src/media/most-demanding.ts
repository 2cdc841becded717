/** What a decoder has to be capable of that plays every film of a station. No FFmpeg. */
import { mostDemandingHevc } from '../contract/hevc-codecs.js';
import { h264Name } from './h264/h264-sps.js';
import { hevcName } from './hevc/hevc-sps.js';
import type { MediaProperties } from './settings.js';

/** profile_idc, constraint flags and level_idc of RFC 6381. */
const AVC = /^avc1\.([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i;

/** general_profile_idc, general_tier_flag and general_level_idc. */
const HEVC = /^hvc1\.(\d+)\.[0-9a-f]+\.([LH])(\d+)/i;

/** e.g. "H.264 High 4.1" or "H.265 Main 10 5.1": the highest profile and the highest level, which may be those of two films. Of at least one. */
export function mostDemandingVideo(films: readonly Pick<MediaProperties, 'codecs' | 'videoCodec'>[]): string {
  return mostDemandingOfHevc(films) ?? mostDemandingAvc(films) ?? films[0]!.videoCodec;
}

/** Null where one is not of H.265. */
function mostDemandingOfHevc(films: readonly Pick<MediaProperties, 'codecs'>[]): string | null {
  const [, profile, tier, level] = HEVC.exec(mostDemandingHevc(films.map(({ codecs }) => codecs)) ?? '') ?? [];
  if (profile === undefined) return null;
  return hevcName({ profile: Number(profile), isHighTier: tier === 'H', level: Number(level) });
}

/** Null where none is of H.264. */
function mostDemandingAvc(films: readonly Pick<MediaProperties, 'codecs'>[]): string | null {
  const needs = films.flatMap(({ codecs }) => {
    const [, ...bytes] = AVC.exec(codecs) ?? [];
    const [profile, constraints, level] = bytes.map((byte) => Number.parseInt(byte, 16));
    return profile === undefined ? [] : [{ profile, constraints: constraints!, level: level! }];
  });
  if (needs.length === 0) return null;
  // The numbers of Baseline, Main and High grow with what they demand.
  const profile = Math.max(...needs.map((need) => need.profile));
  const level = Math.max(...needs.map((need) => need.level));
  // A restriction holds where all films of that profile keep to it.
  const constraints = needs
    .filter((need) => need.profile === profile)
    .reduce((common, need) => common & need.constraints, 0xff);
  return h264Name({ profile, constraints, level });
}
