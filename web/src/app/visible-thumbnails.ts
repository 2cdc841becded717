/** Requests the thumbnails of the visible stations only. */
import type { Engine } from '../player/player.js';

/** Time that an element must be visible, milliseconds: scrolling past requests nothing. */
const SETTLED = 150;

export class VisibleThumbnails {
  readonly #engine: Engine;
  /** Number of visible elements of each station. */
  readonly #shown = new Map<string, number>();
  readonly #stations = new WeakMap<Element, string>();
  readonly #observer: IntersectionObserver;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) this.#count(target, isIntersecting);
      },
      { rootMargin: '20%' },
    );
  }

  /** Watches an element until the returned function is called. */
  watch(element: Element, station: string): () => void {
    this.#stations.set(element, station);
    this.#observer.observe(element);
    return () => {
      this.#observer.unobserve(element);
      if (this.#inView.has(element)) this.#count(element, false);
    };
  }

  readonly #inView = new WeakSet<Element>();

  #count(element: Element, visible: boolean): void {
    const station = this.#stations.get(element);
    if (station === undefined || this.#inView.has(element) === visible) return;
    if (visible) this.#inView.add(element);
    else this.#inView.delete(element);
    const count = (this.#shown.get(station) ?? 0) + (visible ? 1 : -1);
    if (count > 0) this.#shown.set(station, count);
    else this.#shown.delete(station);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#engine.wantThumbnails([...this.#shown.keys()]), SETTLED);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#observer.disconnect();
  }
}
