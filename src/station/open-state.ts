/** A station from its stored state, with its reels opened. */
import { Problem } from '../base/problem.js';
import { closeReel } from '../reel/open-reel.js';
import type { Reel } from '../reel/reel.js';
import type { Store } from '../reel/store.js';
import type { StationItem } from './playlist.js';
import { Station } from './station.js';
import type { StoredItem } from './station-state.js';
import { Timeline } from './timeline.js';
import type { PlanEntryData, TimelineDelta } from './timeline-data.js';

/**
 * The station of a snapshot. Where the reel of a period is missing, or is another, the past up to the end of that period is
 * not known. Rejects where that is the newest period, or one of the plan, and with a Problem where the system refuses to read
 * a reel; reels that it opened are closed then.
 */
export async function openState(snapshot: TimelineDelta<StoredItem>, store: Store, ssrc: number): Promise<Station> {
  const reels = new Reels(store);
  try {
    const items = snapshot.items.added.map((): StationItem | null => null);
    const playlists = new Map<number, readonly StationItem[]>();
    const open = async (number: number): Promise<readonly StationItem[]> => {
      const known = playlists.get(number);
      if (known !== undefined) return known;
      const opened: StationItem[] = [];
      for (const index of snapshot.playlists.added[number] ?? missing('playlist', number)) {
        const item = snapshot.items.added[index] ?? missing('item', index);
        items[index] ??= { name: item.name, reel: await reels.open(item) };
        opened.push(items[index]);
      }
      playlists.set(number, opened);
      return opened;
    };
    const entry = async <T extends PlanEntryData>(data: T) => ({ ...data, items: await open(data.playlist) });
    const plan: Awaited<ReturnType<typeof entry<PlanEntryData>>>[] = [];
    for (const data of snapshot.plan) plan.push(await entry(data));
    const periods: Awaited<ReturnType<typeof entry<(typeof snapshot.periods.added)[number]>>>[] = [];
    for (const data of snapshot.periods.added.toReversed()) {
      try {
        periods.unshift(await entry(data));
      } catch (error) {
        // A reel that the system refuses to read is not missing.
        if (periods.length === 0 || error instanceof Problem) throw error;
        break;
      }
    }
    const timeline = Timeline.of({ periods, plan, override: snapshot.override });
    await reels.closeOthers(timeline.items);
    return new Station({ timeline, ssrc });
  } catch (error) {
    await reels.closeOthers([]);
    throw error;
  }
}

/** Responsible for: every reel being open once, and none that is not used. */
class Reels {
  readonly #store: Store;
  readonly #open = new Map<string, Promise<Reel>>();

  constructor(store: Store) {
    this.#store = store;
  }

  async open({ name, reel: id, checksum }: StoredItem): Promise<Reel> {
    const opening = this.#open.get(id) ?? this.#store.openReel(id);
    this.#open.set(id, opening);
    const reel = await opening;
    if (reel.data.manifest.checksum !== checksum) throw new Error(`the reel of ${name} is another`);
    return reel;
  }

  async closeOthers(items: readonly StationItem[]): Promise<void> {
    const used = new Set(items.map(({ reel }) => reel));
    for (const opening of await Promise.allSettled(this.#open.values())) {
      if (opening.status === 'fulfilled' && !used.has(opening.value)) closeReel(opening.value);
    }
  }
}

function missing(kind: string, number: number): never {
  throw new RangeError(`there is no ${kind} ${number}`);
}
