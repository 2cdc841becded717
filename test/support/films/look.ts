/** What a player shows and plays of a file: read with ffprobe and ffmpeg, another FFmpeg than the one that prepares reels. */
import { type PictureRead, readPicture } from './chart.js';
import type { SoundBlocks } from './clicks.js';
import { runProgram } from './run-program.js';

/** Points of a raster's side: several a cell. */
const SIDE = 96;
/** Points of a side of the small grey pictures. */
const GREY_SIDE = 16;
/** Units of a second in which times are read. */
const TICKS = 90_000;
/** Hz: enough for clicks. */
const RATE = 8_000;

export interface ShownPicture extends PictureRead {
  /** Seconds after the first picture. */
  time: number;
  /** Of the picture as displayed, with its bars: width divided by height. */
  aspect: number;
  /** The whole picture in `GREY_SIDE` × `GREY_SIDE` points. */
  grey: Buffer;
}

export interface Shown {
  pictures: ShownPicture[];
  /** Seconds after the first picture at which the last one ends, as far as the file says. */
  picturesEnd: number;
  /** Null where there is none. Its times are seconds after the first picture. */
  sound: (SoundBlocks & { end: number }) | null;
  /** Of the decoders, at level warning. */
  messages: string;
}

export interface LookOptions {
  /** Fields are shown one by one, as pictures. */
  deinterlaced?: boolean;
  /** Look at no more than these seconds of the file. */
  longest?: number;
  /** Its streams where they are known, so that ffprobe, which starts slowly, is not asked for them. */
  streams?: readonly ProbedStream[];
}

export interface ProbedStream {
  index: number;
  codec_type?: string;
  codec_name?: string;
  height?: number;
  color_space?: string;
  disposition?: Record<string, number>;
}

/** Null where no player shows anything: with the reason. */
export async function look(path: string, options: LookOptions = {}): Promise<Shown | string> {
  const streams = options.streams ?? (await probe(path));
  const video = streams.filter(({ codec_type }) => codec_type === 'video').filter(isFilm);
  const audio = streams.filter(({ codec_type }) => codec_type === 'audio').filter(({ codec_name }) => codec_name);
  const first = (list: ProbedStream[]) => list.find(({ disposition }) => disposition?.default === 1) ?? list[0];
  const [pictures, sound] = [first(video), first(audio)];
  if (!pictures) return 'no pictures';
  const { longest, deinterlaced = false } = options;
  const words = ['-v', 'level+info', '-nostdin', '-hide_banner', '-i', path];
  const bounds = longest === undefined ? [] : ['-t', String(longest)];
  const chain = filtersOf(pictures, deinterlaced);
  const picturesTo = (filters: string, end: string[]) =>
    words.push('-map', `0:${pictures.index}`, '-vf', filters, ...passThrough, ...bounds, ...end);
  picturesTo(`showinfo=checksum=0,${chain(SIDE)}`, ['-c:v', 'rawvideo', '-f', 'rawvideo', 'pipe:1']);
  picturesTo(chain(CHECKED), ['-c:v', 'rawvideo', '-f', 'framecrc', 'pipe:3']);
  if (sound) {
    const to = ['-map', `0:${sound.index}`, '-af', STEREO, '-ar', String(RATE), '-c:a', 'pcm_s16le', ...bounds];
    words.push(...to, '-f', 's16le', 'pipe:4', ...to, '-f', 'framecrc', 'pipe:5');
  }
  const { outputs, stderr, late } = await runProgram('ffmpeg', words, sound ? 4 : 2);
  if (late) return 'it takes too much time to look at';
  const times = framesIn(outputs.get(3)!);
  const rgb = outputs.get(1)!;
  const start = times[0]?.time;
  if (start === undefined || rgb.length === 0) return `no picture can be decoded: ${messagesIn(stderr).split('\n')[0]}`;
  const aspects = aspectsIn(stderr, deinterlaced);
  const length = SIDE * SIDE * 3;
  const shown: ShownPicture[] = [];
  for (let i = 0; i < times.length && (i + 1) * length <= rgb.length; i++) {
    const raster = rgb.subarray(i * length, (i + 1) * length);
    shown.push({
      ...readPicture({ rgb: raster, side: SIDE }),
      time: times[i]!.time - start,
      aspect: aspects[i] ?? aspects.at(-1) ?? 1,
      grey: greyOf(raster),
    });
  }
  const last = times[shown.length - 1]!;
  return {
    pictures: shown,
    picturesEnd: last.time - start + last.duration,
    sound: sound ? soundFrom(outputs.get(4)!, framesIn(outputs.get(5)!), start) : null,
    messages: messagesIn(stderr),
  };
}

