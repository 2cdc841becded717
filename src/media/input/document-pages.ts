/** The pages of a PDF document as pictures. The only part of preparing that is asynchronous: PDFium is. */
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemPath } from '../../base/path-bytes.js';
import { messageOf, Problem, systemCode } from '../../base/problem.js';
import { SLIDE_FRAME } from '../pictures/picture-layout.js';
import { quotient } from '../ratio.js';
import type { StationLayout } from '../settings.js';
import { checkSource } from './source-check.js';

/** Bytes in which a document's mark lies, as all readers take it. */
const BEGINNING = 1_024;
/** Two hours and three quarters of slides. */
const MOST_PAGES = 1_000;
/** Bytes: the engine's memory has 2 GiB. */
const MOST_BYTES = 512 << 20;

/** Whether it is a PDF document (ISO 32000-2, 7.5.2). Throws a Problem where it cannot be read. */
export function isDocument(source: string): boolean {
  checkSource(source);
  const file = openSync(systemPath(source), 'r');
  try {
    const beginning = Buffer.alloc(BEGINNING);
    return beginning.toString('latin1', 0, readSync(file, beginning, 0, BEGINNING, 0)).includes('%PDF-');
  } finally {
    closeSync(file);
  }
}

export interface PageOptions {
  /** A document. */
  source: string;
  /** Takes the pictures: files whose names begin with `name`. */
  folder: string;
  name: string;
  target: StationLayout | null;
  /** The last page alone, where nothing else is needed. */
  onlyLast?: boolean;
  onPage(): void;
}

/**
 * Writes each page as a picture that fits into the station's frame, and returns their paths in order. Rejects with a Problem of
 * code `source` where the document cannot be read, the system's error where `folder` cannot be written.
 */
export async function pagesOf(options: PageOptions): Promise<string[]> {
  const { source, folder, name, target, onPage } = options;
  const bytes = checkSource(source);
  if (bytes > MOST_BYTES) throw refusedDocument(source, `is larger than ${MOST_BYTES >> 20} MB`);
  const { PDFiumLibrary } = await loadPdfium(source);
  const library = await PDFiumLibrary.init();
  const { width, height, sampleAspectRatio } = target ?? SLIDE_FRAME;
  const display = { width: width * quotient(sampleAspectRatio), height };
  try {
    const document = await reading(source, () => library.loadDocument(readFileSync(systemPath(source))));
    const count = document.getPageCount();
    if (count === 0) throw refusedDocument(source, 'has no pages');
    if (count > MOST_PAGES) throw refusedDocument(source, `has ${count} pages, and ${MOST_PAGES} is the most`);
    const paths: string[] = [];
    for (let index = options.onlyLast ? count - 1 : 0; index < count; index++) {
      const picture = await reading(source, () => {
        const page = document.getPage(index);
        const { originalWidth, originalHeight } = page.getOriginalSize();
        const scale = Math.min(display.width / originalWidth, display.height / originalHeight);
        return page.render({ scale, render: 'bitmap' });
      });
      const path = join(folder, `${name}-${index}.bmp`);
      writeFileSync(path, bitmapFile(picture));
      paths.push(path);
      onPage();
    }
    return paths;
  } finally {
    library.destroy();
  }
}

async function loadPdfium(source: string) {
  try {
    return await import('@hyzyla/pdfium');
  } catch (error) {
    if (systemCode(error) !== 'ERR_MODULE_NOT_FOUND') throw error;
    const message = `${source}: cannot be prepared: the package @hyzyla/pdfium is not installed`;
    throw new Problem('prepare', message, 'Install it with: npm install --include=optional.', { cause: error });
  }
}

const refusedDocument = (source: string, what: string, cause?: unknown): Problem =>
  new Problem(
    'source',
    `${source}: the document ${what}`,
    'Save it again as PDF, without a password, or as pictures.',
    {
      cause,
    },
  );

async function reading<T>(source: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw refusedDocument(source, `cannot be read (${messageOf(error)})`, error);
  }
}

/**
 * A BMP file of pixels R, G, B, A, the uppermost row first; in the file they are B, G, R, A:
 *
 *     "BM" | file size: 32 | 0: 32 | offset of the pixels: 32 | header size: 32 = 40 | width: 32 | −height: 32 |
 *     planes: 16 = 1 | bits: 16 = 32 | compression: 32 = 0 | size: 32 | resolution: 2 × 32 | colours: 2 × 32
 */
function bitmapFile({ width, height, data }: { width: number; height: number; data: Uint8Array }): Buffer {
  const header = Buffer.alloc(54);
  header.write('BM');
  header.writeUInt32LE(header.length + data.length, 2);
  header.writeUInt32LE(header.length, 10);
  header.writeUInt32LE(40, 14);
  header.writeInt32LE(width, 18);
  header.writeInt32LE(-height, 22);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(32, 28);
  const file = Buffer.concat([header, data]);
  for (let at = header.length; at < file.length; at += 4) [file[at], file[at + 2]] = [file[at + 2]!, file[at]!];
  return file;
}
