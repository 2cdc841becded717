/**
 * Paths that are not UTF-8, as strings. On Linux a name is any bytes but "/" and 0; Node.js replaces those that are not UTF-8, and
 * the file is no longer found. Here each of them is half a surrogate pair, as in PEP 383: byte 0xE9 is U+DCE9. No valid UTF-8
 * decodes to such a character, it survives JSON, and a path without any is its own text.
 */
import { isUtf8 } from 'node:buffer';

/** Where a byte that is not UTF-8 is found among the surrogates. */
const ESCAPE = 0xdc00;
/** With the flag `u`, these match only halves without their other half. */
const escaped = /[\udc80-\udcff]/u;
const eachEscaped = /[\udc80-\udcff]/gu;

/** The path with these bytes. */
export function pathFrom(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString();
  let text = '';
  for (let at = 0; at < bytes.length; ) {
    const character = bytes.subarray(at, at + lengthAfter(bytes[at]!));
    const isValid = isUtf8(character);
    text += isValid ? character.toString() : String.fromCharCode(ESCAPE + bytes[at]!);
    at += isValid ? character.length : 1;
  }
  return text;
}

/** Bytes of a UTF-8 character that begins with `lead` (RFC 3629, 3). */
const lengthAfter = (lead: number): number => (lead < 0xc0 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4);

/** The path for a function of node:fs: as it is where it is plain text, else its bytes. */
export function systemPath(path: string): string | Buffer {
  if (!escaped.test(path)) return path;
  const parts: Buffer[] = [];
  let from = 0;
  for (const { index } of path.matchAll(eachEscaped)) {
    parts.push(Buffer.from(path.slice(from, index)), Buffer.of(path.charCodeAt(index) - ESCAPE));
    from = index + 1;
  }
  return Buffer.concat([...parts, Buffer.from(path.slice(from))]);
}

/** The path to be read by people: most names that are not UTF-8 are Latin-1, of earlier systems and in old archives. */
export const shownPath = (path: string): string =>
  path.replaceAll(eachEscaped, (half) => {
    const byte = half.charCodeAt(0) - ESCAPE;
    return byte < FIRST_LETTER ? '\ufffd' : String.fromCharCode(byte);
  });

/** Bytes below are control characters of Latin-1. */
const FIRST_LETTER = 0xa0;
