/**
 * A queue by time, to the millisecond: idle items cost nothing. Items of the same millisecond share a bucket, so that
 * serving a thousand flows costs a thousand pushes, and the heap of buckets stays small.
 */
import { Millis } from '../base/units.js';

/** An item that may be queued. Only its queue writes the field. */
export interface Due {
  /** Rounded up to whole milliseconds; Infinity while it is not queued. */
  dueAt: Millis;
}

/** The time of an item that is not queued. */
const NEVER = Millis(Number.POSITIVE_INFINITY);

/** The field of an item that is not queued. */
export const notDue = (): Due => ({ dueAt: NEVER });

interface Bucket<T> {
  readonly at: Millis;
  /** An item that was moved or removed stays in its old bucket, where it is recognised by its time. */
  readonly items: T[];
  /** Items taken. */
  taken: number;
}

export class DueQueue<T extends Due> {
  readonly #buckets = new Map<Millis, Bucket<T>>();
  /** A binary heap: each bucket is earlier than its children, at twice its index plus 1 and plus 2. */
  readonly #heap: Bucket<T>[] = [];
  /** The bucket of the last `set`: most items of a turn go to the same. */
  #last: Bucket<T> | undefined;

  /** The time of the first item, or a little earlier if that was moved; Infinity without items. */
  get nextAt(): Millis {
    return this.#heap[0]?.at ?? NEVER;
  }

  /** Queues `item` for `time`, in place of the time that it had; Infinity takes it off the queue. */
  set(item: T, time: Millis): void {
    const at = Millis(Math.ceil(time));
    if (item.dueAt === at) return;
    item.dueAt = at;
    if (at === NEVER) return;
    const bucket = this.#last?.at === at ? this.#last : this.#bucketAt(at);
    this.#last = bucket;
    bucket.items.push(item);
  }

  remove(item: T): void {
    item.dueAt = NEVER;
  }

  /** Takes the first item that is due at `now` off the queue. */
  take(now: Millis): T | undefined {
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      while (first.taken < first.items.length) {
        const item = first.items[first.taken++]!;
        if (item.dueAt !== first.at) continue;
        item.dueAt = NEVER;
        return item;
      }
      this.#removeFirst(first);
    }
    return undefined;
  }

  #bucketAt(at: Millis): Bucket<T> {
    const known = this.#buckets.get(at);
    if (known !== undefined) return known;
    const bucket: Bucket<T> = { at, items: [], taken: 0 };
    this.#buckets.set(at, bucket);
    const heap = this.#heap;
    let index = heap.push(bucket) - 1;
    for (let parent = (index - 1) >> 1; index > 0 && heap[parent]!.at > at; parent = (index - 1) >> 1) {
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = bucket;
    return bucket;
  }

  #removeFirst(first: Bucket<T>): void {
    this.#buckets.delete(first.at);
    if (this.#last === first) this.#last = undefined;
    const heap = this.#heap;
    const last = heap.pop()!;
    if (last === first) return;
    let index = 0;
    for (let child = 1; child < heap.length; child = 2 * index + 1) {
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= last.at) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}
