/** Colour of pictures: what a source says of it, what players assume where it says nothing, what goes on the air. */
import {
  AV_PIX_FMT_YUVJ411P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AV_PIX_FMT_YUVJ440P,
  AV_PIX_FMT_YUVJ444P,
  AVCOL_PRI_BT470BG,
  AVCOL_PRI_BT709,
  AVCOL_PRI_BT2020,
  AVCOL_PRI_SMPTE170M,
  AVCOL_PRI_SMPTE240M,
  AVCOL_PRI_UNSPECIFIED,
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AVCOL_RANGE_UNSPECIFIED,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_BT2020_CL,
  AVCOL_SPC_BT2020_NCL,
  AVCOL_SPC_FCC,
  AVCOL_SPC_RGB,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_SMPTE240M,
  AVCOL_SPC_UNSPECIFIED,
  AVCOL_TRC_ARIB_STD_B67,
  AVCOL_TRC_BT709,
  AVCOL_TRC_LINEAR,
  AVCOL_TRC_LOG,
  AVCOL_TRC_LOG_SQRT,
  AVCOL_TRC_SMPTE170M,
  AVCOL_TRC_SMPTE428,
  AVCOL_TRC_SMPTE2084,
  AVCOL_TRC_UNSPECIFIED,
  type AVColorPrimaries,
  type AVColorRange,
  type AVColorSpace,
  type AVColorTransferCharacteristic,
  type AVPixelFormat,
} from 'node-av/constants';
import { avGetPixFmtName, type CodecParameters, type Frame } from 'node-av/lib';

/** Code points of ITU-T H.273, tables 2 to 4, as in a video usability information. */
export interface Colour {
  matrix: AVColorSpace;
  primaries: AVColorPrimaries;
  transfer: AVColorTransferCharacteristic;
  range: AVColorRange;
}

interface Size {
  width: number;
  height: number;
}

/** Formats whose samples always use the full range. */
const fullRangeFormats: ReadonlySet<number> = new Set([
  AV_PIX_FMT_YUVJ411P,
  AV_PIX_FMT_YUVJ420P,
  AV_PIX_FMT_YUVJ422P,
  AV_PIX_FMT_YUVJ440P,
  AV_PIX_FMT_YUVJ444P,
]);

/** The sizes for which mpv, VLC and others assume BT.709 instead of BT.601. */
const isHighDefinition = ({ width, height }: Size): boolean => width >= 1_280 || height > 576;

/** Names of the curves of pictures with a high dynamic range, which are brighter than any screen without it. */
const hdrNames: Readonly<Record<number, string>> = {
  [AVCOL_TRC_SMPTE2084]: 'PQ',
  [AVCOL_TRC_ARIB_STD_B67]: 'HLG',
};

/** "PQ" or "HLG"; null where the dynamic range is that of any screen. */
export const hdrName = ({ transfer }: { transfer: number }): string | null => hdrNames[transfer] ?? null;
const isHdr = (colour: { transfer: number }): boolean => hdrName(colour) !== null;

/** BT.601 for 625 and for 525 lines share their matrix, not their primaries; mpv tells them apart by the height. */
function assumedPrimaries({ width, height }: Size): AVColorPrimaries {
  if (isHighDefinition({ width, height })) return AVCOL_PRI_BT709;
  if (height === 576) return AVCOL_PRI_BT470BG;
  return height === 480 || height === 486 || height === 488 ? AVCOL_PRI_SMPTE170M : AVCOL_PRI_BT709;
}

