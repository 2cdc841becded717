/** A chart of uniform patches: known samples go in, and what a player makes of the result is computed by hand. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { AV_CODEC_ID_MJPEG } from 'node-av/constants';
import { avGetPixFmtName, Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import { Decoder } from '../../src/media/decoder.js';
import { MediaInput } from '../../src/media/input/input.js';
import type { SpooledVideo } from '../../src/media/spool.js';
import { accessUnits } from './decoded.js';

export type Samples = [number, number, number];

/** Y′, Cb and Cr in limited range, within the gamut of BT.601 and of BT.709. */
export const chart: Samples[] = [
  [235, 128, 128],
  [16, 128, 128],
  [126, 128, 128],
  [80, 110, 190],
  [140, 80, 80],
  [60, 180, 115],
  [190, 60, 150],
  [150, 115, 150],
];

/** A source filter with the patches side by side. `planes` are the names of its options: those of YUV, or `r`, `g` and `b`. */
export function chartPicture(options: {
  width: number;
  height: number;
  pixelFormat: string;
  patches?: Samples[];
  planes?: [string, string, string];
}): string {
  const { width, height, pixelFormat, patches = chart, planes = ['lum', 'cb', 'cr'] } = options;
  const samples = planes.map((plane, i) => {
    const steps = patches.map((patch, n) => `${patch[i]}*eq(floor(X*${patches.length}/W),${n})`);
    return `${plane}='${steps.join('+')}'`;
  });
  return `color=c=black:s=${width}x${height}:r=25,format=${pixelFormat},geq=${samples.join(':')},loop=loop=-1:size=1,setpts=N`;
}

/** Kr and Kb of ITU-R BT.601 and BT.709, by matrix_coefficients (ITU-T H.273, table 4). */
const weights: Record<number, [kr: number, kb: number]> = {
  1: [0.2126, 0.0722],
  5: [0.299, 0.114],
  6: [0.299, 0.114],
};

/** R′G′B′, 0 to 255, of 8-bit samples. */
export function rgbOf([y, cb, cr]: Samples, colour: { matrix: number; isFull: boolean }): Samples {
  const [kr, kb] = weights[colour.matrix]!;
  const [offset, luma, chroma] = colour.isFull ? [0, 255, 255] : [16, 219, 224];
  const light = (y - offset) / luma;
  const blue = light + (2 * (1 - kb) * (cb - 128)) / chroma;
  const red = light + (2 * (1 - kr) * (cr - 128)) / chroma;
  const green = (light - kr * red - kb * blue) / (1 - kr - kb);
  return [red, green, blue].map((value) => Math.min(255, Math.max(0, value * 255))) as Samples;
}

export interface ShownPicture {
  width: number;
  height: number;
  matrix: number;
  primaries: number;
  transfer: number;
  isFull: boolean;
  isInterlaced: boolean;
  /** Samples in the middle of `columns` × `rows` fields, by rows. */
  at(columns: number, rows?: number): Samples[];
}

/** Every picture of a film, in the order shown; at most `most`. */
export function picturesOf(path: string, most = Number.POSITIVE_INFINITY): ShownPicture[] {
  const input = new MediaInput(path);
  const decoder = new Decoder(input.video, path);
  const shown: ShownPicture[] = [];
  const take = (frame: Frame) => {
    if (shown.length < most) shown.push(look(frame));
  };
  try {
    input.forEachPacket(({ packet, isVideo }) => {
      if (isVideo) decoder.decode(packet, take);
      return shown.length < most;
    });
    decoder.decode(null, take);
    return shown;
  } finally {
    decoder.free();
    input.close();
  }
}

/** The picture in a JPEG file, which FFmpeg decodes as BT.601 in full range. */
export function jpegPicture(jpeg: Buffer): ShownPicture {
  const codec = Codec.findDecoder(AV_CODEC_ID_MJPEG)!;
  const context = new CodecContext();
  const packet = new Packet();
  const frame = new Frame();
  try {
    context.allocContext3(codec);
    context.open2Sync(codec, null);
    packet.alloc();
    frame.alloc();
    packet.data = jpeg;
    context.sendPacketSync(packet);
    if (context.receiveFrameSync(frame) < 0) throw new Error('no JPEG picture');
    return look(frame);
  } finally {
    frame.free();
    packet.free();
    context.freeContext();
  }
}

/** AVCOL_RANGE_JPEG */
const FULL = 2;

function look(frame: Frame): ShownPicture {
  const format = avGetPixFmtName(frame.format as never) ?? '';
  if (!/^yuvj?420p$/.test(format)) throw new Error(`a picture in ${format}`);
  const { width, height, linesize } = frame;
  const planes = frame.data!.map((plane) => Buffer.from(plane));
  return {
    width,
    height,
    matrix: frame.colorSpace,
    primaries: frame.colorPrimaries,
    transfer: frame.colorTrc,
    isFull: frame.colorRange === FULL,
    isInterlaced: (frame.flags & (1 << 3)) !== 0,
    at(columns, rows = 1) {
      return Array.from({ length: columns * rows }, (_, i) => {
        const x = Math.floor((((i % columns) + 0.5) * width) / columns);
        const y = Math.floor(((Math.floor(i / columns) + 0.5) * height) / rows);
        return planes.slice(0, 3).map((plane, p) => {
          const shift = p === 0 ? 0 : 1;
          return plane[(y >> shift) * linesize[p]! + (x >> shift)]!;
        }) as Samples;
      });
    },
  };
}

/** Writes the access units of a spool into `folder`, as a file that decoders open. */
export function writeAccessUnits(video: SpooledVideo, folder: string): string {
  const path = join(folder, 'shown.h264');
  writeFileSync(path, accessUnits(video));
  return path;
}

/** The largest difference of two charts, of any sample. */
export const distance = (a: Samples[], b: Samples[]): number =>
  Math.max(...a.flatMap((samples, i) => samples.map((value, s) => Math.abs(value - b[i]![s]!))));
