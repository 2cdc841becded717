/** Encoding sound that cannot be copied: decoded, converted to 48 kHz and the station's channels, and encoded. */
import { AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { avChannelLayoutDefault, Frame } from 'node-av/lib';
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { Decoder, frameTimeOf } from '../decoder.js';
import type { Encoder } from '../encoder.js';
import { descriptionOf, FilterChain } from '../filters.js';
import type { MediaInput } from '../input/input.js';
import { AUDIO_RATE, type SpooledAudio } from '../spool.js';
import { adtsFrame } from './aac.js';
import { LIMITER, layoutText, mixTo } from './mix.js';
import { AAC, type SoundCodec } from './sound-codecs.js';
import { AudioSpool } from './spooled-audio.js';

/** Seconds: inaudible, and long enough that a loop does not click. */
const FADE = 0.008;

/**
 * Seconds by which sound may be off its time stamps before silence is inserted or samples are cut out. Time stamps of
 * recorders stray by some milliseconds around continuous sound.
 */
const STRAY = 0.015;
/** From this deviation on, seconds, the sound is stretched or squeezed by at most SLOWEST: clocks that drift apart. */
const DRIFT = 0.005;
/** Eight hundredths of a semitone. */
const SLOWEST = 0.005;

/** Longest gap that the filter fills. */
const LONGEST_FILL = Ticks90k(2 * TICKS_PER_SECOND);

/** Samples of silence for the encoder; the caller frees the frame. */
function silence(channels: number, nbSamples: number): Frame {
  return Frame.fromAudioBuffer(Buffer.alloc(nbSamples * channels * Float32Array.BYTES_PER_ELEMENT), {
    nbSamples,
    format: AV_SAMPLE_FMT_FLTP,
    sampleRate: AUDIO_RATE,
    channelLayout: avChannelLayoutDefault(channels),
    timeBase: { num: 1, den: AUDIO_RATE },
    pts: 0n,
  });
}

/** One frame of silence, as it goes on the air. */
export function silentFrame(channels: number, codec: SoundCodec = AAC): Buffer {
  const { samples, isRaw } = codec;
  const encoder = codec.open(channels);
  const frames: Buffer[] = [];
  const keep = (packet: { data: Buffer | null }) => {
    if (packet.data) frames.push(isRaw ? adtsFrame(packet.data, channels) : Buffer.from(packet.data));
  };
  try {
    for (let i = 0; i < 8; i++) {
      const frame = silence(channels, samples);
      frame.pts = BigInt(i * samples);
      encoder.encode(frame, keep);
      frame.free();
    }
    encoder.encode(null, keep);
  } finally {
    encoder.free();
  }
  // From the middle, where the encoder has settled.
  const frame = frames[frames.length >> 1];
  if (frame === undefined) throw new Error('the encoder gave no frame of silence');
  return frame;
}

/** A track without sound. */
export function silentTrack(path: string, channels: number, codec: SoundCodec = AAC): SpooledAudio {
  return new AudioSpool(path).finish({ start: Ticks90k(0), silence: silentFrame(channels, codec), ...lengthOf(codec) });
}

const lengthOf = (codec: SoundCodec): Pick<SpooledAudio, 'frame'> => (codec === AAC ? {} : { frame: codec.ticks });

/**
 * Encodes the sound of the pictures from `origin` (on the source's clock) on for `duration`: sound before and after is cut
 * off with a short fade, gaps are filled with silence.
 */
export function encodeAudio(options: {
  input: MediaInput;
  path: string;
  channels: number;
  codec?: SoundCodec;
  /** dB. */
  gain: number;
  origin: Ticks90k;
  duration: Ticks90k;
  onProgress(done: number): void;
}): SpooledAudio {
  const { input, path, channels, codec = AAC, gain, origin, duration, onProgress } = options;
  const { audio } = input;
  if (audio === null) return silentTrack(path, channels, codec);
  const decoder = new Decoder(audio, input.source);
  const pipeline = new AudioPipeline({ path, channels, codec, gain, duration });
  const onFrame = (frame: Frame) => pipeline.put(frame, origin);
  try {
    input.forEachPacket(({ packet, isVideo, pts }) => {
      onProgress(pts === null || isVideo ? 0 : (pts - origin) / duration);
      if (isVideo) return true;
      decoder.decode(packet, onFrame);
      return pts === null || pts - origin < duration + TICKS_PER_SECOND;
    });
    decoder.decode(null, onFrame);
    return pipeline.finish();
  } catch (error) {
    pipeline.discard();
    throw error;
  } finally {
    decoder.free();
  }
}

/**
 * Two filter chains: the first converts the frames, whose format may change within a file, into one format; the second
 * fits them into the time of the pictures.
 */
class AudioPipeline {
  readonly #spool: AudioSpool;
  readonly #encoder: Encoder;
  readonly #channels: number;
  readonly #codec: SoundCodec;
  readonly #duration: Ticks90k;
  readonly #layOut: FilterChain;
  readonly #middle = new Frame();
  readonly #out = new Frame();
  #convert: FilterChain | null = null;
  #description = '';
  #start: Ticks90k | null = null;
  #next: Ticks90k = Ticks90k(0);
  /** The end of what has been put into the second chain. */
  #laidOut: Ticks90k = Ticks90k(0);
  #hasSound = false;

  constructor(options: { path: string; channels: number; codec: SoundCodec; gain: number; duration: Ticks90k }) {
    const { path, channels, codec, gain, duration } = options;
    this.#codec = codec;
    this.#channels = channels;
    this.#duration = duration;
    this.#spool = new AudioSpool(path);
    this.#encoder = codec.open(channels);
    this.#middle.alloc();
    this.#out.alloc();
    const samples = Math.max(1, Math.round(duration / codec.ticks)) * codec.samples;
    const fadeOut = Math.max(0, samples / AUDIO_RATE - FADE);
    this.#layOut = new FilterChain({
      kind: 'audio',
      description: `sample_rate=${AUDIO_RATE}:sample_fmt=fltp:channel_layout=${layoutText(channels)}:time_base=1/${TICKS_PER_SECOND}`,
      filters: [
        // Inserts silence and cuts according to the time stamps, from 0 on.
        `aresample=${AUDIO_RATE}:async=1:min_hard_comp=${STRAY}:min_comp=${DRIFT}:max_soft_comp=${SLOWEST}:first_pts=0`,
        ...(gain === 0 ? [] : [`volume=volume=${gain.toFixed(2)}dB`, LIMITER]),
        `apad=whole_len=${samples}`,
        `atrim=end_sample=${samples}`,
        `afade=t=in:d=${FADE}`,
        `afade=t=out:st=${fadeOut}:d=${FADE}`,
        `asetnsamples=n=${codec.samples}:p=1`,
      ],
    });
  }

  put(frame: Frame, origin: Ticks90k): void {
    const time = frameTimeOf(frame);
    const at = time === null ? this.#next : time - origin;
    this.#next = Ticks90k(at + Math.round((frame.nbSamples * TICKS_PER_SECOND) / frame.sampleRate));
    frame.pts = BigInt(at);
    const description = descriptionOf(frame);
    if (description !== this.#description) {
      this.#flushConversion();
      this.#description = description;
      // A sum of channels may have peaks beyond what can be written.
      const isMixed = frame.channels > this.#channels;
      const filters = [...mixTo(this.#channels), ...(isMixed ? [LIMITER] : [])];
      this.#convert = new FilterChain({ kind: 'audio', description, filters });
    }
    this.#convert?.put(frame);
    this.#moveOn();
  }

  finish(): SpooledAudio {
    this.#flushConversion();
    if (!this.#hasSound) {
      this.discard();
      return silentTrack(this.#spool.path, this.#channels, this.#codec);
    }
    this.#layOut.put(null);
    this.#encodeReady();
    this.#encoder.encode(null, (packet) => this.#keep(packet));
    this.#free();
    const silence = silentFrame(this.#channels, this.#codec);
    return this.#spool.finish({ start: this.#start ?? Ticks90k(0), silence, ...lengthOf(this.#codec) });
  }

  discard(): void {
    this.#spool.discard();
    this.#free();
  }

  #flushConversion(): void {
    if (this.#convert === null) return;
    this.#convert.put(null);
    this.#moveOn();
    this.#convert.free();
    this.#convert = null;
  }

  #moveOn(): void {
    while (this.#convert?.take(this.#middle)) {
      const time = this.#convert.timeOf(this.#middle);
      this.#fillUntil(time);
      this.#middle.pts = BigInt(time);
      this.#laidOut = Ticks90k(time + Math.round((this.#middle.nbSamples * TICKS_PER_SECOND) / AUDIO_RATE));
      this.#hasSound = true;
      this.#layOut.put(this.#middle);
      this.#middle.unref();
      this.#encodeReady();
    }
  }

  /** Puts in the silence of a long gap, second by second: the filter would make all of it at once, in memory. */
  #fillUntil(time: Ticks90k): void {
    const end = Math.min(time, this.#duration);
    if (end - this.#laidOut <= LONGEST_FILL) return;
    const frame = silence(this.#channels, AUDIO_RATE);
    for (; end - this.#laidOut > LONGEST_FILL; this.#laidOut = Ticks90k(this.#laidOut + TICKS_PER_SECOND)) {
      frame.pts = BigInt(this.#laidOut);
      this.#layOut.put(frame);
      this.#encodeReady();
    }
    frame.free();
  }

  #encodeReady(): void {
    while (this.#layOut.take(this.#out)) {
      this.#encoder.encode(this.#out, (packet) => this.#keep(packet));
      this.#out.unref();
    }
  }

  #keep(packet: { data: Buffer | null; pts: bigint }): void {
    if (packet.data === null) return;
    // The encoder's first packets have times before 0: the priming of the decoder.
    this.#start ??= Ticks90k(Math.round((Number(packet.pts) * TICKS_PER_SECOND) / AUDIO_RATE));
    if (this.#codec.isRaw) this.#spool.addRaw(packet.data, this.#channels);
    else this.#spool.add(packet.data);
  }

  #free(): void {
    this.#encoder.free();
    this.#layOut.free();
    this.#middle.free();
    this.#out.free();
  }
}
