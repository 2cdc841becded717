/** A station's subtitles as they arrive, and the page of a moment. */
import {
  type Millis,
  millisToTicks,
  PTS_MODULUS,
  Ticks90k,
  ticksToMillis,
  unwrap,
} from '../../../../src/base/units.js';
import type { SubtitlePage } from '../../../../src/wire/dvb-subtitle.js';
import { DvbSubtitleDecoder } from '../../../../src/wire/dvb-subtitle-decoder.js';
import { PesCollector } from '../../../../src/wire/pes-collector.js';
import { Pid } from '../../../../src/wire/ts.js';

/** Bytes of pages that are kept, of all languages: minutes of them. */
const MOST_BYTES = 8 * 2 ** 20;

interface Unit {
  stream: number;
  /** Since the Unix epoch. */
  pts: Millis;
  data: Uint8Array;
}

/** Responsible for: the pages of all languages, so that another one is there at once. Every page is whole by itself. */
export class Subtitles {
  readonly #first: number;
  readonly #collector: PesCollector;
  /** In the order of their arrival, which is that of their times but for seeks. */
  #units: Unit[] = [];
  #bytes = 0;

  /** `first`: the number of the first stream of subtitles among the further ones; `count`: how many there are. */
  constructor({ first, count }: { first: number; count: number }) {
    this.#first = Pid.further + first;
    this.#collector = new PesCollector((pid) => pid >= this.#first && pid < this.#first + count);
  }

  /** Takes whole TS packets that leave near `time` (Unix epoch). */
  take(packets: Uint8Array, time: Millis): void {
    for (const { pid, pts: wrapped, data } of this.#collector.take(packets)) {
      const pts = ticksToMillis(Ticks90k(unwrap(wrapped, millisToTicks(time), PTS_MODULUS)));
      this.#units.push({ stream: pid - this.#first, pts, data });
      this.#bytes += data.length;
    }
    while (this.#bytes > MOST_BYTES) this.#bytes -= this.#units.shift()?.data.length ?? this.#bytes;
  }

  /** The data of the page of a stream at `pts` (Unix epoch), the same object while it lasts; null before the first. */
  at(stream: number, pts: Millis): Uint8Array | null {
    let newest: Unit | null = null;
    for (const unit of this.#units) {
      if (unit.stream === stream && unit.pts <= pts && (newest === null || unit.pts >= newest.pts)) newest = unit;
    }
    return newest?.data ?? null;
  }
}

/** The page in PES data; null where it is damaged, or nothing is on it. */
export function pageOf(data: Uint8Array | null): SubtitlePage | null {
  const page = data && new DvbSubtitleDecoder().decode(data);
  return page && page.regions.length > 0 ? page : null;
}
