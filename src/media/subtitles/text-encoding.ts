/** Text of files whose encoding nothing declares. */

const BYTE_ORDER_MARKS = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
] as const;

/** Bytes that are looked at where there is no byte order mark. */
const PROBED = 4_096;

/** The text, without a byte order mark: in UTF-8 or UTF-16, else in Windows-1252. */
export function decodeText(bytes: Uint8Array): string {
  const marked = BYTE_ORDER_MARKS.find((mark) => mark.bytes.every((byte, i) => bytes[i] === byte));
  const encoding = marked?.encoding ?? utf16Of(bytes.subarray(0, PROBED));
  if (encoding) return new TextDecoder(encoding).decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return windows1252(bytes);
  }
}

/** Characters of the bytes 0x80 to 0x9f; those without one keep their number. */
const UPPER = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

/** Node.js 20 takes Windows-1252 for ISO 8859-1, where these are controls. */
const windows1252 = (bytes: Uint8Array): string =>
  Buffer.from(bytes)
    .toString('latin1')
    .replace(/[\x80-\x9f]/g, (character) => UPPER[character.charCodeAt(0) - 0x80]!);

/** Time stamps and line ends of UTF-16 have a zero byte in every pair, always on the same side. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const zeros: [number, number] = [0, 0];
  for (const [i, byte] of bytes.entries()) if (byte === 0) zeros[(i & 1) as 0 | 1]++;
  const [even, odd] = zeros;
  if (Math.max(even, odd) * 8 < bytes.length) return null;
  return odd > even ? 'utf-16le' : 'utf-16be';
}
