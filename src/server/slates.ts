/** Films that can be shown in place of a programme: prepared ahead, in every layout that stations have. */
import { existsSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { messageOf, Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import type { Slate } from '../contract/server-view.js';
import { distinctId } from '../contract/station-id.js';
import type { MediaSettings } from '../media/settings.js';
import { generate, generatedPath } from '../reel/generated.js';
import { closeReel } from '../reel/open-reel.js';
import { prepareReel } from '../reel/prepare.js';
import type { Store } from '../reel/store.js';
import { stationId } from '../station/identity.js';
import type { Station, StationItem } from '../station/station.js';
import type { SlateConfig } from './config.js';
import type { OnServerEvent } from './events.js';
import { findSource } from './sources.js';
import { itemFor } from './station-loader.js';

interface SlateFile extends Slate {
  readonly file: string;
  readonly isGenerated?: boolean;
}

/** Slates come and go at once: their random access points are close together. */
const SLATE_GOP = Millis(1_000);

/** How long stations have been on the air before a slate that nobody asked for is generated. */
const GENERATION_DELAY = Millis(30_000);

export interface SlatesOptions {
  settings: MediaSettings;
  store: Store;
  onEvent: OnServerEvent;
}

/** Named after the words in its picture. */
const generated = { id: 'back-soon', name: 'Back soon', isGenerated: true };

function slateFiles(configs: readonly SlateConfig[], store: Store): SlateFile[] {
  const ids = new Set([generated.id]);
  const given = configs.map(({ name: wanted, file: path }) => {
    const source = findSource(path);
    const [file, ...others] = source.files;
    if (file === undefined || others.length > 0) {
      throw new Problem('source', `${path}: a slate is one file`, 'Name one video file.');
    }
    const name = wanted ?? source.name;
    const id = distinctId(stationId(name, 'h264'), ids);
    ids.add(id);
    return { id, name, file };
  });
  return [...given, { ...generated, file: generatedPath(store, 'slate') }];
}

export class Slates {
  readonly list: readonly Slate[];
  readonly #files: readonly SlateFile[];
  readonly #options: SlatesOptions;
  /** Reels that were made of them, by id. */
  readonly #reels = new Set<string>();
  /** Settles when the reels are made that have been asked for. */
  #making: Promise<unknown> = Promise.resolve();

  /** The slates of the configuration, and one that is generated. Throws a Problem where a file does not exist or is a folder. */
  constructor(configs: readonly SlateConfig[], options: SlatesOptions) {
    this.#files = slateFiles(configs, options.store);
    this.list = this.#files.map(({ id, name }) => ({ id, name }));
    this.#options = options;
  }

  /** Makes the missing reels, one after another. A film that cannot be used is an event; rejects only when aborted. */
  prepare(stations: readonly Station[], signal: AbortSignal): Promise<void> {
    const made = this.#making.then(() => this.#prepare(stations, signal));
    this.#making = made.catch(() => undefined);
    return made;
  }

  /** Whether a reel was made of a slate. */
  has(reel: string): boolean {
    return this.#reels.has(reel);
  }

  async #prepare(stations: readonly Station[], signal: AbortSignal): Promise<void> {
    const targets = new Map(stations.map((station) => [layoutKey(station), station]));
    for (const { name, file, isGenerated = false } of this.#files) {
      if (isGenerated && !existsSync(file) && !(await this.#generate(signal))) continue;
      for (const station of targets.values()) {
        try {
          const settings = { ...this.#settings(station), target: station.items[0]!.reel.data.manifest.layout };
          const { reel } = await prepareReel({ source: file, settings, store: this.#options.store, signal });
          this.#reels.add(reel.data.manifest.id);
          closeReel(reel);
        } catch (error) {
          if (signal.aborted) throw error;
          this.#note(`The slate ${name} cannot be used: ${messageOf(error)}`);
        }
      }
    }
  }

  /** An item with a reel of its own. Rejects with a Problem where there is no such slate, or it is not ready for this station. */
  async itemFor(id: string, station: Station): Promise<StationItem> {
    const slate = this.#files.find((each) => each.id === id);
    if (!slate) throw new Problem('usage', 'there is no such slate', 'The line-up lists them.');
    const isMade = !slate.isGenerated || existsSync(slate.file);
    const item = isMade && (await itemFor(station, slate, { ...this.#options, settings: this.#settings(station) }));
    if (item) return item;
    throw new Problem('usage', `the slate ${slate.name} is not prepared yet`, 'Try again in a moment.');
  }

  /** Whether the film could be generated. */
  async #generate(signal: AbortSignal): Promise<boolean> {
    try {
      await setTimeout(GENERATION_DELAY, undefined, { signal });
      await generate(this.#options.store, 'slate', signal);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      this.#note(`A slate cannot be generated: ${messageOf(error)}`);
      return false;
    }
  }

  #settings({ format }: Station): MediaSettings {
    return { ...this.#options.settings, format, maxGop: SLATE_GOP };
  }

  #note(message: string): void {
    this.#options.onEvent({ kind: 'note', message });
  }
}

const layoutKey = ({ format, items }: Station): string => JSON.stringify([format, items[0]!.reel.data.manifest.layout]);