/** What is not given is what players assume for pictures of that size; the result is specified in all. */
export function completeColour(given: Colour, size: Size): Colour {
  let { matrix, primaries, transfer, range } = given;
  const isBt2020 = primaries === AVCOL_PRI_BT2020 || (primaries === AVCOL_PRI_UNSPECIFIED && isHdr(given));
  if (matrix === AVCOL_SPC_UNSPECIFIED) {
    if (isBt2020) matrix = AVCOL_SPC_BT2020_NCL;
    else matrix = isHighDefinition(size) ? AVCOL_SPC_BT709 : AVCOL_SPC_SMPTE170M;
  }
  if (primaries === AVCOL_PRI_UNSPECIFIED) {
    if (isBt2020 || matrix === AVCOL_SPC_BT2020_NCL || matrix === AVCOL_SPC_BT2020_CL) primaries = AVCOL_PRI_BT2020;
    else if (matrix === AVCOL_SPC_BT709 || matrix === AVCOL_SPC_RGB) primaries = AVCOL_PRI_BT709;
    else primaries = assumedPrimaries(size);
  }
  if (transfer === AVCOL_TRC_UNSPECIFIED) {
    transfer = primaries === AVCOL_PRI_SMPTE170M ? AVCOL_TRC_SMPTE170M : AVCOL_TRC_BT709;
  }
  if (range === AVCOL_RANGE_UNSPECIFIED) range = matrix === AVCOL_SPC_RGB ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
  return { matrix, primaries, transfer, range };
}

/** What a decoded picture or a container says. */
export const declaredColour = (of: Frame | CodecParameters): Colour => ({
  matrix: of.colorSpace,
  primaries: of.colorPrimaries,
  transfer: of.colorTrc,
  range: of.colorRange,
});

/** What is not specified in `colour` is taken from `other`. */
export const fillColour = (colour: Colour, other: Colour): Colour => ({
  matrix: colour.matrix === AVCOL_SPC_UNSPECIFIED ? other.matrix : colour.matrix,
  primaries: colour.primaries === AVCOL_PRI_UNSPECIFIED ? other.primaries : colour.primaries,
  transfer: colour.transfer === AVCOL_TRC_UNSPECIFIED ? other.transfer : colour.transfer,
  range: colour.range === AVCOL_RANGE_UNSPECIFIED ? other.range : colour.range,
});

const rgbFormat = /^(x2)?0?a?(rgb|bgr|gbr)|^pal8$|^bayer_/;

/** The colour of a decoded picture: the stream's own, else the container's, else what players assume. */
export function colourOf(frame: Frame, container?: CodecParameters): Colour {
  const own = declaredColour(frame);
  const given = container ? fillColour(own, declaredColour(container)) : own;
  if (fullRangeFormats.has(frame.format)) given.range = AVCOL_RANGE_JPEG;
  const isRgb = rgbFormat.test(avGetPixFmtName(frame.format as AVPixelFormat) ?? '');
  if (isRgb) given.matrix = AVCOL_SPC_RGB;
  // Some files of other pictures say so by mistake.
  else if (given.matrix === AVCOL_SPC_RGB) given.matrix = AVCOL_SPC_UNSPECIFIED;
  return completeColour(given, frame);
}

const greyFormat = /^gr[ae]y/;

/**
 * Filters for grey pictures of limited range, where `scale` takes all grey for full range: they become pictures with colour, of the
 * same brightness.
 */
export const greyFilters = (frame: Frame): string[] =>
  frame.colorRange === AVCOL_RANGE_MPEG && greyFormat.test(avGetPixFmtName(frame.format as AVPixelFormat) ?? '')
    ? ['scale=in_range=pc:out_range=pc', 'format=yuv420p', 'setparams=range=tv']
    : [];

/** Writes `colour` onto a frame, so that filters convert from it and encoders say it. */
export function setColour(frame: Frame, { matrix, primaries, transfer, range }: Colour): void {
  frame.colorSpace = matrix;
  frame.colorPrimaries = primaries;
  frame.colorTrc = transfer;
  frame.colorRange = range;
}

const ordinaryMatrices: ReadonlySet<number> = new Set([AVCOL_SPC_BT709, AVCOL_SPC_BT470BG, AVCOL_SPC_SMPTE170M]);
const ordinaryPrimaries: ReadonlySet<number> = new Set([
  AVCOL_PRI_BT709,
  AVCOL_PRI_BT470BG,
  AVCOL_PRI_SMPTE170M,
  AVCOL_PRI_SMPTE240M,
]);
/** Curves that no display applies by itself. */
const unusualTransfers: ReadonlySet<number> = new Set([
  AVCOL_TRC_LINEAR,
  AVCOL_TRC_LOG,
  AVCOL_TRC_LOG_SQRT,
  AVCOL_TRC_SMPTE428,
]);
/** Matrices that the filters `scale` and `tonemapx` know. */
const knownMatrices: ReadonlySet<number> = new Set([
  ...ordinaryMatrices,
  AVCOL_SPC_RGB,
  AVCOL_SPC_FCC,
  AVCOL_SPC_SMPTE240M,
  AVCOL_SPC_BT2020_NCL,
]);
/**
 * Above 30% of the brightness of a white sheet of paper, 203 cd/m² (ITU-R BT.2408), lights are compressed up to the brightest
 * that the film's metadata name. That keeps faces as they are and is nearly what mpv and Chromium show. Dolby Vision's own
 * metadata are left aside: what is shown is the base layer.
 */
