/** JSON with a checksum of its own text: a file in which any bit has changed is known as damaged. */
import { crc32 } from 'node:zlib';

/** The one text of a value, which has no field `seal`. */
export const sealedJson = (value: object): string =>
  `${JSON.stringify({ ...value, seal: crc32(JSON.stringify(value)) }, null, 2)}\n`;

/** The value of a text that `sealedJson` has made; null where it is another. */
export function unsealedJson(text: string): object | null {
  const value = parsed(text);
  if (!(value instanceof Object)) return null;
  const { seal: _, ...content } = value as { seal?: unknown };
  return sealedJson(content) === text ? content : null;
}

/** Any JSON value; undefined where it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
