/** Packets in order → units of a StreamBuffer. No socket, no timer, no clock. */

import { type Millis, millisToTicks, type PacketNumber, RTP_TIME_MODULUS, Ticks90k, unwrap } from '../base/units.js';
import type { RtpHeader } from '../wire/rtp.js';
import type { StationInfo } from '../wire/station-info.js';
import { JpegAssembler } from './jpeg-assembler.js';
import type { StreamBuffer } from './stream-buffer.js';
import { UnitPacker } from './unit-packer.js';

/**
 * Responsible for:
 * - unwrapping time stamps
 * - units of a transport stream, by the packer; pictures, by the JPEG assembler
 * - counting pictures, across the buffers of all streams
 */
export class StreamWriter {
  readonly #station: Pick<StationInfo, 'format' | 'width' | 'height'>;
  #buffer!: StreamBuffer;
  #packer!: UnitPacker;
  #jpeg: JpegAssembler | null = null;
  /** Pictures of the streams before this one. */
  readonly #before = { frames: 0, torn: 0 };
  /** Time of the packet before; null before the first, if the server's clock is unknown. */
  #time: Ticks90k | null = null;

  constructor(station: Pick<StationInfo, 'format' | 'width' | 'height'>, buffer: StreamBuffer) {
    this.#station = station;
    this.open(buffer);
  }

  get buffer(): StreamBuffer {
    return this.#buffer;
  }

  get pictures(): { frames: number; torn: number } {
    const { frames, torn } = this.#jpeg?.counts ?? { frames: 0, torn: 0 };
    return { frames: this.#before.frames + frames, torn: this.#before.torn + torn };
  }

  /** Writes to this buffer from now on. */
  open(buffer: StreamBuffer): void {
    const packer = new UnitPacker((unit) => buffer.push(unit));
    buffer.onDropped = (unit) => packer.reclaim(unit);
    this.#buffer = buffer;
    this.#packer = packer;
    Object.assign(this.#before, this.pictures);
    this.#jpeg = this.#station.format === 'jpeg' ? new JpegAssembler(this.#station) : null;
  }

  /** The next packet is due at about this time on the server's clock. */
  setTime(time: Millis): void {
    this.#time = millisToTicks(time);
  }

  /** Takes the next packet, whose payload lies from `start` to `end` of the buffer. */
  write(n: PacketNumber, header: RtpHeader, buffer: Buffer, start: number, end: number): void {
    const time = Ticks90k(unwrap(header.timestamp, this.#time ?? header.timestamp, RTP_TIME_MODULUS));
    this.#time = time;
    if (!this.#jpeg) {
      this.#packer.add(time, buffer, start, end);
      return;
    }
    const frame = this.#jpeg.push(n, { ...header, payload: Buffer.from(buffer.subarray(start, end)) });
    if (frame) this.#buffer.push({ time, data: frame.jpeg, randomAccess: true });
  }

  /** Makes all packets taken so far available to readers. */
  flush(): void {
    this.#packer.flush();
  }
}
