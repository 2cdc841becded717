/**
 * States of version 1, in which a slate had the programme below it inside itself. Their fields have the names that earlier
 * releases wrote: `eras` are periods, and a `bridge` is a filler.
 */
import { z } from 'zod';
import { headShape, itemSchema, loadedFiller, periodShape, type StationState } from './stored-shapes.js';
import type { PlanEntryData } from './timeline-data.js';

/** Most periods that version 1 kept. */
const MOST_PERIODS = 250;

const { filler: bridge, ...common } = periodShape;
const shape = { ...common, bridge, items: z.array(z.int().min(0)).min(1).max(100_000) };
const programme = z.array(z.strictObject({ ...shape, slate: z.null() })).max(MOST_PERIODS);
const slate = z.strictObject({ id: z.string().max(1_000), programme }).nullable();

const schema = z.strictObject({
  version: z.literal(1),
  ...headShape,
  items: z.array(itemSchema).max(100_000),
  /** None: there is only the name. */
  eras: z.array(z.strictObject({ ...shape, slate })).max(MOST_PERIODS),
});

/** The state of an entry of version 1. Throws where it is damaged. */
export function convertedState(entry: unknown): StationState {
  const { id, sources, name, items, eras } = schema.parse(entry);
  const newest = eras.at(-1);
  if (newest === undefined) return { id, sources, name, timeline: null };
  const playlists: number[][] = [];
  const playlistOf = (numbers: number[]): number => {
    const known = playlists.findIndex(
      (each) => each.length === numbers.length && each.every((n, i) => n === numbers[i]),
    );
    return known >= 0 ? known : playlists.push(numbers) - 1;
  };
  const entryOf = ({ from, items, item, packet }: (typeof programme)['_output'][number]): PlanEntryData => ({
    ...{ from, item, packet },
    playlist: playlistOf(items),
  });
  const shown = newest.slate;
  // Below a slate lies its programme; otherwise it is everything since the last slate.
  const plan = shown?.programme ?? eras.slice(eras.findLastIndex((each) => each.slate !== null) + 1);
  const added = eras.map(({ slate: _, ...era }) => ({
    ...entryOf({ ...era, slate: null }),
    first: era.first,
    counters: era.counters,
    filler: loadedFiller(era.bridge),
  }));
  const timeline = {
    ...{ base: -1, revision: 0, oldest: 0 },
    items: { first: 0, added: items },
    periods: { first: 0, added },
    plan: plan.map((each) => entryOf({ ...each, slate: null })),
    playlists: { first: 0, added: playlists },
    override: shown && { id: shown.id },
  };
  return { id, sources, name, timeline };
}
