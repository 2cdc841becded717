/** A moving spectrum of the sound, at the bottom of a picture that stands. */
import { AV_PICTURE_TYPE_NONE, AV_PKT_FLAG_KEY } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, type Ticks90k } from '../../base/units.js';
import { AccessUnits } from '../copy/access-units.js';
import type { Sequence } from '../copy/picture-codec.js';
import { Decoder } from '../decoder.js';
import { check } from '../ffmpeg-error.js';
import { descriptionOf, FilterChain } from '../filters.js';
import { MediaInput } from '../input/input.js';
import { quotient } from '../ratio.js';
import type { Ratio, StationLayout } from '../settings.js';
import { frameTime, type SpooledAudio, type SpooledVideo } from '../spool.js';
import { SpoolFile } from '../spool-file.js';
import { SpoolReader } from '../spool-reader.js';
import type { AirFormat } from './air-format.js';
import { VideoTable } from './spooled-video.js';
import { openInOrder } from './still-group.js';

/** Height of the spectrum, of the picture's. */
const HEIGHT = 0.2;

/** Height of the spectrum in a picture of `height`, pixels. */
export const spectrumHeight = (height: number): number => 4 * Math.max(4, Math.round((height * HEIGHT) / 4));

/** `picture` with room for the spectrum below it, `height` in all; frees it. */
export function withRoom(picture: Frame, height: number): Frame {
  picture.pts = 0n;
  const filters = [`pad=w=iw:h=${height}:x=0:y=0`];
  const chain = new FilterChain({ kind: 'video', description: descriptionOf(picture), filters });
  const out = new Frame();
  out.alloc();
  try {
    chain.put(picture);
    chain.put(null);
    if (!chain.take(out)) throw new Error('a picture without a picture');
    return out;
  } finally {
    chain.free();
    picture.free();
  }
}

export interface SpectrumOptions {
  /** In 4:2:0, of 8 bits. */
  picture: Frame;
  /** The sound that goes on the air, of AAC. */
  audio: SpooledAudio;
  format: AirFormat;
  frameRate: Ratio;
  /** How many pictures. */
  count: number;
  target: StationLayout | null;
  /** The file for the access units. */
  path: string;
  onProgress(done: number): void;
}

/** Encodes `count` pictures. Throws Undecodable where the sound cannot be read. */
export function encodeSpectrum(options: SpectrumOptions): { video: SpooledVideo; sequence: Sequence } {
  const { picture, format, frameRate, count, target, path, onProgress } = options;
  const file = new SpoolFile(path);
  const table = new VideoTable(file);
  const { encoder } = openInOrder(picture, frameRate, format);
  const units = AccessUnits.ofEncoder(format.codec, encoder.extradata);
  let encoded = 0;
  const encode = (frame: Frame | null) =>
    encoder.encode(frame, (packet) => {
      if (packet.data === null) return;
      units.parse(packet.data);
      table.add(units, { pts: frameTime(encoded++, frameRate), isRandomAccess: packet.hasFlags(AV_PKT_FLAG_KEY) });
    });
  const shown = picture.clone();
  if (shown === null) throw new Error('no memory for a picture');
  shown.pictType = AV_PICTURE_TYPE_NONE;
  let next = 0;
  const show = () => {
    shown.pts = BigInt(next++);
    encode(shown);
    onProgress(next / count);
  };
  try {
    for (const strip of spectra(options)) {
      if (next === count) break;
      check(shown.makeWritable(), 'memory for a picture');
      putAtBottom(strip, shown);
      show();
    }
    while (next < count) show();
    encode(null);
    file.finish();
    if (units.sequence === null) throw new Error('the encoder gave no sequence parameter set');
    const end = frameTime(count, frameRate);
    return { video: table.finish(() => new SpoolReader(path), { target, end }), sequence: units.sequence };
  } catch (error) {
    file.discard();
    throw error;
  } finally {
    shown.free();
    encoder.free();
  }
}

/** The spectrum, a picture for each picture shown, as wide as those. The frame is reused. */
function* spectra({ picture, audio, frameRate }: SpectrumOptions): Generator<Frame, void, undefined> {
  const { width } = picture;
  const height = spectrumHeight(picture.height);
  const seconds = (time: Ticks90k) => (Math.abs(time) / TICKS_PER_SECOND).toFixed(4);
  const { start } = audio;
  const filters = [
    start < 0 ? `atrim=start=${seconds(start)},asetpts=PTS-STARTPTS` : `adelay=${Number(seconds(start)) * 1000}:all=1`,
    `showspectrum=s=${width}x${height}:slide=scroll:mode=combined:color=intensity:scale=log:fps=${quotient(frameRate)}`,
    'scale=out_color_matrix=bt709:out_range=tv',
    'format=pix_fmts=yuv420p',
  ];
  const input = new MediaInput(audio.path, undefined, { languages: [], unusable: new Set(), alone: true });
  let decoder: Decoder | null = null;
  let chain: FilterChain | null = null;
  const strip = new Frame();
  strip.alloc();
  const onFrame = (frame: Frame) => {
    chain ??= new FilterChain({ kind: 'audio', to: 'video', description: descriptionOf(frame), filters });
    chain.put(frame);
  };
  try {
    if (input.audio === null) return;
    decoder = new Decoder(input.audio, audio.path);
    for (const { packet } of input.packets()) {
      decoder.decode(packet, onFrame);
      while ((chain as FilterChain | null)?.take(strip)) {
        yield strip;
        strip.unref();
      }
    }
    decoder.decode(null, onFrame);
    (chain as FilterChain | null)?.put(null);
    while ((chain as FilterChain | null)?.take(strip)) {
      yield strip;
      strip.unref();
    }
  } finally {
    decoder?.free();
    (chain as FilterChain | null)?.free();
    strip.free();
    input.close();
  }
}

/** Copies the planes of `strip` over the bottom of `picture`, which is as wide. */
function putAtBottom(strip: Frame, picture: Frame): void {
  for (const [plane, from] of (strip.data ?? []).entries()) {
    const to = picture.data?.[plane];
    if (!to) throw new Error('a picture without planes');
    const rowsOf = ({ height }: Frame) => (plane === 0 ? height : (height + 1) >> 1);
    const rows = rowsOf(strip);
    const length = plane === 0 ? strip.width : (strip.width + 1) >> 1;
    const top = rowsOf(picture) - rows;
    for (let y = 0; y < rows; y++) {
      const at = y * strip.linesize[plane]!;
      from.copy(to, (top + y) * picture.linesize[plane]!, at, at + length);
    }
  }
}
