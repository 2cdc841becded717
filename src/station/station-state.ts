/**
 * What an operator has changed in a station, in a file, so that a server that comes back sends what the one before it would
 * have: `stations/<id>.json` beside the reels.
 */
import { createHash } from 'node:crypto';
import { readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../base/atomic-file.js';
import { systemCode } from '../base/problem.js';
import { closeReel } from '../reel/open-reel.js';
import type { Reel } from '../reel/reel.js';
import type { Store } from '../reel/store.js';
import type { StationItem } from './period.js';
import { MOST_ERAS, Station } from './station.js';
import { type PeriodData, periodOf } from './station-data.js';

const whole = z.int().min(0);
const counter = z.int().min(0).max(15);
const text = z.string().max(1_000);

const eraShape = {
  from: whole,
  first: whole,
  items: z.array(whole).min(1).max(100_000),
  item: whole,
  packet: whole,
  counters: z.strictObject({ pat: counter, pmt: counter, video: counter, audio: counter }).nullable(),
  filler: z.strictObject({ payloads: z.base64().max(1 << 20), duration: whole }).nullable(),
};
const programme = z.array(z.strictObject({ ...eraShape, slate: z.null() })).max(MOST_ERAS);
const eraSchema = z.strictObject({ ...eraShape, slate: z.strictObject({ id: text, programme }).nullable() });

const schema = z.strictObject({
  version: z.literal(1),
  id: text,
  /** Hashes of the files that it plays: where they are others, it is another station. */
  sources: z.array(z.string().max(200)).max(100_000),
  /** What the operator calls it; null: as ever. */
  name: text.nullable(),
  items: z
    .array(z.strictObject({ name: text, reel: z.string().regex(/^[\w-]{1,100}$/), checksum: whole }))
    .max(100_000),
  /** None: there is only the name. */
  periods: z.array(eraSchema).max(MOST_ERAS),
});

/** As it stands in the file. */
export type KeptData = z.infer<typeof schema>;

/** What is kept besides the periods. */
export type KeptWords = Pick<KeptData, 'sources' | 'name'>;

/** A station as it is kept. */
export function keptData(id: string, station: Station, words: KeptWords): KeptData {
  const { items, periods } = station.data;
  return {
    version: 1,
    id,
    ...words,
    items: items.map(({ name, reel: { manifest } }) => ({ name, reel: manifest.id, checksum: manifest.checksum })),
    periods: periods.map(({ slate, ...period }) => ({
      ...storedPeriod(period),
      slate: slate && {
        id: slate.id,
        programme: slate.programme.map((each) => ({ ...storedPeriod(each), slate: null })),
      },
    })),
  };
}

type StoredPeriod = Omit<KeptData['periods'][number], 'slate'>;

const storedPeriod = ({
  from,
  first,
  items,
  item,
  packet,
  counters,
  filler,
}: Omit<PeriodData, 'slate'>): StoredPeriod => ({
  ...{ from, first, items: [...items], item, packet, counters },
  filler: filler && { payloads: Buffer.from(filler.payloads).toString('base64'), duration: filler.duration },
});

const eraData = ({ filler, ...period }: StoredPeriod): PeriodData => ({
  ...period,
  filler: filler && { payloads: sharedBytes(filler.payloads), duration: filler.duration },
  slate: null,
});

const withSlate = ({ slate, ...period }: KeptData['periods'][number]): PeriodData => ({
  ...eraData(period),
  slate: slate && { id: slate.id, programme: slate.programme.map(eraData) },
});

function sharedBytes(base64: string): SharedArrayBuffer {
  const bytes = Buffer.from(base64, 'base64');
  const shared = new SharedArrayBuffer(bytes.length);
  bytes.copy(Buffer.from(shared));
  return shared;
}

/** As long as most file systems allow, with what is put behind it. */
const LONGEST_NAME = 200;

export class KeptFile {
  readonly path: string;
  readonly #id: string;

  /** Of the station `id`, in the folder of a store. */
  constructor(folder: string, id: string) {
    const name = Buffer.byteLength(id) <= LONGEST_NAME ? id : createHash('sha256').update(id).digest('hex');
    this.path = join(folder, 'stations', `${name}.json`);
    this.#id = id;
  }

  /** What it says; null where there is none. Rejects with what is wrong with it. */
  async read(): Promise<KeptData | null> {
    try {
      const data = schema.parse(JSON.parse(await readFile(this.path, 'utf8')));
      if (data.id !== this.#id) throw new Error(`it is that of the station ${data.id}`);
      return data;
    } catch (error) {
      if (systemCode(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /** Moves it out of the way; returns where it lies then. */
  async putAside(): Promise<string> {
    const aside = this.path.replace(/\.json$/, '.old.json');
    await rename(this.path, aside);
    return aside;
  }

  /** Replaces it as a whole; when it resolves, it is on the disk. */
  async write(data: KeptData): Promise<void> {
    await replaceFile(this.path, `${JSON.stringify(data)}\n`);
  }
}

/**
 * The station as it was kept, its reels opened. Where the reel of an period is not there any more, or is another, what was on
 * the air up to its end is not known; where that is the newest, it rejects.
 */
export async function openKept(data: KeptData, store: Store, ssrc: number): Promise<Station> {
  const reels = new Map<string, Reel>();
  const open = async (numbers: readonly number[]) => {
    for (const number of numbers) {
      const item = data.items[number];
      if (item === undefined) throw new RangeError(`there is no item ${number}`);
      const reel = reels.get(item.reel) ?? (await store.openReel(item.reel));
      reels.set(item.reel, reel);
      if (reel.data.manifest.checksum !== item.checksum) throw new Error(`the reel of ${item.name} is another`);
    }
  };
  try {
    let first = data.periods.length;
    while (first > 0) {
      const { items, slate } = data.periods[first - 1];
      try {
        await open([...items, ...(slate?.programme ?? []).flatMap((period) => period.items)]);
      } catch (error) {
        if (first === data.periods.length) throw error;
        break;
      }
      first--;
    }
    const items = data.items.map(({ name, reel }) => ({ name, reel: reels.get(reel) }));
    const station = new Station({
      periods: data.periods.slice(first).map((period) => periodOf(withSlate(period), items as StationItem[])),
      ssrc,
    });
    const used = new Set(station.data.items.map(({ reel }) => reel.descriptor));
    for (const reel of reels.values()) if (!used.has(reel.data.descriptor)) closeReel(reel);
    return station;
  } catch (error) {
    for (const reel of reels.values()) closeReel(reel);
    throw error;
  }
}
