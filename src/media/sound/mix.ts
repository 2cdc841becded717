/** Sound of any layout brought to the rate and the channels of a station. */
import { avChannelLayoutDefault } from 'node-av/lib';
import { AUDIO_RATE } from '../spool.js';

/** At −1 dB, with time to decline before a peak; the delay that this takes is made good. */
export const LIMITER = 'alimiter=limit=0.891:level=disabled:attack=5:release=50:latency=1,aformat=sample_fmts=fltp';

/** A channel layout as FFmpeg's filters write it. */
export const layoutText = (channels: number): string => `0x${avChannelLayoutDefault(channels).mask.toString(16)}`;

/**
 * Filters to `channels` of float at AUDIO_RATE. More channels are mixed by ITU-R BS.775: centre and surrounds at −3 dB in both
 * sides, without LFE. The sum is not reduced, so that speech has the loudness that it has in the centre.
 */
export const mixTo = (channels: number): string[] => [
  `aresample=${AUDIO_RATE}:ochl=${layoutText(channels)}:osf=fltp:tsf=fltp:rematrix_maxval=1000:clev=0.7071:slev=0.7071:lfe_mix_level=0`,
  `aformat=sample_fmts=fltp:sample_rates=${AUDIO_RATE}:channel_layouts=${layoutText(channels)}`,
];
