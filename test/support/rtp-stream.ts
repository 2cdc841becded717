/** RTP packets in a byte stream: a length of 16 bits before each (RFC 4571, section 2). */

export function framed(packets: readonly Buffer[]): Buffer {
  return Buffer.concat(
    packets.flatMap((packet) => {
      const length = Buffer.alloc(2);
      length.writeUInt16BE(packet.length);
      return [length, packet];
    }),
  );
}

/** The complete packets at the start of `stream`. */
export function unframed(stream: Buffer): Buffer[] {
  const packets: Buffer[] = [];
  for (let at = 0; at + 2 <= stream.length; ) {
    const end = at + 2 + stream.readUInt16BE(at);
    if (end > stream.length) break;
    packets.push(stream.subarray(at + 2, end));
    at = end;
  }
  return packets;
}
