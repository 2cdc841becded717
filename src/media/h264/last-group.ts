/** The end of a copied film, decoded: in some containers nothing else shows that its last picture is cut off. */
import { Decoder } from '../decoder.js';
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
  const decoder = new Decoder(input.video, source);
  const whole = new Set<number>();
  const look = (frame: { pts: bigint; decodeErrorFlags: number }) => {
    if (frame.decodeErrorFlags === 0) whole.add(Number(frame.pts));
  };
  try {
    if (!input.seekByte(position)) return 'whole';
    let count = 0;
    input.forEachPacket(({ packet, isVideo }) => {
      if (!isVideo) return true;
      // A frame has the time of its packet: here, its number.
      packet.pts = BigInt(count++);
      decoder.decode(packet, look);
      return true;
    });
    decoder.decode(null, look);
  } finally {
    decoder.free();
    input.close();
  }
  const damaged = pictures.filter((picture) => !whole.has(picture));
  if (damaged.length === 0) return 'whole';
  return damaged.length === 1 && damaged[0] === pictures.at(-1) ? 'cut off' : 'damaged';
}
