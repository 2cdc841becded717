/** A photo of many tiles, put together into one picture. */
import { join } from 'node:path';
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUV422P,
  AV_PIX_FMT_YUV444P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AV_PIX_FMT_YUVJ444P,
  AVCOL_RANGE_JPEG,
  type AVPixelFormat,
  FF_ENCODER_FFV1,
} from 'node-av/constants';
import { avGetPixFmtName, Dictionary, FormatContext, Frame, Packet, Rational, type Stream } from 'node-av/lib';
import { Problem } from '../../base/problem.js';
import { ContainerWriter } from '../container-writer.js';
import { Decoder } from '../decoder.js';
import { Encoder } from '../encoder.js';
import { check, FfmpegError } from '../ffmpeg-error.js';
import { descriptionOf, FilterChain } from '../filters.js';
import { fileUrl } from '../input/file-url.js';
import type { HeifGrid } from '../input/heif-grid.js';
import { silenceLog } from '../input/input.js';
import { checkPictureSize } from '../input/picture-limit.js';
import { refused } from '../input/source-check.js';
import { colourOf, declaredColour, setColour } from './colour.js';
import { uprightFilters } from './orientation.js';

/** Formats whose range is in their name, which FFV1 does not know, and those of the same layout. */
const plainFormats = new Map<number, number>([
  [AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUV420P],
  [AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUV422P],
  [AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUV444P],
]);

/**
 * Writes the picture of `grid`, upright and without loss, into `folder` and returns its path; `name`: of the file, without an extension. Throws a Problem of code `source`
 * where a tile is missing or cannot be decoded.
 */
export function joinTiles(source: string, grid: HeifGrid, { folder, name }: { folder: string; name: string }): string {
  checkPictureSize(source, { width: grid.width, height: grid.height, isStill: true });
  const canvas = new Canvas(source, grid);
  try {
    forEachTile(source, grid, (tile, index) => canvas.put(tile, index));
    const path = join(folder, `${name}.mkv`);
    writePicture(canvas.finish(), grid, path);
    return path;
  } finally {
    canvas.free();
  }
}

/** Decodes the tiles, in any order. */
function forEachTile(source: string, { tiles }: HeifGrid, put: (tile: Frame, index: number) => void): void {
  silenceLog();
  const context = new FormatContext();
  const options = Dictionary.fromObject({ protocol_whitelist: 'file', format_whitelist: 'mov,mp4' });
  const { url, release } = fileUrl(source);
  try {
    if (context.openInputSync(url, null, options) < 0) throw refused(source);
  } finally {
    release();
  }
  const packet = new Packet();
  packet.alloc();
  try {
    const missing = new Set(tiles);
    while (missing.size > 0 && context.readFrameSync(packet) >= 0) {
      const stream = context.streams[packet.streamIndex]!;
      // A tile may be in several places of a picture of one colour.
      if (missing.delete(stream.id)) {
        decodeTile(source, stream, packet, (tile) => {
          for (const [index, id] of tiles.entries()) if (id === stream.id) put(tile, index);
        });
      }
      packet.unref();
    }
    if (missing.size > 0) throw damagedPhoto(source, `${missing.size} of its ${tiles.length} tiles are missing`);
  } finally {
    packet.free();
    context.closeInputSync();
  }
}

const damagedPhoto = (source: string, what: string): Problem =>
  new Problem('source', `${source}: the photo is damaged: ${what}`, 'Copy it once more, or save it as JPEG.');

function decodeTile(source: string, stream: Stream, packet: Packet, use: (tile: Frame) => void): void {
  const decoder = new Decoder(stream, source);
  try {
    let isDecoded = false;
    const take = (tile: Frame) => {
      if (!isDecoded) use(tile);
      isDecoded = true;
    };
    decoder.decode(packet, take);
    decoder.decode(null, take);
    if (!isDecoded) throw damagedPhoto(source, 'a tile cannot be decoded');
  } finally {
    decoder.free();
  }
}

/** Responsible for the picture that is put together: planes of any depth, all tiles alike. */
class Canvas {
  readonly #source: string;
  readonly #grid: HeifGrid;
  #frame: Frame | null = null;
  /** Of a tile. */
  #size = { width: 0, height: 0, format: 0 };

  constructor(source: string, grid: HeifGrid) {
    this.#source = source;
    this.#grid = grid;
  }

