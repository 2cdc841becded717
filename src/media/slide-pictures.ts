/** The pictures of a source that stands, where they are not the file itself: pages of a document, a photo of many tiles. */
import { isDocument, type PageOptions, pagesOf } from './input/document-pages.js';
import { heifGrid } from './input/heif-grid.js';
import { stillDemuxer } from './input/still-picture.js';
import { joinTiles } from './pictures/heif-picture.js';

/** Whether it is a document or a picture. Throws a Problem, or the system's error, where it cannot be read. */
export const isSlide = (source: string): boolean => isDocument(source) || stillDemuxer(source) !== null;

/** Files of its pictures, in order; undefined for any other source. Rejects with a Problem of code `source`, or the system's error. */
export async function slidePictures(options: PageOptions): Promise<string[] | undefined> {
  const { source, folder, name } = options;
  if (isDocument(source)) return pagesOf(options);
  const grid = heifGrid(source);
  return grid === null ? undefined : [joinTiles(source, grid, { folder, name })];
}
