/** Segments as fragmented MP4, made of those of MPEG-TS when they are wanted, once for all viewers. */
import { Problem } from '../../base/problem.js';
import { type Fragment, Fragmenter } from './fragment.js';
import type { SegmentMemory } from './segment-memory.js';
import type { Segments } from './segments.js';

/** Most bytes of fragments that are kept: a dozen of the largest, of 60 Mbit/s and four seconds. */
const MOST_KEPT = 64 * 2 ** 20;
/** Most initialization segments that are kept, of some 1 KiB: a station has one for each way in which its films were encoded. */
const MOST_INITS = 256;

export class FragmentMemory {
  readonly #memory: SegmentMemory;
  /** By key, the least recently taken first. */
  readonly #fragments = new Map<string, { made: Promise<Fragment>; bytes: number }>();
  readonly #inits = new Map<string, Buffer>();

  constructor(memory: SegmentMemory) {
    this.#memory = memory;
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
    const { width, height } = segments.source.info;
    const [segment, next] = [segments.list(k, k)[0]!, segments.list(k + 1, k + 1)[0]!];
    const fragmenter = new Fragmenter({ near: segment.from, width, height });
    const own = this.#memory.take({ source: segments.source, key: segments.key(k), client, ...segment });
    try {
      for await (const part of own.parts()) fragmenter.push(part);
    } finally {
      own.close();
    }
    const behind = this.#memory.take({ source: segments.source, key: segments.key(k + 1), client, ...next });
    try {
      for await (const part of behind.parts()) if (fragmenter.pushBehind(part)) break;
    } finally {
      behind.close();
    }
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
