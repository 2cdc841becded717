/** Writes encoded streams into a media file; the extension chooses the container. */
import { AVFMT_GLOBALHEADER } from 'node-av/constants';
import { Dictionary, FormatContext, type Packet, Rational, type Stream } from 'node-av/lib';
import type { Encoder } from './encoder.js';
import { check } from './ffmpeg-error.js';

interface Track {
  stream: Stream;
  /** Time base of the encoder's time stamps. */
  base: Rational;
}

export class ContainerWriter {
  readonly #context = new FormatContext();
  readonly #tracks: Track[] = [];

  constructor(path: string) {
    check(this.#context.allocOutputContext2(null, null, path), `a container for ${path}`);
    this.#context.url = path;
  }

  /** Whether encoders must put their parameter sets into the header instead of the stream. */
  get wantsGlobalHeader(): boolean {
    return this.#context.oformat?.hasFlags(AVFMT_GLOBALHEADER) ?? false;
  }

  /** Adds a track and returns its stream, so that side data can be set before `begin`. */
  add(encoder: Encoder): Stream {
    const stream = this.#context.newStream(null);
    encoder.describe(stream.codecpar);
    // 0: the muxer chooses the tag.
    stream.codecpar.codecTag = 0;
    stream.timeBase = encoder.timeBase;
    stream.sampleAspectRatio = stream.codecpar.sampleAspectRatio;
    stream.avgFrameRate = encoder.frameRate;
    this.#tracks.push({ stream, base: encoder.timeBase });
    return stream;
  }

  /** Opens the file and writes its header. */
  begin(options: Record<string, string> = {}, metadata: Record<string, string> = {}): void {
    this.#context.metadata = Dictionary.fromObject(metadata);
    check(this.#context.openOutputSync(), `opening ${this.#context.url}`);
    check(this.#context.writeHeaderSync(Dictionary.fromObject(options)), 'writing the header');
  }

  /** Takes ownership of the packet's contents. `track` counts from 0 in the order of `add`. */
  write(track: number, packet: Packet): void {
    const { stream, base } = this.#tracks[track]!;
    packet.streamIndex = stream.index;
    packet.rescaleTs(base, new Rational(stream.timeBase.num, stream.timeBase.den));
    check(this.#context.interleavedWriteFrameSync(packet), 'writing a packet');
  }

  finish(): void {
    check(this.#context.writeTrailerSync(), 'writing the trailer');
    this.#context.closeOutputSync();
    this.#context.freeContext();
  }
}
