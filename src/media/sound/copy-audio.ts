/** Copied sound: AAC-LC at 48 kHz goes on air without being decoded. */
import { AV_CODEC_ID_AAC, AV_PKT_DATA_NEW_EXTRADATA, AV_PROFILE_AAC_LOW, AV_PROFILE_UNKNOWN } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import { TICKS_PER_MILLI, TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { DecodeCheck } from '../decode-check.js';
import { Unfit } from '../h264/unfit.js';
import type { TimedPacket } from '../input/input.js';
import { codecName } from '../names.js';
import { AAC_FRAME_TICKS, AUDIO_RATE, placeSound, type SpooledAudio } from '../spool.js';
import { channelsOfAdts, channelsOfConfig, hasReservedBit } from './aac.js';
import { silentFrame } from './encode-audio.js';
import { AudioSpool } from './spooled-audio.js';

/** Largest error of time stamps: rounding to milliseconds, and recorders, stay below it. */
const STRAY = Ticks90k((AAC_FRAME_TICKS * 3) / 4);
/** Farthest that copied sound may be off on the air: 20 ms. Whole frames fit into gaps and films only nearly. */
const MOST_OFF = Ticks90k(20 * TICKS_PER_MILLI);
/** Most silence inserted into one file: more means wrong time stamps. */
const MOST_SILENCE = Ticks90k(3_600 * TICKS_PER_SECOND);

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
  /** Null where nothing is decoded. */
  #check: DecodeCheck | null;
  #silence: Buffer | null = null;
  #start: Ticks90k | null = null;
  /** By how much frames are late where they are put, least and most. */
  #early: Ticks90k = Ticks90k(0);
  #late: Ticks90k = Ticks90k(0);
  #filled: Ticks90k = Ticks90k(0);

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
    if (this.#start === null) {
      // Sound without a time cannot be aligned with the pictures.
      if (pts === null) return;
      this.#start = pts;
    }
    const stray = pts === null ? 0 : pts - (this.#start + this.#spool.frames * AAC_FRAME_TICKS);
    if (stray < -STRAY) return;
    const missing = stray > STRAY ? Math.round(stray / AAC_FRAME_TICKS) : 0;
    if (missing > 0) this.#fill(missing);
    const left = stray - missing * AAC_FRAME_TICKS;
    this.#early = Ticks90k(Math.min(this.#early, left));
    this.#late = Ticks90k(Math.max(this.#late, left));
    if (this.#hasHeaders) this.#spool.add(data);
    else if (!this.#spool.addRaw(data, this.channels ?? 0)) throw new Unfit('AAC frames of over 8 kB');
  }

  /** `origin`: the time of the first picture, on the source's clock; `duration`: of the pictures. */
  finish({ origin, duration }: { origin: Ticks90k; duration: Ticks90k }): SpooledAudio {
    if (this.#silence === null || this.#start === null) throw new Unfit('a sound track without sound');
    const start = Ticks90k(Math.round(this.#start - origin + (this.#early + this.#late) / 2));
    const { mostOff } = placeSound({ start, duration });
    if (mostOff + (this.#late - this.#early) / 2 > MOST_OFF) throw new Unfit('sound with gaps of less than a frame');
    if (this.#check && this.#check.finish().size > 0) throw new Unfit(DAMAGED);
    this.#free();
    return this.#spool.finish(start, this.#silence);
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

  #fill(frames: number): void {
    this.#filled = Ticks90k(this.#filled + frames * AAC_FRAME_TICKS);
    if (this.#silence === null || this.#filled > MOST_SILENCE) throw new Unfit('sound with long gaps');
    for (let i = 0; i < frames; i++) this.#spool.add(this.#silence);
  }
}
