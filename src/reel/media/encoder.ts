/** An encoder, called synchronously. */
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, type Frame, Packet } from 'node-av/lib';
import { check } from './filters.js';

export class Encoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();

  /** `configure` sets the context's fields before it is opened. */
  constructor(options: {
    name: 'libx264' | 'mjpeg' | 'aac';
    configure(context: CodecContext): void;
    options?: Record<string, string | number>;
  }) {
    const codec = Codec.findEncoderByName(options.name as never);
    if (codec === null) throw new Error(`this FFmpeg has no encoder ${options.name}`);
    this.#context.allocContext3(codec);
    options.configure(this.#context);
    check(this.#context.open2Sync(codec, Dictionary.fromObject(options.options ?? {})), `opening ${options.name}`);
    this.#packet.alloc();
  }

  get extradata(): Buffer | null {
    return this.#context.extraData;
  }

  /** Puts a frame in, the end with null, and hands on what comes out. The packet is used again afterwards. */
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
