/** Copied sound: AAC-LC at 48 kHz goes on air without being decoded. */
import { AV_CODEC_ID_AAC, AV_PKT_DATA_NEW_EXTRADATA, AV_PROFILE_AAC_LOW, AV_PROFILE_UNKNOWN } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import type { Ticks90k } from '../../base/units.js';
import { Unfit } from '../copy/unfit.js';
import { DecodeCheck } from '../decode-check.js';
import type { TimedPacket } from '../input/input.js';
import { codecName } from '../names.js';
import { AAC_FRAME_TICKS, AUDIO_RATE, type SpooledAudio } from '../spool.js';
import { channelsOfAdts, channelsOfConfig, hasReservedBit } from './aac.js';
import { silentFrame } from './encode-audio.js';
import { FramePlacer, millis } from './frame-placer.js';
import { AudioSpool } from './spooled-audio.js';

/** Farthest that copied sound may be off on the air. Whole frames fit into gaps and films only nearly. */
const MOST_OFF = millis(20);

const DAMAGED = 'damaged sound';

/** Whether a frame lies in a block of zeros, as files have where a disk failed or a download is not complete. */
const isBlank = (frame: Buffer): boolean =>
  frame.length >= 8 && frame.readUInt32LE(0) === 0 && frame.readUInt32LE(4) === 0;

/**
 * Responsible for:
 * - deciding whether sound can be copied; throws Unfit as soon as it cannot
 * - a continuous sequence of frames: silence for missing ones, none twice
 * - decoding every frame to find damaged ones, where that is wanted: sound with one is not copied
 */
export class AudioCopier {
  /** Null until the first frame where the container's header lacks it. */
  channels: number | null = null;
  readonly #wanted: number | null;
  readonly #spool: AudioSpool;
  readonly #hasHeaders: boolean;
  readonly #placer: FramePlacer;
  /** Null where nothing is decoded. */
  #check: DecodeCheck | null;
  #silence: Buffer | null = null;

  /** `channels`: those of the station; null: those of the stream. `check`: whether every frame is decoded. */
  constructor(options: {
    stream: Stream;
    path: string;
    channels: number | null;
    loudness: number | null;
    check: boolean;
  }) {
    if (options.loudness !== null) throw new Unfit(`sound brought to ${options.loudness} LUFS`);
    const { codecpar } = options.stream;
    if (codecpar.codecId !== AV_CODEC_ID_AAC) throw new Unfit(`${codecName(codecpar)} sound`);
    if (codecpar.sampleRate !== AUDIO_RATE) throw new Unfit(`sound at ${codecpar.sampleRate / 1_000} kHz`);
    if (codecpar.profile !== AV_PROFILE_AAC_LOW && codecpar.profile !== AV_PROFILE_UNKNOWN) {
      throw new Unfit('AAC sound that is not LC');
    }
    this.#wanted = options.channels;
    const config = codecpar.extradata;
    this.#hasHeaders = config === null || config.length === 0;
    if (config !== null && config.length > 0) this.#setChannels(channelsOfConfig(config));
    this.#check = options.check ? new DecodeCheck(codecpar, { isComplete: this.#hasHeaders }) : null;
    this.#spool = new AudioSpool(options.path);
    this.#placer = new FramePlacer(this.#spool, AAC_FRAME_TICKS);
  }

  take({ packet, pts, corrupt, isCutOff }: TimedPacket): void {
    const { data } = packet;
    if (isCutOff || corrupt || data === null || data.length === 0 || isBlank(data)) return;
    const config = packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    if (config !== null && config.length > 0) this.#checkChannels(channelsOfConfig(config));
    if (this.#hasHeaders) {
      const channels = channelsOfAdts(data);
      if (channels === null) throw new Unfit('AAC sound of an unusual kind');
      this.#checkChannels(channels);
    }
    if (this.#check) {
      this.#check.put(data, this.#spool.frames);
      if (hasReservedBit(data)) throw new Unfit(DAMAGED);
    }
    if (!this.#placer.takes(pts, this.#silence)) return;
    if (this.#hasHeaders) this.#spool.add(data);
    else if (!this.#spool.addRaw(data, this.channels ?? 0)) throw new Unfit('AAC frames of over 8 kB');
  }

  /** `origin`: the time of the first picture, on the source's clock; `duration`: of the pictures. */
  finish({ origin, duration }: { origin: Ticks90k; duration: Ticks90k }): SpooledAudio {
    if (this.#silence === null) throw new Unfit('a sound track without sound');
    const start = this.#placer.start({ origin, duration, mostOff: MOST_OFF });
    if (this.#check && this.#check.finish().size > 0) throw new Unfit(DAMAGED);
    this.#free();
    return this.#spool.finish({ start, silence: this.#silence });
  }

  discard(): void {
    this.#free();
    this.#spool.discard();
  }

  #free(): void {
    this.#check?.free();
    this.#check = null;
  }

  #checkChannels(channels: number | null): void {
    if (channels !== this.channels) this.#setChannels(channels);
  }

  #setChannels(channels: number | null): void {
    if (channels === null) throw new Unfit('AAC sound of an unusual kind');
    if (this.channels !== null) throw new Unfit('sound that changes its channels');
    if (channels !== (this.#wanted ?? channels)) throw new Unfit("a number of channels other than the station's");
    this.channels = channels;
    this.#silence = silentFrame(channels);
  }
}
