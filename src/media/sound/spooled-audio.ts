/** Writes AAC frames into the spool. */
import type { SpooledAudio } from '../spool.js';
import { SpoolFile } from '../spool-file.js';
import { uint32Table } from '../tables.js';
import { ADTS_HEADER_LENGTH, writeAdtsHeader } from './aac.js';

export class AudioSpool {
  readonly #file: SpoolFile;
  readonly #sizes = uint32Table();
  readonly #header = Buffer.alloc(ADTS_HEADER_LENGTH);

  constructor(path: string) {
    this.#file = new SpoolFile(path);
  }

  get path(): string {
    return this.#file.path;
  }

  get frames(): number {
    return this.#sizes.length;
  }

  /** Adds a frame with its ADTS header. */
  add(frame: Buffer): void {
    this.#file.append(frame);
    this.#sizes.push(frame.length);
  }

  /** Adds a frame without header; returns false and adds nothing where it is too long for one. */
  addRaw(raw: Buffer, channels: number): boolean {
    if (!writeAdtsHeader(this.#header, { channels, length: raw.length })) return false;
    this.#file.append(this.#header);
    this.#file.append(raw);
    this.#sizes.push(ADTS_HEADER_LENGTH + raw.length);
    return true;
  }

  /** `frame`: the length of a frame that is not of AAC. */
  finish({ start, silence, frame }: Pick<SpooledAudio, 'start' | 'silence' | 'frame'>): SpooledAudio {
    this.#file.finish();
    const spooled = { path: this.#file.path, sizes: this.#sizes.view(), start, silence };
    return frame === undefined ? spooled : { ...spooled, frame };
  }

  discard(): void {
    this.#file.discard();
  }
}
