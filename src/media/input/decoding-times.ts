/** Files that store times of decoding as those of presentation: VC-1 in MP4, FLV of some recorders, copies by some tools. */
import type { Frame } from 'node-av/lib';
import { Decoder } from '../decoder.js';
import { MediaInput } from './input.js';

/** Pictures that are decoded to find out: several groups of B-pictures. */
const TRIAL = 64;

/**
 * By how many pictures the first one is shown after it is decoded, in a file whose times are those of decoding; 0 where
 * they are those of presentation. Picture k in the order of presentation is due at the time of packet k + delay.
 */
export function decodingDelayOf(source: string): number {
  const input = new MediaInput(source);
  let decoder: Decoder | null = null;
  try {
    if (input.video.codecpar.videoDelay === 0) return 0;
    const used = new Decoder(input.video, source);
    decoder = used;
    const packets = new Map<bigint, number>();
    let shown = 0;
    let delay = 0;
    let isInOrder = true;
    const compare = (frame: Frame) => {
      const index = packets.get(frame.pts);
      if (index !== undefined) delay = Math.max(delay, index - shown++);
    };
    let last = Number.NEGATIVE_INFINITY;
    input.skipAudio();
    input.forEachPacket(({ isVideo, isCutOff, packet, pts }) => {
      if (!isVideo) return true;
      isInOrder = pts !== null && pts >= last;
      if (!isInOrder) return false;
      last = pts!;
      if (!isCutOff && !packets.has(packet.pts)) packets.set(packet.pts, packets.size);
      used.decode(packet, compare);
      return packets.size < TRIAL;
    });
    if (!isInOrder) return 0;
    used.decode(null, compare);
    return delay;
  } finally {
    decoder?.free();
    input.close();
  }
}