/** Warnings and errors, without those of the conversion to RGB. */
const messagesIn = (stderr: string) =>
  stderr
    .split('\n')
    .filter((line) => /\[(warning|error|fatal|panic)\]/.test(line) && !line.startsWith('[swscaler'))
    .join('\n');

/** Width by height of each picture as displayed, from the filter showinfo: turned, with the shape of its pixels. */
function aspectsIn(stderr: string, deinterlaced: boolean): number[] {
  const pictures = stderr.matchAll(/ sar:(\d+)\/(\d+) s:(\d+)x(\d+) /g);
  return [...pictures].flatMap((match) => {
    const [across, down, width, height] = match.slice(1).map(Number) as [number, number, number, number];
    const aspect = (width / height) * (across > 0 && down > 0 ? across / down : 1);
    return deinterlaced ? [aspect, aspect] : [aspect];
  });
}

/** One channel of what is heard in stereo; floating point, because speech becomes quieter in a mix of 16 bits. */
const STEREO = 'aformat=sample_fmts=fltp:channel_layouts=stereo,pan=mono|c0=0.5*c0+0.5*c1';

/** Side of pictures of which only the time is wanted. */
const CHECKED = 16;
/** Every picture once, with its own time. */
const passThrough = ['-fps_mode', 'passthrough', '-enc_time_base', `1:${TICKS}`];

const isFilm = ({ disposition = {} }: ProbedStream) =>
  !disposition.attached_pic && !disposition.timed_thumbnails && !disposition.still_image;

async function probe(path: string): Promise<ProbedStream[]> {
  const { outputs } = await runProgram('ffprobe', ['-v', 'error', '-show_streams', '-of', 'json', path]);
  const text = outputs.get(1)!.toString('utf8');
  return text.trim() === '' ? [] : (JSON.parse(text).streams ?? []);
}

/** Players take untagged pictures of this height and above for BT.709. */
export const HD_HEIGHT = 577;

function filtersOf({ height = 0, color_space }: ProbedStream, deinterlaced: boolean): (side: number) => string {
  const isUntagged = color_space === undefined || color_space === 'unknown';
  const matrix = isUntagged && height >= HD_HEIGHT ? ':in_color_matrix=bt709' : '';
  const fields = deinterlaced ? 'bwdif=mode=send_field,' : '';
  return (side) => `${fields}scale=${side}:${side}:flags=area+accurate_rnd+full_chroma_int${matrix},format=rgb24`;
}

/** Output of the muxer framecrc: times in seconds, and bytes. */
function framesIn(output: Buffer): { time: number; duration: number; bytes: number }[] {
  const text = output.toString('latin1');
  const [, numerator, denominator] = /^#tb 0: (\d+)\/(\d+)/m.exec(text) ?? ['', '1', '1'];
  const unit = Number(numerator) / Number(denominator);
  return text
    .split('\n')
    .filter((line) => /^\d/.test(line))
    .map((line) => {
      const [, , pts, duration, bytes] = line.split(',').map(Number) as number[];
      return { time: pts! * unit, duration: duration! * unit, bytes: bytes! };
    });
}

function soundFrom(pcm: Buffer, frames: { time: number; bytes: number }[], start: number) {
  const blocks: SoundBlocks['blocks'] = [];
  let at = 0;
  for (const { time, bytes } of frames) {
    const samples = new Int16Array(bytes / 2);
    for (let i = 0; i < samples.length && at + 2 * i + 2 <= pcm.length; i++) samples[i] = pcm.readInt16LE(at + 2 * i);
    at += bytes;
    blocks.push({ time: time - start, samples });
  }
  const last = blocks.at(-1);
  return { rate: RATE, blocks, end: last ? last.time + last.samples.length / RATE : 0 };
}

function greyOf(rgb: Buffer): Buffer {
  const each = SIDE / GREY_SIDE;
  const sums = new Float64Array(GREY_SIDE ** 2);
  for (let row = 0; row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const at = (row * SIDE + column) * 3;
      const luma = rgb[at]! * 0.3 + rgb[at + 1]! * 0.59 + rgb[at + 2]! * 0.11;
      sums[Math.floor(row / each) * GREY_SIDE + Math.floor(column / each)]! += luma;
    }
  }
  return Buffer.from(sums.map((sum) => sum / each ** 2));
}
