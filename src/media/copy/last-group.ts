/** The end of a copied film, decoded: in some containers nothing else shows that its last picture is cut off. */
import { DecodeCheck } from '../decode-check.js';
import { MediaInput } from '../input/input.js';

/** `cut off`: all pictures but the last one are whole. */
export type LastGroup = 'whole' | 'cut off' | 'damaged';

/**
 * Decodes the file from the IDR picture at byte `position` on. `pictures`: the numbers of the video packets with a picture,
 * counted from there.
 */
export function checkLastGroup(options: { source: string; position: bigint; pictures: number[] }): LastGroup {
  const { source, position, pictures } = options;
  const input = new MediaInput(source);
  const check = new DecodeCheck(input.video.codecpar, { isComplete: false });
  let found: Set<number>;
  try {
    if (!input.seekByte(position)) return 'whole';
    let count = 0;
    input.forEachPacket(({ packet, isVideo }) => {
      if (isVideo && packet.data) check.put(packet.data, count++);
      return true;
    });
    found = check.finish();
  } finally {
    check.free();
    input.close();
  }
  const damaged = pictures.filter((picture) => found.has(picture));
  if (damaged.length === 0) return 'whole';
  return damaged.length === 1 && damaged[0] === pictures.at(-1) ? 'cut off' : 'damaged';
}
