/** Pictures of what is played, by an ffmpeg of ours: in their order, with their times, no faster than they are wanted. */
import { Problem } from '../../base/problem.js';
import type { Ticks90k } from '../../base/units.js';
import { demuxerSeconds } from '../picture-time.js';
import { PlayerProcess } from '../players/child.js';
import type { Media } from '../players/player.js';
import type { Picture, Size } from './picture.js';
import { type PictureInfo, pictureInfo, troubleIn } from './show-info.js';

/** What it is not good to miss comes so often; more is too much for most lines. */
const MOST_PICTURES_A_SECOND = 15;
/** Pictures to be shown have at least this time less than the one that is asked for: half of one, or less. */
const ROUNDING = 0.005;

export interface TimedPicture extends Picture {
  /** Goes on across the wrap at 2^33. */
  time: Ticks90k;
}

export interface DecoderOptions {
  /** Path of ffmpeg. */
  program: string;
  media: Pick<Media, 'url' | 'format' | 'from'>;
  /** Pictures fit into this. */
  most: Size;
  onPicture: (picture: TimedPicture) => void;
}

/** ffmpeg's arguments. */
export function decoderArguments({ media, most }: Pick<DecoderOptions, 'media' | 'most'>): string[] {
  const { url, format, from } = media;
  const container = format === 'h264' ? 'mpegts' : 'matroska';
  // One thread: each further one keeps a picture back. -copyts: a picture's time is its time stamp.
  const input = ['-threads', '1', '-analyzeduration', '500000', '-copyts', '-f', container, '-i', url];
  const height = `min(min(${most.height},${most.width}/dar),ih)`;
  const filters = [
    ...(from === null ? [] : [`trim=start=${(demuxerSeconds(from) - ROUNDING).toFixed(3)}`]),
    `select='isnan(prev_selected_t)+gt(t-prev_selected_t,${(0.92 / MOST_PICTURES_A_SECOND).toFixed(4)})'`,
    `scale=w='max(1,trunc(${height}*dar))':h='max(1,trunc(${height}))':flags=area`,
    'format=rgb24',
    'settb=1/90000',
    'showinfo',
  ];
  // Pictures of another shape, as the next film of a station may have, are not made like the first.
  const asTheyCome = ['-noautoscale', '-fps_mode', 'passthrough'];
  const output = ['-map', '0:v:0', '-vf', filters.join(','), ...asTheyCome, '-f', 'rawvideo', 'pipe:1'];
  return ['-nostdin', '-hide_banner', '-nostats', '-loglevel', 'level+info', ...input, ...output];
}

/**
 * It is in charge of:
 * - the process, which does not outlive it
 * - putting together bytes, from one pipe, and times and sizes, from the other
 * - taking nothing while enough is held: ffmpeg then waits, and the feed with it
 */
export class Decoder {
  /** Resolves when no picture will come any more. Rejects with a Problem when ffmpeg has failed. */
  readonly ended: Promise<void>;
  private readonly process: PlayerProcess;
  private readonly infos: PictureInfo[] = [];
  private chunks: Buffer[] = [];
  private length = 0;
  private line = '';
  private trouble = '';
  private isHeld = false;
  private isClosed = false;

  constructor(private readonly options: DecoderOptions) {
    this.process = new PlayerProcess(options.program, decoderArguments(options), {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C in the terminal reaches us only.
      detached: process.platform !== 'win32',
    });
    const { stdout, stderr } = this.process.child;
    stdout?.on('data', (chunk: Buffer) => this.onBytes(chunk));
    stderr?.on('data', (text: Buffer) => this.onLog(text.toString('latin1')));
    this.ended = this.process.gone.then(() => {
      const { exitCode } = this.process.child;
      if (!this.isClosed && exitCode !== 0) throw this.problem();
    });
  }

  /** Whether there are enough pictures for now. */
  hold(isHeld: boolean): void {
    if (isHeld === this.isHeld) return;
    this.isHeld = isHeld;
    if (isHeld) this.process.child.stdout?.pause();
    else {
      this.process.child.stdout?.resume();
      this.takePictures();
    }
  }

  /** No picture comes any more. Resolves when the process is gone. */
  async close(): Promise<void> {
    this.isClosed = true;
    // There is nothing that it could bring to an end.
    await this.process.end(() => this.process.child.kill('SIGKILL'));
  }

  private onBytes(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.length += chunk.length;
    this.takePictures();
  }

  private onLog(text: string): void {
    const lines = (this.line + text).split('\n');
    this.line = lines.pop() ?? '';
    for (const line of lines) {
      const info = pictureInfo(line);
      if (info) this.infos.push(info);
      else this.trouble = troubleIn(line) ?? this.trouble;
    }
    this.takePictures();
  }

  private takePictures(): void {
    while (!this.isHeld && !this.isClosed && this.infos.length > 0) {
      const { time, width, height } = this.infos[0];
      const size = width * height * 3;
      if (this.length < size) return;
      this.infos.shift();
      this.options.onPicture({ time, width, height, data: this.take(size) });
    }
  }

  private take(size: number): Buffer {
    const bytes = this.chunks.length === 1 ? this.chunks[0] : Buffer.concat(this.chunks);
    this.chunks = bytes.length > size ? [bytes.subarray(size)] : [];
    this.length -= size;
    return bytes.subarray(0, size);
  }

  private problem(): Problem {
    const { signalCode } = this.process.child;
    if (this.trouble === '' && signalCode === null) return this.process.problem();
    return new Problem(
      'player',
      `${this.options.program} ended: ${this.trouble === '' ? signalCode : this.trouble}`,
      'It is FFmpeg 5.1 or newer that draws in the terminal; try another player with --player mpv, ffplay or vlc.',
    );
  }
}
