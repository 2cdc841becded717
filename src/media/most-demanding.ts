/** What a decoder has to be capable of that plays every film of a station. No FFmpeg. */
import { h264Name } from './h264/h264-sps.js';
import type { MediaProperties } from './settings.js';

/** profile_idc, constraint flags and level_idc of RFC 6381. */
const AVC = /^avc1\.([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})/i;

/** e.g. "H.264 High 4.1": the highest profile and the highest level, which may be those of two films. Of at least one. */
export function mostDemandingVideo(films: readonly Pick<MediaProperties, 'codecs' | 'videoCodec'>[]): string {
  const needs = films.flatMap(({ codecs }) => {
    const [, ...bytes] = AVC.exec(codecs) ?? [];
    const [profile, constraints, level] = bytes.map((byte) => Number.parseInt(byte, 16));
    return profile === undefined ? [] : [{ profile, constraints: constraints!, level: level! }];
  });
  if (needs.length === 0) return films[0]!.videoCodec;
  // The numbers of Baseline, Main and High grow with what they demand.
  const profile = Math.max(...needs.map((need) => need.profile));
  const level = Math.max(...needs.map((need) => need.level));
  // A restriction holds where all films of that profile keep to it.
  const constraints = needs
    .filter((need) => need.profile === profile)
    .reduce((common, need) => common & need.constraints, 0xff);
  return h264Name({ profile, constraints, level });
}
