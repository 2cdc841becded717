/** The items of a station: its layout, the reel of each file in it, and what they are called. */
import { asProblem } from '../base/problem.js';
import type { StationLayout } from '../media/settings.js';
import { closeReel } from '../reel/open-reel.js';
import type { Reel } from '../reel/reel.js';
import type { StationItem } from '../station/playlist.js';
import type { OnServerEvent } from './events.js';
import { type Candidate, chooseLayout } from './layout-choice.js';
import { requestOf } from './preferences.js';
import { fileName, sourceProblem } from './sources.js';
import type { StationPlan } from './station-plan.js';
import { sidecarTitle, titleOf, titlesOf } from './titles.js';

/** The reel of a file, in a layout where one is given. Null: the store does not have it. */
export type ReelOf = (source: string, target: StationLayout | null) => Promise<Reel | null | 'unusable'>;

interface ItemsOptions {
  plan: StationPlan;
  onEvent: OnServerEvent;
}

/**
 * The items in order, in the layout that suits the candidates, the station's files. The file that sets it comes first: its
 * reel is the layout of the others. Null as soon as one is missing; empty where no file can be used.
 */
export async function laidOutItems(
  options: ItemsOptions,
  candidates: readonly Candidate[],
  reelOf: ReelOf,
): Promise<StationItem[] | null> {
  const { plan } = options;
  const request = requestOf(plan.preferences);
  let rest = candidates;
  const unusable = new Set<string>();
  while (rest.length > 0) {
    const choice = chooseLayout({ candidates: rest, format: plan.format, request });
    if (choice?.target) return itemsOf(options, (file) => reelOf(file, choice.target));
    const file = choice?.model ?? rest[0]!.file;
    const model = await reelOf(file, null);
    if (model === null) return null;
    if (model !== 'unusable') return itemsBeside(options, { file, reel: model, unusable }, reelOf);
    unusable.add(file);
    rest = rest.filter((candidate) => candidate.file !== file);
  }
  return [];
}

/** The items, with the reel that sets the layout. Those in `unusable` have been reported. */
async function itemsBeside(
  options: ItemsOptions,
  { file, reel, unusable }: { file: string; reel: Reel; unusable: ReadonlySet<string> },
  reelOf: ReelOf,
): Promise<StationItem[] | null> {
  let isTaken = false;
  const { layout } = reel.data.manifest;
  try {
    const items = await itemsOf(options, async (source) => {
      if (unusable.has(source)) return 'unusable';
      if (source !== file) return reelOf(source, layout);
      isTaken = true;
      return reel;
    });
    return items;
  } finally {
    if (!isTaken) closeReel(reel);
  }
}

/** The items in order. Null as soon as one is missing. */
export async function itemsOf(
  { plan, onEvent }: ItemsOptions,
  reelOf: (source: string) => Promise<Reel | null | 'unusable'>,
): Promise<StationItem[] | null> {
  const titles = namesOf(plan);
  const items: StationItem[] = [];
  let isComplete = false;
  try {
    for (const [index, file] of plan.source.files.entries()) {
      const reel = await reelOf(file);
      if (reel === 'unusable') continue;
      if (reel === null) return null;
      const tag = plan.preferences.titles === 'tag' ? reel.data.manifest.properties.title : null;
      items.push({ name: (await besideName(file, plan, onEvent)) ?? tag ?? titles[index]!, reel });
    }
    isComplete = true;
    return items;
  } finally {
    if (!isComplete) for (const { reel } of items) closeReel(reel);
  }
}

/** What items are called by their files' names; that of a station of one file that was given a name has that. */
function namesOf({ name, source: { path, files } }: StationPlan): string[] {
  const [file] = files;
  if (file === undefined || file !== path) return titlesOf(files);
  return [name === fileName(file) ? titleOf(file) : name];
}

/** The title in the file beside a film; null where there is none, or it cannot be read, which is an event. */
async function besideName(file: string, plan: StationPlan, onEvent: OnServerEvent): Promise<string | null> {
  try {
    return await sidecarTitle(file);
  } catch (error) {
    const { message } = asProblem(sourceProblem(`the .nfo beside ${file}`, error));
    onEvent({ kind: 'note', message: `${plan.number} ${plan.name}: ${message}.`, station: plan });
    return null;
  }
}
