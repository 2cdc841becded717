/** Segments as fragmented MP4, made of those of MPEG-TS when they are wanted, once for all viewers. */
import { Problem } from '../../base/problem.js';
import type { Timers } from '../../base/timers.js';
import { Millis } from '../../base/units.js';
import { type Fragment, Fragmenter } from './fragment.js';
import type { SegmentMemory, TakenSegment } from './segment-memory.js';
import type { Segments } from './segments.js';

/** Most bytes of fragments that are kept: a dozen of the largest, of 60 Mbit/s and four seconds. */
const MOST_KEPT = 64 * 2 ** 20;
/** Most initialization segments that are kept, of some 1 KiB: a station has one for each way in which its films were encoded. */
const MOST_INITS = 256;

/** Longest time in which a segment is read: without pictures and sound behind it, it would wait for them without end. */
const PATIENCE = Millis(20_000);

interface Conversion {
  k: number;
  client: string;
  taken: TakenSegment[];
}

export class FragmentMemory {
  readonly #memory: SegmentMemory;
  readonly #timers: Timers;
  /** By key, the least recently taken first. */
  readonly #fragments = new Map<string, { made: Promise<Fragment>; bytes: number }>();
  readonly #inits = new Map<string, Buffer>();

  constructor(memory: SegmentMemory, timers: Timers) {
    this.#memory = memory;
    this.#timers = timers;
  }

  /** The initialization segment of a fragment that was taken; undefined: of none lately. */
  init(name: string): Buffer | undefined {
    return this.#inits.get(name);
  }

  /** Segment `k`, for a client of that network. Rejects with a Problem as SegmentMemory does, or where nothing of it can be decoded. */
  take(segments: Segments, k: number, client: string): Promise<Fragment> {
    const key = segments.key(k);
    const known = this.#fragments.get(key) ?? { made: this.#make(segments, k, client), bytes: 0 };
    this.#fragments.delete(key);
    this.#fragments.set(key, known);
    known.made.then(
      ({ media, init, name }) => {
        known.bytes = media.length;
        this.#inits.delete(name);
        this.#inits.set(name, init);
        this.#evict();
      },
      () => {
        if (this.#fragments.get(key) === known) this.#fragments.delete(key);
      },
    );
    return known.made;
  }

  async #make(segments: Segments, k: number, client: string): Promise<Fragment> {
    const taken: TakenSegment[] = [];
    let cancel = () => {};
    const late = new Promise<never>((_resolve, reject) => {
      const problem = new Problem('network', 'the station sends nothing at the moment', 'Try again in a few seconds.');
      cancel = this.#timers.after(PATIENCE, () => reject(problem));
    });
    try {
      return await Promise.race([this.#convert(segments, { k, client, taken }), late]);
    } finally {
      cancel();
      for (const each of taken) each.close();
    }
  }

  /** Puts what it reads into `taken`, for the caller to close. */
  async #convert(segments: Segments, { k, client, taken }: Conversion): Promise<Fragment> {
    const { source } = segments;
    const partsOf = (number: number) => {
      const [segment] = segments.list(number, number);
      const one = this.#memory.take({ source, key: segments.key(number), client, ...segment! });
      taken.push(one);
      return one.parts();
    };
    const { width, height } = source.info;
    const fragmenter = new Fragmenter({ near: segments.list(k, k)[0]!.from, width, height });
    for await (const part of partsOf(k)) fragmenter.push(part);
    for await (const part of partsOf(k + 1)) if (fragmenter.pushBehind(part)) break;
    const fragment = fragmenter.finish(k);
    if (fragment) return fragment;
    throw new Problem('network', 'nothing of this segment can be decoded', 'Go on with the next one.');
  }

  #evict(): void {
    let kept = [...this.#fragments.values()].reduce((sum, { bytes }) => sum + bytes, 0);
    for (const [key, { bytes }] of this.#fragments) {
      if (kept <= MOST_KEPT) break;
      this.#fragments.delete(key);
      kept -= bytes;
    }
    for (const name of this.#inits.keys()) {
      if (this.#inits.size <= MOST_INITS) break;
      this.#inits.delete(name);
    }
  }
}
