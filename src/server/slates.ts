/** What can be shown in place of what stations play: prepared beforehand, for every layout that stations have. */
import { setTimeout } from 'node:timers/promises';
import { messageOf, Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import type { Output } from '../cli/output.js';
import type { Slate } from '../contract/server-view.js';
import { distinctId } from '../contract/station-id.js';
import type { MediaSettings } from '../media/settings.js';
import { generate, generatedPath } from '../reel/generated.js';
import { closeReel } from '../reel/open-reel.js';
import { prepareReel } from '../reel/prepare.js';
import type { Store } from '../reel/store.js';
import { stationId } from '../station/identity.js';
import type { Station, StationItem } from '../station/station.js';
import { itemFor } from './line-up.js';
import { findSources } from './sources.js';

export interface SlateFile extends Slate {
  readonly file: string;
  /** Nobody has to make it: it is generated. */
  readonly isGenerated?: boolean;
}

/** Slates can be begun and left so often: they come and go soon. */
const SLATE_GOP: Millis = 1_000;

/** Before what nobody asked for is made, stations have been on the air for so long. */
const PATIENCE: Millis = 30_000;

export interface SlatesOptions {
  settings: MediaSettings;
  store: Store;
  output: Output;
}

/** What the generated one says. */
const generated = { id: 'back-soon', name: 'Back soon', isGenerated: true };

/** The one that is generated, and those given: each a file, or NAME=FILE. Throws a Problem where one is not there, or a folder. */
export function findSlates(words: readonly string[], store: Store): SlateFile[] {
  const ids = new Set([generated.id]);
  const sources = findSources(words, (problem) => {
    throw problem;
  });
  const given = sources.flatMap((source) => {
    if (source === null) return [];
    const { name, path, files } = source;
    if (files.length !== 1) throw new Problem('source', `${path}: a slate is one file`, 'Name one video file.');
    const id = distinctId(stationId(name, 'h264'), ids);
    ids.add(id);
    return [{ id, name, file: files[0] }];
  });
  return [...given, { ...generated, file: generatedPath(store, 'slate') }];
}

export class Slates {
  readonly list: readonly SlateFile[];
  readonly #options: SlatesOptions;

  constructor(list: readonly SlateFile[], options: SlatesOptions) {
    this.list = list;
    this.#options = { ...options, settings: { ...options.settings, maxGop: SLATE_GOP } };
  }

  /** Makes what is missing, one after another. Says what cannot be used; rejects with a Problem only when aborted. */
  async prepare(stations: readonly Station[], signal: AbortSignal): Promise<void> {
    const { settings, store, output } = this.#options;
    const layouts = new Map(
      stations.map(({ items: [{ reel }] }) => [JSON.stringify(reel.data.manifest.layout), reel.data.manifest.layout]),
    );
    for (const { name, file, isGenerated = false } of this.list) {
      if (isGenerated && !(await this.#generate(signal))) continue;
      for (const target of layouts.values()) {
        try {
          const { reel } = await prepareReel({ source: file, settings: { ...settings, target }, store, signal });
          closeReel(reel);
        } catch (error) {
          if (signal.aborted) throw error;
          output.say(`The slate ${name} cannot be used: ${messageOf(error)}`);
        }
      }
    }
  }

  /** False where it cannot be. */
  async #generate(signal: AbortSignal): Promise<boolean> {
    const { store, output } = this.#options;
    try {
      await setTimeout(PATIENCE, undefined, { signal });
      await generate(store, 'slate', signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      output.say(`A slate cannot be generated: ${messageOf(error)}`);
      return false;
    }
  }

  /** Rejects with a Problem where there is none of that id, or it is not ready for this station. */
  async itemFor(id: string, station: Station): Promise<StationItem> {
    const slate = this.list.find((each) => each.id === id);
    if (!slate) throw new Problem('usage', 'there is no such slate', 'The line-up lists them.');
    const item = await itemFor(station, slate, this.#options);
    if (item) return item;
    throw new Problem('usage', `the slate ${slate.name} is not prepared yet`, 'Try again in a moment.');
  }
}
