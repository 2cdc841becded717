/** Decoding what is copied, only to find what is damaged within: flipped bits, or the end of a slice that was lost. */
import { AVERROR_EAGAIN, AVERROR_EOF } from 'node-av/constants';
import { Codec, CodecContext, type CodecParameters, Frame, Packet } from 'node-av/lib';
import { check } from './ffmpeg-error.js';

/**
 * Finds the access units that a decoder refuses, conceals or shows nothing of. Damage that it does not notice shows as other
 * pictures or sounds, as in any player.
 */
export class DecodeCheck {
  readonly #context = new CodecContext();
  readonly #packet = new Packet();
  readonly #frame = new Frame();
  /** Access units that are not decoded yet: a decoder holds some back, to show them in order. */
  readonly #open = new Set<number>();
  readonly #damaged = new Set<number>();

  /** `isComplete`: the access units are as on the air, and hold all parameters themselves. */
  constructor(codecpar: CodecParameters, { isComplete }: { isComplete: boolean }) {
    const codec = Codec.findDecoder(codecpar.codecId);
    if (codec === null) throw new Error('this FFmpeg has no decoder of what is copied');
    this.#context.allocContext3(codec);
    if (!isComplete) this.#context.parametersToContext(codecpar);
    // With several, a picture may be handed over before another thread finds it damaged.
    this.#context.threadCount = 1;
    // It then waits for as many reordered pictures as may come, instead of leaving out some until it has seen how many do.
    check(this.#context.setOption('strict', 'strict'), 'setting up a decoder');
    // Filtering changes nothing of what can be wrong, and takes a fifth of the time.
    check(this.#context.setOption('skip_loop_filter', 'all'), 'setting up a decoder');
    // The encoder's priming is decoded as well.
    check(this.#context.setOption('flags2', 'skip_manual'), 'setting up a decoder');
    check(this.#context.open2Sync(codec, null), 'opening a decoder');
    this.#packet.alloc();
    this.#frame.alloc();
  }

  /** Decodes access unit `index`, each after those that it refers to. */
  put(unit: Buffer, index: number): void {
    this.#packet.data = unit;
    this.#packet.pts = BigInt(index);
    this.#open.add(index);
    if (this.#context.sendPacketSync(this.#packet) < 0) this.#damaged.add(index);
    this.#packet.unref();
    this.#drain(index);
  }

  /** Whether damage was found so far. */
  get hasDamage(): boolean {
    return this.#damaged.size > 0;
  }

  /** The access units that are damaged. */
  finish(): Set<number> {
    this.#context.sendPacketSync(null);
    this.#drain(-1);
    for (const index of this.#open) this.#damaged.add(index);
    return this.#damaged;
  }

  free(): void {
    this.#packet.free();
    this.#frame.free();
    this.#context.freeContext();
  }

  #drain(latest: number): void {
    for (;;) {
      const result = this.#context.receiveFrameSync(this.#frame);
      if (result === AVERROR_EAGAIN || result === AVERROR_EOF) return;
      if (result < 0) {
        if (latest >= 0) this.#damaged.add(latest);
        return;
      }
      const index = Number(this.#frame.pts);
      this.#open.delete(index);
      if (this.#frame.decodeErrorFlags !== 0) this.#damaged.add(index);
      this.#frame.unref();
    }
  }
}
