/** Stations whose reel turned out to be damaged while it is open. */
import { asProblem, Problem } from '../base/problem.js';
import { inodeOf } from '../reel/open-reel.js';
import type { ReelDamage } from '../reel/read-reel.js';
import type { Store } from '../reel/store.js';
import type { StationItem } from '../station/station.js';
import type { ServerEvents } from './events.js';
import type { Entry, LineUp } from './line-up.js';
import type { ServerOperator } from './operator.js';
import type { Slates } from './slates.js';

export interface ReelRepairOptions {
  store: Pick<Store, 'setAside'>;
  lineUp: LineUp;
  operator: ServerOperator;
  slates: Pick<Slates, 'has'>;
  events: ServerEvents;
  /** Makes the missing reels of slates. */
  prepareSlates(): Promise<void>;
  /** Aborted when the server ends. */
  signal: AbortSignal;
}

/**
 * Responsible for:
 * - films with damage that was copied being prepared again
 * - a damaged reel being set aside, and made again for each station that plays it, or for slates
 * - the stations that play it: they go on with their other items, or with the damaged reel, until then
 * - a line for each of them, also where it cannot be made again
 */
export class ReelRepair {
  readonly #options: ReelRepairOptions;

  constructor(options: ReelRepairOptions) {
    this.#options = options;
  }

  async replace(reel: string, damage: ReelDamage): Promise<void> {
    const { store, lineUp, slates, events, prepareSlates } = this.#options;
    const aside = await store.setAside(reel, damage.packets);
    const isDamaged = ofFile(reel, damage);
    const entries = lineUp.entries.filter(({ ready }) => ready?.station.items.some(isDamaged));
    for (const entry of entries) {
      const meanwhile = `Until then the station goes on ${hasOthers(entry, isDamaged) ? 'with its other items' : 'with it'}.`;
      const next =
        aside === null
          ? 'Another server has made it again: the station changes to that one.'
          : `It is kept in ${aside}, and made again from its source. ${meanwhile}`;
      this.#emit(entry, new Problem('store', damage.message, next));
    }
    const isSlate = slates.has(reel);
    if (entries.length === 0) {
      const next =
        aside === null ? 'It was made again.' : `It is kept in ${aside}${isSlate ? ', and made again' : ''}.`;
      events.emit({ kind: 'problem', problem: new Problem('store', damage.message, next) });
    }
    for (const entry of entries) await this.#replaceIn(entry, isDamaged);
    if (isSlate) await prepareSlates();
  }

  /** For a reel into which damage was copied, found by decoding: its film is prepared again, and encoded around it. */
  async encodeDamage(reel: string): Promise<void> {
    const { lineUp, operator, events, signal } = this.#options;
    const plays = ({ ready }: Entry) =>
      ready?.station.items.some((item) => item.reel.data.manifest.id === reel) ?? false;
    for (const entry of lineUp.entries.filter(plays)) {
      const { number, name } = entry.plan;
      const message = `${number} ${name}: decoding found damage in a film that was copied. It is encoded around the damage, and plays as it is until then.`;
      events.emit({ kind: 'note', message, station: entry.plan });
      try {
        await operator.takeReels(entry);
      } catch (error) {
        if (entry.removal.signal.aborted || signal.aborted) return;
        const { code, message, next } = asProblem(error);
        this.#emit(entry, new Problem(code, `its damaged film plays on: ${message}`, next, { cause: error }));
      }
    }
  }

  async #replaceIn(entry: Entry, isDamaged: (item: StationItem) => boolean): Promise<void> {
    const { operator, signal } = this.#options;
    const isAlone = !hasOthers(entry, isDamaged);
    try {
      const before = countOf(entry);
      await operator.replaceReel(entry, isDamaged);
      if (countOf(entry) >= before) return;
      this.#emit(entry, new Problem('source', 'the source of a damaged reel is gone', PUT_BACK));
    } catch (error) {
      if (entry.removal.signal.aborted || signal.aborted) return;
      const { code, message, next } = asProblem(error);
      const goesOn = isAlone ? ' The station goes on with the damaged one: reload it when its source is back.' : '';
      const what = `its damaged reel cannot be made again: ${message}`;
      this.#emit(entry, new Problem(code, what, `${next}${goesOn}`, { cause: error }));
    }
  }

  #emit({ plan }: Entry, { code, message, next, cause }: Problem): void {
    const problem = new Problem(code, `${plan.number} ${plan.name}: ${message}`, next, { cause });
    this.#options.events.emit({ kind: 'problem', problem, station: plan });
  }
}

const PUT_BACK = 'Put the file back and reload the station: it goes on without it until then.';

/** Whether an item is read from the damaged file: one that was made again meanwhile has the same id. */
const ofFile =
  (id: string, { packets }: ReelDamage) =>
  ({ reel }: StationItem): boolean =>
    reel.data.manifest.id === id && (packets === null || inodeOf(reel) === packets.inode);

const countOf = ({ ready }: Entry): number => ready?.station.items.length ?? 0;

const hasOthers = ({ ready }: Entry, isDamaged: (item: StationItem) => boolean): boolean =>
  ready?.station.items.some((item) => !isDamaged(item)) ?? false;
