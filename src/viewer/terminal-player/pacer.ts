/** Which picture is shown when: each so long after the one before as their times are apart. */
import type { Timers } from '../../base/timers.js';
import { type Millis, type Ticks90k, ticksToMillis } from '../../base/units.js';

/** Anything with a time. */
interface Timed {
  time: Ticks90k;
}

export interface PacerOptions<T> {
  timers: Timers;
  show: (picture: T) => void;
}

/** Times that are further apart are those of another film: the next picture does not wait for so long. */
const LONGEST: Millis = 10_000;

/**
 * It is in charge of:
 * - the first picture at once, also in a pause, and in a pause none but that
 * - a picture that comes too late: it is shown when it comes, and those after it wait as much longer
 * - more than one that is due, where this process was kept from its work: the last of them
 */
export class Pacer<T extends Timed> {
  private waiting: T[] = [];
  private current: T | null = null;
  /** The picture of this time is, or was, due then. */
  private anchor: { time: Ticks90k; at: Millis } = { time: 0, at: 0 };
  private speed = 1;
  private pausedAt: Millis | null = null;
  private cancel: () => void = () => undefined;

  constructor(private readonly options: PacerOptions<T>) {}

  /** Begins with what is added next. */
  begin(paused: boolean): void {
    this.cancel();
    this.waiting = [];
    this.current = null;
    this.speed = 1;
    this.pausedAt = paused ? this.options.timers.now() : null;
  }

  add(picture: T): void {
    this.waiting.push(picture);
    if (this.current === null) {
      this.setAnchor(picture.time);
      this.take();
    } else if (this.waiting.length === 1) {
      if (this.pausedAt === null && this.wait(picture) < 0) this.setAnchor(picture.time);
      this.schedule();
    }
  }

  pause(): void {
    this.cancel();
    this.pausedAt ??= this.options.timers.now();
  }

  resume(): void {
    if (this.pausedAt === null) return;
    this.anchor.at += this.options.timers.now() - this.pausedAt;
    this.pausedAt = null;
    this.schedule();
  }

  setSpeed(speed: number): void {
    const now = this.pausedAt ?? this.options.timers.now();
    const time = this.anchor.time + (now - this.anchor.at) * this.speed * 90;
    this.anchor = { time, at: now };
    this.speed = speed;
    this.schedule();
  }

  /** The time of the picture that is shown; null before the first. */
  get shown(): Ticks90k | null {
    return this.current?.time ?? null;
  }

  /** Pictures that wait. */
  get held(): number {
    return this.waiting.length;
  }

  /** How far the last that waits is ahead of the one that is shown; null before the first. */
  get ahead(): Millis | null {
    if (this.current === null) return null;
    const last = this.waiting.at(-1) ?? this.current;
    return ticksToMillis(last.time - this.current.time);
  }

  /** How long until it is due; below zero where it is late. */
  private wait({ time }: T): Millis {
    return this.anchor.at + ticksToMillis(time - this.anchor.time) / this.speed - this.options.timers.now();
  }

  private setAnchor(time: Ticks90k): void {
    this.anchor = { time, at: this.pausedAt ?? this.options.timers.now() };
  }

  private schedule(): void {
    this.cancel();
    const [next] = this.waiting;
    if (next === undefined || this.pausedAt !== null) return;
    if (Math.abs(this.wait(next)) > LONGEST) this.setAnchor(next.time);
    this.cancel = this.options.timers.after(Math.max(0, this.wait(next)), () => this.take());
  }

  private isDue(picture: T): boolean {
    const wait = this.wait(picture);
    return this.pausedAt === null && wait <= 0 && wait >= -LONGEST;
  }

  private take(): void {
    while (this.waiting.length > 1 && this.isDue(this.waiting[1])) this.waiting.shift();
    const next = this.waiting.shift();
    if (next === undefined) return;
    this.current = next;
    this.schedule();
    this.options.show(next);
  }
}
