/** The cover in a file beside a song, by its name. No FFmpeg: parents look for it too. */
import { basename, extname } from 'node:path';

/** Names of covers without their extension, as players look for them, the preferred one first. */
const covers = ['cover', 'folder', 'front', 'album', 'albumart'];
const extensions = ['.jpg', '.jpeg', '.png', '.webp'];

/** Most bytes of one. */
export const MOST_COVER = 32 * 2 ** 20;

/** The cover of `song` among the `names` in its folder: that of the same name, or else the folder's. Null where there is none. */
export function coverAmong(song: string, names: readonly string[]): string | null {
  const wanted = [basename(song, extname(song)).toLowerCase(), ...covers];
  const rank = (name: string): number => {
    const extension = extname(name).toLowerCase();
    const stem = wanted.indexOf(name.slice(0, name.length - extension.length).toLowerCase());
    return stem < 0 || !extensions.includes(extension) ? -1 : stem * extensions.length + extensions.indexOf(extension);
  };
  const found = names.filter((name) => rank(name) >= 0).sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return found[0] ?? null;
}
