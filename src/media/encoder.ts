/** A synchronous encoder. */
import type { FFEncoderCodec } from 'node-av/constants';
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { Codec, CodecContext, type CodecParameters, type Frame, Packet, type Rational } from 'node-av/lib';
import { check, FfmpegError } from './ffmpeg-error.js';

export class Encoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();

  /** `configure` sets the context's fields before it is opened. */
  constructor(options: {
    name: FFEncoderCodec;
    configure(context: CodecContext): void;
    options?: Record<string, string | number>;
  }) {
    const codec = Codec.findEncoderByName(options.name);
    if (codec === null) throw new FfmpegError(`this FFmpeg has no encoder ${options.name}`);
    this.#context.allocContext3(codec);
    options.configure(this.#context);
    try {
      this.#open(codec, options);
    } catch (error) {
      this.#context.freeContext();
      throw error;
    }
    this.#packet.alloc();
  }

  #open(codec: Codec, options: { name: FFEncoderCodec; options?: Record<string, string | number> }): void {
    // Not as a dictionary to `open2Sync`: node-av 6.1 frees that twice and crashes when the process ends.
    for (const [key, value] of Object.entries(options.options ?? {})) {
      check(this.#context.setOption(key, String(value)), `option ${key} of ${options.name}`);
    }
    check(this.#context.open2Sync(codec, null), `opening ${options.name}`);
  }

  get extradata(): Buffer | null {
    return this.#context.extraData;
  }

  get timeBase(): Rational {
    return this.#context.timeBase;
  }

  /** 0/1 for sound. */
  get frameRate(): Rational {
    return this.#context.framerate;
  }

  /** Samples in a frame for an audio encoder; 0 where any number is allowed. */
  get frameSize(): number {
    return this.#context.frameSize;
  }

  /** Copies the stream's properties for a container's header. */
  describe(parameters: CodecParameters): void {
    check(parameters.fromContext(this.#context), 'describing a stream');
  }

  /** Encodes a frame, or the end with null, and hands the packets to `take`. The packet object is reused. */
  encode(frame: Frame | null, take: (packet: Packet) => void): void {
    check(this.#context.sendFrameSync(frame), 'encoding');
    for (;;) {
      const result = this.#context.receivePacketSync(this.#packet);
      if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return;
      check(result, 'encoding');
      take(this.#packet);
      this.#packet.unref();
    }
  }

  free(): void {
    this.#packet.free();
    this.#context.freeContext();
  }
}
