/**
 * A station's state as it is stored, so that a server that starts sends the packets that the one before it would have sent:
 * entries of which the first has a snapshot of the timeline, and each that follows a delta.
 */
import { z } from 'zod';
import type { StationItem } from './playlist.js';
import type { Station } from './station.js';
import { convertedState } from './station-state-v1.js';

export type { StateHead, StationState, StoredItem } from './stored-shapes.js';

import {
  headShape,
  itemSchema,
  loadedFiller,
  periodShape,
  type StateHead,
  type StationState,
  type StoredItem,
  text,
  ticks,
  whole,
} from './stored-shapes.js';
import { type PeriodData, type TimelineDelta, withDelta } from './timeline-data.js';

const added = <T>(value: z.ZodType<T>) => z.strictObject({ first: whole, added: z.array(value).max(100_000) });
const entryShape = { from: ticks, playlist: whole, item: whole, packet: whole };

const timelineSchema = z.strictObject({
  base: z.int().min(-1),
  revision: whole,
  items: added(itemSchema),
  playlists: added(z.array(whole).min(1).max(100_000)),
  periods: added(z.strictObject({ ...entryShape, ...periodShape })),
  oldest: whole,
  plan: z.array(z.strictObject(entryShape)).min(1).max(100_000),
  override: z.strictObject({ id: text }).nullable(),
});

const entrySchema = z.strictObject({
  version: z.literal(2),
  ...headShape,
  /** Null: the operator changed nothing but the name. */
  timeline: timelineSchema.nullable(),
});

/** An entry as it is stored. */
export type StateEntry = z.infer<typeof entrySchema>;
type StoredTimeline = z.infer<typeof timelineSchema>;

/** The entry with the additions to a station since a revision; since revision −1, with a snapshot. */
export function stateEntry(head: StateHead, station: Station, revision: number): StateEntry {
  const { items, periods, ...delta } = station.timeline.deltaSince(revision);
  const storedItem = ({ name, reel }: StationItem): StoredItem => {
    const { id, checksum } = reel.data.manifest;
    return { name, reel: id, checksum };
  };
  const storedPeriod = ({ filler, ...period }: PeriodData) => ({
    ...period,
    filler: filler && { payloads: Buffer.from(filler.payloads).toString('base64'), duration: filler.duration },
  });
  return {
    version: 2,
    ...head,
    timeline: {
      ...delta,
      items: { ...items, added: items.added.map(storedItem) },
      playlists: { ...delta.playlists, added: delta.playlists.added.map((numbers) => [...numbers]) },
      periods: { ...periods, added: periods.added.map(storedPeriod) },
      plan: [...delta.plan],
    },
  };
}

/** The entry of a station of which only the name is known. */
export const nameEntry = (id: string, name: string | null): StateEntry => ({
  ...{ version: 2, id, sources: [], name, timeline: null },
});

/**
 * The state of station `id` after all its entries, of which the first may be of version 1. Throws where an entry is damaged,
 * another station's, or does not follow the one before.
 */
export function stateOf(id: string, entries: readonly unknown[]): StationState {
  const states = entries.map((entry) =>
    isVersion1(entry) ? convertedState(entry) : entryState(entrySchema.parse(entry)),
  );
  const last = states.at(-1);
  if (last === undefined) throw new RangeError('it is empty');
  let timeline: StationState['timeline'] = null;
  for (const next of states) {
    if (next.id !== id) throw new RangeError(`it belongs to the station ${next.id}`);
    timeline = next.timeline && (timeline === null ? checked(next.timeline) : withDelta(timeline, next.timeline));
  }
  return { ...last, timeline };
}

const isVersion1 = (entry: unknown): boolean =>
  typeof entry === 'object' && entry !== null && 'version' in entry && entry.version === 1;

function entryState({ id, sources, name, timeline }: StateEntry): StationState {
  return { id, sources, name, timeline: timeline && loaded(timeline) };
}

function loaded({ periods, ...rest }: StoredTimeline): TimelineDelta<StoredItem> {
  const added = periods.added.map(({ filler, ...period }) => ({ ...period, filler: loadedFiller(filler) }));
  return { ...rest, periods: { ...periods, added } };
}

function checked(timeline: TimelineDelta<StoredItem>): TimelineDelta<StoredItem> {
  if (timeline.base >= 0) throw new RangeError('it does not begin with a snapshot');
  return timeline;
}
