/** A queue by time: idle items cost nothing. A binary heap whose items know their positions, so that each can be moved. */
import type { Millis } from '../base/units.js';

/** An item that may be queued. Only its queue writes these fields. */
export interface Due {
  dueAt: Millis;
  /** Position in the heap; −1 while it is not queued. */
  position: number;
}

/** The fields of an item that is not queued. */
export const notDue = (): Due => ({ dueAt: Number.POSITIVE_INFINITY, position: -1 });

export class DueQueue<T extends Due> {
  /** Each item is due no later than its children, at twice its position plus 1 and plus 2. */
  readonly #heap: T[] = [];

  /** The time of the first item; Infinity without one. */
  get nextAt(): Millis {
    return this.#heap[0]?.dueAt ?? Number.POSITIVE_INFINITY;
  }

  /** Queues `item` for `time`, in place of the time that it had; Infinity takes it off the queue. */
  set(item: T, time: Millis): void {
    if (time === Number.POSITIVE_INFINITY) {
      this.remove(item);
      return;
    }
    item.dueAt = time;
    if (item.position < 0) item.position = this.#heap.push(item) - 1;
    this.#settle(item);
  }

  remove(item: T): void {
    const { position } = item;
    if (position < 0) return;
    item.position = -1;
    item.dueAt = Number.POSITIVE_INFINITY;
    const last = this.#heap.pop()!;
    if (last === item) return;
    this.#place(last, position);
    this.#settle(last);
  }

  /** Takes the first item that is due at `now` off the queue. */
  take(now: Millis): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.dueAt > now) return undefined;
    this.remove(first);
    return first;
  }

  #place(item: T, position: number): void {
    this.#heap[position] = item;
    item.position = position;
  }

  /** Moves an item to its position: up past parents that are due later, or down past children that are due earlier. */
  #settle(item: T): void {
    const heap = this.#heap;
    while (item.position > 0) {
      const { position } = item;
      const parent = heap[(position - 1) >> 1]!;
      if (parent.dueAt <= item.dueAt) break;
      this.#place(item, parent.position);
      this.#place(parent, position);
    }
    for (;;) {
      const { position } = item;
      const left = heap[2 * position + 1];
      const right = heap[2 * position + 2];
      if (left === undefined) return;
      const child = right !== undefined && right.dueAt < left.dueAt ? right : left;
      if (child.dueAt >= item.dueAt) return;
      this.#place(item, child.position);
      this.#place(child, position);
    }
  }
}
