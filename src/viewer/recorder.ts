/** A recording: the units of a stream from a random access point on, for as long as its own time says. No clock. */
import type { StreamUnit } from '../receiver/stream-buffer.js';
import { type Millis, type Ticks90k, ticksToMillis } from '../wire/time.js';
import type { Container } from './container.js';

/** Turns units into the bytes of a file, and knows when it is full. */
export class Recorder {
  private beginning: Ticks90k | null = null;
  private latest: Ticks90k = 0;
  private full = false;

  constructor(
    private readonly container: Container,
    /** Of the stream's time; undefined: until it is stopped. */
    private readonly duration: Millis | undefined,
  ) {}

  /** Whether the duration is over: nothing more is taken. */
  get isFull(): boolean {
    return this.full;
  }

  /** The stream's time from the first unit to the last. */
  get recorded(): Millis {
    return this.beginning === null ? 0 : ticksToMillis(this.latest - this.beginning);
  }

  /** The bytes of the next units. The first unit that lies outside the duration ends the recording. */
  take(units: readonly StreamUnit[]): Buffer {
    const parts: Buffer[] = [];
    for (const unit of units) {
      if (this.beginning === null) {
        this.beginning = unit.time;
        parts.push(this.container.header());
      }
      const elapsed = ticksToMillis(unit.time - this.beginning);
      if (this.duration !== undefined && elapsed >= this.duration) {
        this.latest = Math.max(this.latest, unit.time);
        this.full = true;
        break;
      }
      this.latest = unit.time;
      parts.push(this.container.unit(unit));
    }
    return Buffer.concat(parts);
  }
}
