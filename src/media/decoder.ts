/** A synchronous decoder; it skips data that it cannot decode. */
import {
  AV_CODEC_FLAG_UNALIGNED,
  AV_CODEC_ID_HEVC,
  AV_FRAME_FLAG_CORRUPT,
  AV_NOPTS_VALUE,
  AVERROR_EAGAIN,
} from 'node-av/constants';
import { Codec, CodecContext, type CodecParameters, Frame, type Packet, type Stream } from 'node-av/lib';
import { Problem } from '../base/problem.js';
import { Ticks90k } from '../base/units.js';
import { decoderThreads } from './codec-threads.js';
import { check } from './ffmpeg-error.js';
import { MOST_STILL_PIXELS } from './input/picture-limit.js';
import { codecName } from './names.js';
import { showTorn } from './show-torn.js';
import { TICK_BASE } from './tick-base.js';

export class Decoder {
  readonly #context = new CodecContext();
  readonly #frame = new Frame();
  /** Of frames in which errors were found. */
  readonly #damageFlags: number;
  /** Frames in which errors were found. */
  damaged = 0;

  /** Throws Undecodable when there is no decoder for the stream. */
  constructor(stream: Stream, source: string) {
    const codec = Codec.findDecoder(stream.codecpar.codecId);
    if (codec === null) throw new Undecodable(stream, source);
    this.#context.allocContext3(codec);
    this.#context.parametersToContext(stream.codecpar);
    this.#context.pktTimebase = TICK_BASE;
    this.#context.framerate = stream.avgFrameRate;
    this.#context.threadCount = decoderThreads(stream.codecpar);
    // Otherwise cropping at the left is rounded down to what processors read at once.
    this.#context.setFlags(AV_CODEC_FLAG_UNALIGNED);
    showTorn(this.#context, stream.codecpar.codecId);
    this.#damageFlags = stream.codecpar.codecId === AV_CODEC_ID_HEVC ? AV_FRAME_FLAG_CORRUPT : 0;
    check(this.#context.setOption('max_pixels', String(MOST_STILL_PIXELS)), 'limiting pictures');
    if (this.#context.open2Sync(codec, null) < 0) throw new Undecodable(stream, source);
    this.#frame.alloc();
  }

  /** Decodes a packet, or the end with null, and hands the frames to `take`. The frame object is reused. */
  decode(packet: Packet | null, take: (frame: Frame) => void): void {
    if (this.#context.sendPacketSync(packet) === AVERROR_EAGAIN) {
      this.#drain(take);
      this.#context.sendPacketSync(packet);
    }
    this.#drain(take);
  }

  /** Writes what the decoder knows of the stream, after its first frame. */
  describe(parameters: CodecParameters): void {
    check(parameters.fromContext(this.#context), 'describing a stream');
  }

  free(): void {
    this.#frame.free();
    this.#context.freeContext();
  }

  #drain(take: (frame: Frame) => void): void {
    while (this.#context.receiveFrameSync(this.#frame) >= 0) {
      const { decodeErrorFlags, flags } = this.#frame;
      if (decodeErrorFlags !== 0 || (flags & this.#damageFlags) !== 0) this.damaged++;
      take(this.#frame);
      this.#frame.unref();
    }
  }
}

/** FFmpeg's best guess at a frame's time; null where there is none. */
export function frameTimeOf(frame: Frame): Ticks90k | null {
  const time = frame.bestEffortTimestamp;
  return time === AV_NOPTS_VALUE ? null : Ticks90k(Number(time));
}

/** Thrown where there is no decoder, or none that takes the stream. */
export class Undecodable extends Problem {
  constructor(stream: Stream, source: string) {
    super(
      'source',
      `${source}: ${codecName(stream.codecpar)} cannot be decoded (unknown or encrypted codec)`,
      'Convert it to MP4 with H.264 and AAC and try again.',
    );
  }
}
