/** The sound of a film in a pass of its own, without the pictures. */
import type { Ticks90k } from '../../base/units.js';
import { Unfit } from '../copy/unfit.js';
import { Undecodable } from '../decoder.js';
import type { DolbyTrack, FurtherTrack, SoundWanted } from '../input/choose-sound.js';
import { MediaInput } from '../input/input.js';
import type { SpooledAudio } from '../spool.js';
import { AudioCopier } from './copy-audio.js';
import { encodeAudio, silentTrack } from './encode-audio.js';
import { measureLoudness } from './loudness.js';
import type { SoundCodec } from './sound-codecs.js';

export interface MadeSound {
  spooled: SpooledAudio;
  channels: number;
  how: 'copied' | 'encoded' | 'silent';
  /** The number of its stream; null where it is silent. */
  index: number | null;
  /** Integrated loudness of the source's sound, LUFS, where it was measured. */
  loudness?: number;
  /** RFC 5646 without a region; null where it is not known. */
  language: string | null;
  /** Tracks in the languages that are wanted beside it. */
  further: readonly FurtherTrack[];
  /** The track of AC-3 or E-AC-3 that goes with it; null where there is none, or none is wanted. */
  dolby: DolbyTrack | null;
  /** What is left out. */
  notes: readonly string[];
}

export interface SoundOptions {
  source: string;
  /** The file for the frames. */
  path: string;
  sound: SoundWanted;
  /** Those of the station; null: those of the source, where it has one or two, else two. */
  channels: number | null;
  /** Whether sound of 5.1 that is encoded keeps its channels, where `channels` is null. */
  surround: boolean;
  /** Default AAC-LC. */
  codec?: SoundCodec;
  /** LUFS; null for that of the source. */
  loudness: number | null;
  /** Of the first picture, on the source's clock. */
  origin: Ticks90k;
  /** Of the pictures. */
  duration: Ticks90k;
  /** Whether copied sound is decoded, to find damage; it is not without this. */
  check?: boolean;
  onProgress(done: number): void;
}

/** Copies the sound; null and the reason where it cannot be copied. */
export function copySound(options: SoundOptions): { made: MadeSound | null; reason: string } {
  const { source, path, sound, loudness, origin, duration, onProgress } = options;
  const input = new MediaInput(source, undefined, sound);
  let copier: AudioCopier | null = null;
  try {
    if (input.audio === null) return { made: null, reason: '' };
    input.skipVideo();
    const { channels, check = false } = options;
    const used = new AudioCopier({ stream: input.audio, path, channels, loudness, check });
    copier = used;
    input.forEachPacket((timed) => {
      if (!timed.isVideo) used.take(timed);
      onProgress(0);
      return true;
    });
    const spooled = used.finish({ origin, duration });
    return { made: { spooled, channels: used.channels ?? 2, how: 'copied', ...chosenOf(input) }, reason: '' };
  } catch (error) {
    copier?.discard();
    if (!(error instanceof Unfit)) throw error;
    return { made: null, reason: error.message };
  } finally {
    input.close();
  }
}

/** What is known of the sound that an input has chosen. */
export const chosenOf = (input: MediaInput): Pick<MadeSound, 'index' | 'language' | 'further' | 'dolby' | 'notes'> => ({
  index: input.audio?.index ?? null,
  language: input.soundLanguage,
  further: input.furtherSound,
  dolby: input.dolby,
  notes: input.soundNotes,
});

/** Encodes the sound. Where a track has none that can be decoded, the next one is tried; silence without any. */
export function encodeSound(options: SoundOptions): MadeSound {
  const { source, path, codec, origin, duration, onProgress } = options;
  const unusable = new Set(options.sound.unusable);
  for (;;) {
    const input = new MediaInput(source, undefined, { ...options.sound, unusable });
    try {
      input.skipVideo();
      const { audio } = input;
      const chosen = chosenOf(input);
      const channels = options.channels ?? channelsOf(audio?.codecpar.channels ?? 2, options.surround);
      if (audio === null) return { spooled: silentTrack(path, channels, codec), channels, how: 'silent', ...chosen };
      const measured = measuredLoudness({ ...options, sound: { ...options.sound, unusable } }, channels);
      const gain = measured === null || options.loudness === null ? 0 : options.loudness - measured;
      const spooled = encoded({ input, path, channels, codec, gain, origin, duration, onProgress });
      if (spooled !== null && spooled.sizes.length > 0) {
        return { spooled, channels, how: 'encoded', ...chosen, ...(measured !== null && { loudness: measured }) };
      }
      unusable.add(audio.index);
    } finally {
      input.close();
    }
  }
}

const channelsOf = (own: number, surround: boolean): number => (own === 1 ? 1 : surround && own >= 6 ? 6 : 2);

/** The loudness of the source, LUFS; null where none is set or nothing can be heard. */
function measuredLoudness({ source, sound, loudness, onProgress }: SoundOptions, channels: number): number | null {
  if (loudness === null) return null;
  const input = new MediaInput(source, undefined, sound);
  try {
    input.skipVideo();
    return measureLoudness(input, channels, () => onProgress(0));
  } catch (error) {
    if (error instanceof Undecodable) return null;
    throw error;
  } finally {
    input.close();
  }
}

/** Null where there is no decoder. */
function encoded(options: Parameters<typeof encodeAudio>[0]): SpooledAudio | null {
  try {
    return encodeAudio(options);
  } catch (error) {
    if (error instanceof Undecodable) return null;
    throw error;
  }
}
