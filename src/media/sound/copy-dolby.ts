/** Copied AC-3 and E-AC-3, beside sound that every receiver decodes. */

import { Unfit } from '../copy/unfit.js';
import { Undecodable } from '../decoder.js';
import { MediaInput } from '../input/input.js';
import type { DolbyCodec } from '../settings.js';
import { AUDIO_RATE, type SpooledAudio } from '../spool.js';
import { silentFrame } from './encode-audio.js';
import { FramePlacer, millis } from './frame-placer.js';
import type { SoundOptions } from './make-sound.js';
import { dolbyCodecs } from './sound-codecs.js';
import { AudioSpool } from './spooled-audio.js';

/** Farthest that it may be off on the air: three quarters of a frame, which whole frames need. */
const MOST_OFF = millis(25);
/** Most channels of an encoder's silence: what is beyond 5.1 lies in frames of its own. */
const MOST_CHANNELS = 6;

/** Copies the track that `options` name; null where its frames are none that can be copied. */
export function copyDolby(options: SoundOptions, codec: DolbyCodec): SpooledAudio | null {
  const { source, path, sound, origin, duration, onProgress } = options;
  const { id, ticks } = dolbyCodecs[codec];
  const input = new MediaInput(source, undefined, sound);
  const spool = new AudioSpool(path);
  try {
    const parameters = input.audio?.codecpar;
    if (parameters?.codecId !== id || parameters.sampleRate !== AUDIO_RATE) throw new Unfit('another kind of sound');
    input.skipVideo();
    const silence = silentFrame(Math.min(MOST_CHANNELS, parameters.channels), dolbyCodecs[codec]);
    const placer = new FramePlacer(spool, ticks);
    input.forEachPacket(({ packet, isVideo, pts, corrupt, isCutOff, duration: length }) => {
      onProgress(0);
      const { data } = packet;
      if (isVideo || isCutOff || corrupt || data === null) return true;
      if (data.length < 2 || data.readUInt16BE(0) !== SYNCWORD) throw new Unfit('damaged sound');
      // Of E-AC-3, frames may have fewer blocks.
      if (length > 0 && Math.abs(length - ticks) > ROUNDING) throw new Unfit('short frames');
      if (placer.takes(pts, silence)) spool.add(data);
      return true;
    });
    return spool.finish({ start: placer.start({ origin, duration, mostOff: MOST_OFF }), silence, frame: ticks });
  } catch (error) {
    spool.discard();
    if (error instanceof Unfit || error instanceof Undecodable) return null;
    throw error;
  } finally {
    input.close();
  }
}

/** A/52, 5.3.1. */
const SYNCWORD = 0x0b77;
/** Containers round lengths to milliseconds. */
const ROUNDING = millis(1);