  put(tile: Frame, index: number): void {
    const frame = this.#frame ?? this.#open(tile);
    this.#frame = frame;
    const { width, height, format } = this.#size;
    if (tile.width !== width || tile.height !== height || tile.format !== format) {
      throw damagedPhoto(this.#source, 'its tiles are of different kinds');
    }
    const [column, row] = [index % this.#grid.columns, Math.floor(index / this.#grid.columns)];
    for (const [plane, from] of (tile.data ?? []).entries()) {
      const to = frame.data?.[plane];
      if (!to || from.length === 0) continue;
      const [stride, toStride] = [tile.linesize[plane]!, frame.linesize[plane]!];
      const { rows, bytes } = planeOf(tile, plane, this.#source);
      for (let y = 0; y < rows; y++) {
        from.copy(to, (row * rows + y) * toStride + column * bytes, y * stride, y * stride + bytes);
      }
    }
  }

  finish(): Frame {
    if (this.#frame === null) throw new Error('a photo without tiles');
    return this.#frame;
  }

  free(): void {
    this.#frame?.free();
  }

  #open(tile: Frame): Frame {
    const { columns, rows, width, height } = this.#grid;
    if (columns * tile.width < width || rows * tile.height < height) {
      throw damagedPhoto(this.#source, 'its tiles are smaller than it');
    }
    checkPictureSize(this.#source, { width: columns * tile.width, height: rows * tile.height, isStill: true });
    this.#size = { width: tile.width, height: tile.height, format: tile.format };
    const frame = new Frame();
    frame.alloc();
    frame.format = tile.format;
    frame.width = columns * tile.width;
    frame.height = rows * tile.height;
    check(frame.getBuffer(), 'memory for a photo');
    frame.sampleAspectRatio = new Rational(1, 1);
    setColour(frame, colourOf(tile));
    return frame;
  }
}

/** The rows of a plane, and the bytes in each. */
function planeOf({ format, width, height }: Frame, plane: number, source: string): { rows: number; bytes: number } {
  const name = avGetPixFmtName(format as AVPixelFormat) ?? '';
  const [, layout = '', depth] = /^(?:yuvj?(420|422|444)p|gray)(9|1\d)?(?:le)?$/.exec(name) ?? [];
  if (!/^(yuv|gray)/.test(name) || (layout === '' && plane > 0)) {
    throw new Problem('source', `${source}: photos of ${name} are not supported`, 'Save it as JPEG or PNG.');
  }
  const isColour = plane > 0;
  const columns = isColour && layout !== '444' ? (width + 1) >> 1 : width;
  return { rows: isColour && layout === '420' ? (height + 1) >> 1 : height, bytes: columns * (depth ? 2 : 1) };
}

/** Writes the part of `canvas` that is shown, upright, as a film of one picture. */
function writePicture(canvas: Frame, { width, height, orientation }: HeifGrid, path: string): void {
  const plain = plainFormats.get(canvas.format);
  if (plain !== undefined) {
    canvas.format = plain as AVPixelFormat;
    canvas.colorRange = AVCOL_RANGE_JPEG;
  }
  canvas.pts = 0n;
  // Exact: a photo may have an odd size.
  const filters = [`crop=${width}:${height}:0:0:exact=1`, ...uprightFilters(orientation)];
  const chain = new FilterChain({ kind: 'video', description: descriptionOf(canvas), filters });
  const frame = new Frame();
  frame.alloc();
  try {
    chain.put(canvas);
    chain.put(null);
    if (!chain.take(frame)) throw new FfmpegError('no picture of a photo');
    setColour(frame, declaredColour(canvas));
    frame.pts = 0n;
    const writer = new ContainerWriter(path);
    const encoder = new Encoder({
      name: FF_ENCODER_FFV1,
      configure(context) {
        context.width = frame.width;
        context.height = frame.height;
        context.pixelFormat = frame.format as AVPixelFormat;
        context.timeBase = new Rational(1, 25);
        context.colorRange = frame.colorRange;
        context.colorSpace = frame.colorSpace;
        context.colorPrimaries = frame.colorPrimaries;
        context.colorTrc = frame.colorTrc;
        context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
      },
    });
    try {
      writer.add(encoder);
      writer.begin();
      const keep = (packet: Packet) => writer.write(0, packet);
      encoder.encode(frame, keep);
      encoder.encode(null, keep);
      writer.finish();
    } finally {
      encoder.free();
    }
  } finally {
    frame.free();
    chain.free();
  }
}
