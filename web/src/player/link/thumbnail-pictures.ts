/** Thumbnails as addresses that a page can show. */
import { type ReadonlySignal, signal } from '@preact/signals';

/** Time until an old address is revoked, milliseconds: images show the new one by then. */
const LINGER = 2_000;
/** Thumbnails kept, of about 20 kB each. */
const MOST = 300;

export class ThumbnailPictures {
  readonly #urls = signal<ReadonlyMap<string, string>>(new Map());

  /** By id of the station. */
  get urls(): ReadonlySignal<ReadonlyMap<string, string>> {
    return this.#urls;
  }

  /** `jpeg`: a JPEG file. */
  put(station: string, jpeg: Uint8Array<ArrayBuffer>): void {
    const urls = new Map(this.#urls.peek());
    const old = [urls.get(station)];
    urls.delete(station); // The newest is the last.
    const [oldest] = urls;
    if (oldest && urls.size >= MOST) {
      urls.delete(oldest[0]);
      old.push(oldest[1]);
    }
    urls.set(station, URL.createObjectURL(new Blob([jpeg], { type: 'image/jpeg' })));
    this.#urls.value = urls;
    setTimeout(() => {
      for (const url of old) if (url !== undefined) URL.revokeObjectURL(url);
    }, LINGER);
  }

  close(): void {
    for (const url of this.#urls.peek().values()) URL.revokeObjectURL(url);
    this.#urls.value = new Map();
  }
}
