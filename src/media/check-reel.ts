/** Decoding the packets of a reel, to find damage that was copied into it. */
import { DecodeCheck } from './decode-check.js';
import { MediaInput } from './input/input.js';
import { hasReservedBit } from './sound/aac.js';

/** Whether a decoder finds damage in the pictures or the sound of a transport stream. Throws a Problem where it cannot be read. */
export function hasDamage(path: string, onProgress: (done: number) => void): boolean {
  const input = new MediaInput(path);
  const pictures = new DecodeCheck(input.video.codecpar, { isComplete: true });
  const sound = input.audio && new DecodeCheck(input.audio.codecpar, { isComplete: true });
  let isDamaged = false;
  let number = 0;
  try {
    input.forEachPacket(({ packet, isVideo }) => {
      if (packet.data === null) return true;
      const check = isVideo ? pictures : sound;
      check?.put(packet.data, number++);
      isDamaged ||= check?.hasDamage === true || (!isVideo && hasReservedBit(packet.data));
      onProgress(input.shareDone(null));
      return !isDamaged;
    });
    return isDamaged || pictures.finish().size > 0 || (sound?.finish().size ?? 0) > 0;
  } finally {
    pictures.free();
    sound?.free();
    input.close();
  }
}
