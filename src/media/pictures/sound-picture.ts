/** The picture of a file that has sound alone: its cover, in it or beside it, or a card with its title. */
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { AVCOL_PRI_BT709, AVCOL_RANGE_MPEG, AVCOL_SPC_BT709, AVCOL_TRC_BT709 } from 'node-av/constants';
import { Frame, type Packet, type Stream } from 'node-av/lib';
import { printable } from '../../base/printable.js';
import { nullIfProblem } from '../../base/problem.js';
import { Decoder, Undecodable } from '../decoder.js';
import { FfmpegError } from '../ffmpeg-error.js';
import { descriptionOf, FilterChain } from '../filters.js';
import type { MediaInput } from '../input/input.js';
import type { Notes } from '../notes.js';
import { quotient, ratioOf } from '../ratio.js';
import type { Ratio } from '../settings.js';
import { colourOf, convertColour, setColour } from './colour.js';
import { fittedLayout, layoutFilters, type PictureShape } from './picture-layout.js';
import { pictureOf } from './slides.js';
import { type CardLine, cardLines } from './text-card.js';

interface PictureOptions {
  frame: PictureShape;
  /** Takes the texts of a card. */
  folder: string;
  notes: Notes;
  frameRate: Ratio;
  /** A picture beside the file; null: there is none. */
  cover: string | null;
}

/** What the front cover is called, where there are several. */
const FRONT = /front/i;
const BACKGROUND = '0x14171C';
const INK = '0xF2F4F7';
/** From one line to the next, share of the letters' height. */
const LINE = 1.45;

/** What is shown while the sound of `input` is heard, in 4:2:0; the caller frees the frame. Nothing else may be read. */
export function soundPicture(input: MediaInput, options: PictureOptions): Frame {
  const covers = input.takeCovers();
  const front = ({ metadata }: Stream) => (FRONT.test(metadata?.get('comment') ?? '') ? 1 : 0);
  try {
    for (const { stream, packet } of covers.toSorted((a, b) => front(b.stream) - front(a.stream))) {
      const picture = decoded(stream, packet, (each) => fit(each, stream, options.frame));
      if (picture !== null) return picture;
      options.notes.add('a cover that cannot be decoded is left out');
    }
  } finally {
    for (const { packet } of covers) packet.free();
  }
  return fileCover(options) ?? cardPicture(input, options);
}

/** The cover beside the file; null where there is none, or it cannot be decoded, which is noted. */
function fileCover({ cover, ...options }: PictureOptions): Frame | null {
  if (cover === null) return null;
  try {
    return pictureOf(cover, { ...options, pixelFormat: 'yuv420p', onProgress: () => undefined }, null);
  } catch (error) {
    nullIfProblem(error);
    options.notes.add(`the cover ${printable(basename(cover))} cannot be decoded`);
    return null;
  }
}

/** What `make` makes of the picture in `packet`; null where it cannot be decoded. */
function decoded(stream: Stream, packet: Packet, make: (picture: Frame) => Frame | null): Frame | null {
  let decoder: Decoder | null = null;
  let made: Frame | null = null;
  const take = (picture: Frame) => {
    made ??= make(picture);
  };
  try {
    decoder = new Decoder(stream, '');
    decoder.decode(packet, take);
    decoder.decode(null, take);
    return made;
  } catch (error) {
    if (error instanceof Undecodable || error instanceof FfmpegError) return null;
    throw error;
  } finally {
    decoder?.free();
  }
}

/** `picture` in the middle of the frame, as large as fits. */
function fit(picture: Frame, { codecpar }: Stream, frame: PictureShape): Frame | null {
  const { width, height } = picture;
  const shape: PictureShape = { width, height, sampleAspectRatio: ratioOf(picture.sampleAspectRatio) ?? [1, 1] };
  const layout = fittedLayout(shape, frame);
  const declared = colourOf(picture, codecpar);
  setColour(picture, declared);
  picture.pts = 0n;
  const colour = convertColour(declared, { to: 'h264', size: layout, matrix: null });
  const filters = layoutFilters({ shape, layout, pixelFormat: 'yuv420p', colour });
  const chain = new FilterChain({ kind: 'video', description: descriptionOf(picture), filters });
  chain.put(picture);
  return takenFrom(chain);
}

/** The first frame that comes out; frees the chain. */
function takenFrom(chain: FilterChain): Frame | null {
  const out = new Frame();
  out.alloc();
  try {
    chain.put(null);
    if (chain.take(out)) return out;
    out.free();
    return null;
  } finally {
    chain.free();
  }
}

function cardPicture(input: MediaInput, { frame, folder, notes }: PictureOptions): Frame {
  const { width, height, sampleAspectRatio } = frame;
  const aspect = (width * quotient(sampleAspectRatio)) / height;
  const texts = { title: input.tag('title'), artist: input.tag('artist'), album: input.tag('album') };
  const lines = cardLines(texts, input.source, aspect);
  const picture = drawn(lines, frame, folder);
  if (picture !== null) return picture;
  notes.add('its card is empty: no font is installed, such as those of the package fonts-dejavu-core');
  const empty = drawn([], frame, folder);
  if (empty === null) throw new FfmpegError('no picture for a card');
  return empty;
}

/** A card with `lines` in its middle; null where FFmpeg cannot draw them. */
function drawn(lines: CardLine[], { width, height, sampleAspectRatio }: PictureShape, folder: string): Frame | null {
  // Drawn with square pixels.
  const square = Math.max(16, 2 * Math.round((width * quotient(sampleAspectRatio)) / 2));
  const total = lines.reduce((sum, { size }) => sum + size * LINE, 0);
  let top = (1 - total) / 2;
  const texts = lines.map(({ text, size }, i) => {
    // A file needs no escapes of its own.
    const path = join(folder, `line-${i}.txt`);
    writeFileSync(path, text);
    const y = Math.round(top * height);
    top += size * LINE;
    return (
      `drawtext=expansion=none:textfile=${escaped(path)}:fontsize=${Math.round(size * height)}:fontcolor=${INK}` +
      `:x=(w-text_w)/2:y=${y}:y_align=font`
    );
  });
  try {
    const chain = new FilterChain({
      kind: 'video',
      source: `color=c=${BACKGROUND}:s=${square}x${height}:r=1:d=1`,
      filters: [
        'format=pix_fmts=rgb24',
        ...texts,
        `scale=w=${width}:h=${height}:out_color_matrix=bt709:out_range=tv`,
        'format=pix_fmts=yuv420p',
        `setsar=${sampleAspectRatio.join('/')}`,
      ],
    });
    const picture = takenFrom(chain);
    if (picture) {
      const [matrix, primaries] = [AVCOL_SPC_BT709, AVCOL_PRI_BT709];
      setColour(picture, { matrix, primaries, transfer: AVCOL_TRC_BT709, range: AVCOL_RANGE_MPEG });
    }
    return picture;
  } catch (error) {
    if (error instanceof FfmpegError) return null;
    throw error;
  }
}

/** A path in a graph of filters, which unescapes twice: its options, then the graph. */
const escaped = (path: string): string => path.replace(/[\\':]/g, '\\$&').replace(/[\\'[\],;]/g, '\\$&');
