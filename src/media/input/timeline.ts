/** Removes jumps from the time stamps of broadcasts and of recordings joined together. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';

/** Longest pause between two packets of a stream; a longer step is a jump of the clock. */
const LONGEST_PAUSE = Ticks90k(10 * TICKS_PER_SECOND);
/** Longest step back that is an inaccuracy; a longer one is a jump. FFmpeg's program joins files by the same limits. */
const LONGEST_STEP_BACK = Ticks90k(TICKS_PER_SECOND / 10);
/** Most by which streams begin at different times behind a jump. */
const LONGEST_LEAD = Ticks90k(2 * TICKS_PER_SECOND);
/** Longest pause between the pictures of joined recordings that comes from sound of another length, and is closed. */
const LONGEST_SEAM = Ticks90k(TICKS_PER_SECOND / 4);

/** The time between two jumps, with the shift for all streams. */
interface Part {
  shift: Ticks90k;
  before: Part | null;
  next: Part | null;
}

interface StreamState {
  part: Part;
  /** When the packet after the last one is expected. */
  next: Ticks90k;
  /** When what was decoded so far has been shown or played. */
  end: Ticks90k;
  /** From decoding to showing the first packet of the part: those without a time of showing are not shown later. */
  delay: Ticks90k;
  last: Ticks90k;
  /** From the last packet but one to the last one, for packets without a duration. */
  step: Ticks90k;
}

/**
 * Packets are not stored in the order of time, so streams jump one after the other: the first one that jumps begins a
 * part, the others follow. Pictures are joined without pause or overlap; sound keeps its distance to them.
 */
export class Timeline {
  #latest: Part = { shift: Ticks90k(0), before: null, next: null };
  readonly #streams = new Map<number, StreamState>();
  readonly #pictures: number;

  /** `pictures`: the number of the stream that has the pictures. */
  constructor(pictures: number) {
    this.#pictures = pictures;
  }

  /**
   * The shift to add to the times of a packet of `stream` that is decoded at `time`, shown `delay` later (null: not known), and lasts for
   * `duration`.
   */
  shift(stream: number, time: Ticks90k, duration: Ticks90k, delay: Ticks90k | null = Ticks90k(0)): Ticks90k {
    let state = this.#streams.get(stream);
    if (state === undefined) {
      const at = Ticks90k(time + this.#latest.shift);
      state = { part: this.#latest, next: at, end: at, delay: delay ?? Ticks90k(0), last: at, step: Ticks90k(0) };
      this.#streams.set(stream, state);
    }
    const delta = time + state.part.shift - state.next;
    const jumps = delta < -LONGEST_STEP_BACK || (delta > LONGEST_PAUSE && !this.#isInStep(state, time));
    if (jumps) {
      // Recordings may differ in how far their pictures are reordered: what is shown is joined.
      const next = Ticks90k(state.end - (delay ?? state.delay));
      state.part = this.#follow({ part: state.part, next }, stream, time) ?? this.#begin(Ticks90k(next - time));
      state.delay = delay ?? state.delay;
    }
    const at = Ticks90k(time + state.part.shift);
    if (at > state.last) state.step = Ticks90k(Math.min(at - state.last, LONGEST_STEP_BACK));
    state.last = at;
    state.next = Ticks90k(at + (duration > 0 ? duration : state.step));
    state.end = Ticks90k(Math.max(state.end, state.next + (delay ?? state.delay)));
    return state.part.shift;
  }

  /** Whether `time` is that of the pictures, so that the stream has had a long pause. */
  #isInStep({ part }: StreamState, time: Ticks90k): boolean {
    const pictures = this.#streams.get(this.#pictures);
    return pictures?.part === part && Math.abs(time + part.shift - pictures.last) <= LONGEST_PAUSE;
  }

  /** The shift of a packet of `stream` without a time to recognise a jump by. */
  currentShift(stream: number): Ticks90k {
    return (this.#streams.get(stream)?.part ?? this.#latest).shift;
  }

  /**
   * The shift of a packet of a stream with few packets, such as subtitles: a jump cannot be told from a pause in it. It is that of the
   * part in which the packet is nearest to the pictures.
   */
  sparseShift(time: Ticks90k | null): Ticks90k {
    const pictures = this.#streams.get(this.#pictures);
    if (pictures === undefined || time === null) return this.#latest.shift;
    const { part, last } = pictures;
    const near = [part, part.before, part.next].flatMap((each) => (each === null ? [] : [each.shift]));
    return near.reduce((best, each) => (Math.abs(time + each - last) < Math.abs(time + best - last) ? each : best));
  }

  /** The part that another stream has begun and `stream` enters at `time`; null for none. */
  #follow({ part, next }: Pick<StreamState, 'part' | 'next'>, stream: number, time: Ticks90k): Part | null {
    for (let later = part.next; later !== null; later = later.next) {
      const delta = time + later.shift - next;
      if (delta < -LONGEST_LEAD || delta > LONGEST_PAUSE) continue;
      if (stream === this.#pictures && delta < LONGEST_SEAM) later.shift = Ticks90k(later.shift - delta);
      return later;
    }
    return null;
  }

  #begin(shift: Ticks90k): Part {
    const part = { shift, before: this.#latest, next: null };
    this.#latest.next = part;
    this.#latest = part;
    return part;
  }
}