const TONE_MAPPING =
  'tonemapx=tonemap=mobius:param=0.3:desat=0:apply_dovi=0:p=bt709:t=bt709:m=bt709:r=tv:format=yuv420p';

/** How pictures are brought into the colour that goes on the air. */
export interface ColourConversion {
  /** Filters before `scale`. */
  before: string[];
  /** Options of the filter `scale`. */
  scale: string;
  /** Filters after it. */
  filters: string[];
  /** Of the result. */
  matrix: AVColorSpace;
}

export interface ColourTarget {
  /** H.264 has limited range; JPEG is BT.601 in full range (JFIF, 7). */
  to: 'h264' | 'jpeg';
  /** Of the result. */
  size: Size;
  /** For H.264: BT.601 or BT.709, where others before had that; null for the one that is nearest. */
  matrix: AVColorSpace | null;
}

/**
 * Pictures for H.264 keep BT.601 or BT.709, whichever they have, because their stream says it; other colour becomes BT.709, and a
 * high dynamic range is tone-mapped.
 */
export function convertColour(colour: Colour, { to, size, matrix: wanted }: ColourTarget): ColourConversion {
  const { matrix } = colour;
  const isRgb = matrix === AVCOL_SPC_RGB;
  const range = to === 'jpeg' ? 'pc' : 'tv';
  const isWide = isHdr(colour) || !ordinaryPrimaries.has(colour.primaries) || unusualTransfers.has(colour.transfer);
  const result = resultOf(colour, { to, size, matrix: wanted }, isWide);
  // The two BT.601 have the same matrix.
  const isSame = matrix === result || (isBt601(matrix) && isBt601(result));
  const toResult = `zscale=m=${isBt601(result) ? '470bg' : '709'}:r=${range}`;
  const isKnown = knownMatrices.has(matrix);
  if (isHdr(colour)) {
    const before = isKnown ? [] : ['zscale=m=2020_ncl'];
    const after = result === AVCOL_SPC_BT709 && to === 'h264' ? [] : [toResult];
    const scale = isRgb ? ':out_color_matrix=bt2020:out_range=tv' : '';
    return { before, scale, filters: [TONE_MAPPING, ...after], matrix: result };
  }
  // `scale` would take the way through RGB, at a third of the speed.
  const conversion = isWide ? `${toResult}:p=bt709:t=bt709` : toResult;
  if (!isKnown) return { before: [conversion], scale: '', filters: [], matrix: result };
  if (isWide) return { before: [], scale: '', filters: [conversion], matrix: result };
  // From RGB there is but one step, which `scale` takes anyway.
  const name = isBt601(result) ? 'bt470bg' : 'bt709';
  if (isRgb) return { before: [], scale: `:out_color_matrix=${name}:out_range=${range}`, filters: [], matrix: result };
  if (isSame) return { before: [], scale: `:out_range=${range}`, filters: [], matrix: result };
  return { before: [], scale: '', filters: [conversion], matrix: result };
}

function resultOf({ matrix }: Colour, { to, size, matrix: wanted }: ColourTarget, isWide: boolean): AVColorSpace {
  if (to === 'jpeg') return AVCOL_SPC_BT470BG;
  if (wanted !== null) return wanted;
  if (isWide) return AVCOL_SPC_BT709;
  if (matrix === AVCOL_SPC_RGB) return isHighDefinition(size) ? AVCOL_SPC_BT709 : AVCOL_SPC_BT470BG;
  return ordinaryMatrices.has(matrix) ? matrix : AVCOL_SPC_BT709;
}

const isBt601 = (matrix: number): boolean => matrix === AVCOL_SPC_BT470BG || matrix === AVCOL_SPC_SMPTE170M;
