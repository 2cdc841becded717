/** The loudness of a film's sound, by EBU R 128 (ITU-R BS.1770). */
import { Frame } from 'node-av/lib';
import { Decoder } from '../decoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import type { MediaInput } from '../input/input.js';
import { AUDIO_RATE } from '../spool.js';
import { layoutText, mixTo } from './mix.js';

/** Below this, in LUFS, there is nothing to be heard: the absolute gate is at −70. */
const SILENCE = -60;

const METER = 'ebur128@meter';

/** Integrated loudness of the sound mixed to `channels`, LUFS; null where there is none. */
export function measureLoudness(input: MediaInput, channels: number, onProgress: () => void): number | null {
  if (input.audio === null) return null;
  const decoder = new Decoder(input.audio, input.source);
  const meter = new FilterChain({
    kind: 'audio',
    description: `sample_rate=${AUDIO_RATE}:sample_fmt=fltp:channel_layout=${layoutText(channels)}:time_base=1/${AUDIO_RATE}`,
    filters: [METER],
  });
  let convert: FilterChain | null = null;
  let description = '';
  let samples = 0;
  const frame = new Frame();
  frame.alloc();
  const drain = () => {
    while (meter.take(frame)) frame.unref();
  };
  const moveOn = () => {
    while (convert?.take(frame)) {
      // Gaps do not count.
      frame.pts = BigInt(samples);
      samples += frame.nbSamples;
      meter.put(frame);
      frame.unref();
      drain();
    }
  };
  const onFrame = (decoded: Frame) => {
    decoded.pts = 0n;
    const kind = descriptionOf(decoded);
    if (kind !== description) {
      convert?.put(null);
      moveOn();
      convert?.free();
      description = kind;
      convert = new FilterChain({ kind: 'audio', description, filters: mixTo(channels) });
    }
    convert?.put(decoded);
    moveOn();
  };
  try {
    input.forEachPacket(({ packet, isVideo }) => {
      if (!isVideo) decoder.decode(packet, onFrame);
      onProgress();
      return true;
    });
    decoder.decode(null, onFrame);
    (convert as FilterChain | null)?.put(null);
    moveOn();
    meter.put(null);
    drain();
    const loudness = Number(meter.optionOf(METER, 'integrated'));
    return loudness > SILENCE ? loudness : null;
  } finally {
    decoder.free();
    (convert as FilterChain | null)?.free();
    meter.free();
    frame.free();
  }
}
