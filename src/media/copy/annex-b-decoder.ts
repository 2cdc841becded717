/** A decoder of access units as they go on the air, which shows of damaged ones what players show. */
import { AV_CODEC_FLAG_UNALIGNED } from 'node-av/constants';
import { Codec, CodecContext, Frame, Packet } from 'node-av/lib';
import { codecThreads } from '../codec-threads.js';
import { check } from '../ffmpeg-error.js';
import { showTorn } from '../show-torn.js';
import type { PictureCodec } from './picture-codec.js';

export class AnnexBDecoder {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  readonly #take: (frame: Frame) => void;

  /** `take` gets the pictures in the order shown, each with the number of its access unit as `pts`. The frame is reused. */
  constructor({ codecId, title }: PictureCodec, take: (frame: Frame) => void) {
    const codec = Codec.findDecoder(codecId);
    if (codec === null) throw new Error(`this FFmpeg has no decoder of ${title}`);
    this.#context.allocContext3(codec);
    this.#context.threadCount = codecThreads();
    // As for all pictures: cropping is exact.
    this.#context.setFlags(AV_CODEC_FLAG_UNALIGNED);
    showTorn(this.#context, codecId);
    check(this.#context.open2Sync(codec, null), `opening the decoder of ${title}`);
    this.#packet.alloc();
    this.#frame.alloc();
    this.#take = take;
  }

  /** Decodes access unit `number`; what cannot be decoded is skipped. */
  put(unit: Buffer, number: number): void {
    this.#packet.data = unit;
    this.#packet.pts = BigInt(number);
    this.#context.sendPacketSync(this.#packet);
    this.#packet.unref();
    this.#drain();
  }

  /** Hands over the pictures that are held back. */
  finish(): void {
    this.#context.sendPacketSync(null);
    this.#drain();
  }

  free(): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }

  #drain(): void {
    while (this.#context.receiveFrameSync(this.#frame) >= 0) {
      this.#take(this.#frame);
      this.#frame.unref();
    }
  }
}
