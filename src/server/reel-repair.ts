/** Stations whose reel turned out to be damaged while it is open. */
import { asProblem, Problem } from '../base/problem.js';
import type { ReelDamage } from '../reel/read-reel.js';
import type { Store } from '../reel/store.js';
import type { Broadcaster } from './broadcaster.js';
import type { ServerEvents } from './events.js';
import type { Entry, LineUp } from './line-up.js';
import type { ServerOperator } from './operator.js';

export interface ReelRepairOptions {
  store: Store;
  lineUp: LineUp;
  broadcaster: Broadcaster;
  operator: ServerOperator;
  events: ServerEvents;
  /** Closes a station and loads it again; it goes on the air if `isOnAir`. Rejects where that fails. */
  restart(entry: Entry, isOnAir: boolean): Promise<void>;
}

/**
 * Responsible for:
 * - a damaged reel being set aside, and made again for each station that plays it
 * - the stations that play it: one with other items goes on with those, another is off the air until then
 * - a line for each of them, also where it cannot be made again
 */
export class ReelRepair {
  readonly #options: ReelRepairOptions;

  constructor(options: ReelRepairOptions) {
    this.#options = options;
  }

  async replace(reel: string, damage: ReelDamage): Promise<void> {
    const { store, lineUp, events } = this.#options;
    const aside = await store.setAside(reel);
    const next = `It is kept in ${aside}, and made again from its source.`;
    const entries = lineUp.entries.filter((entry) => uses(entry, reel));
    for (const { plan } of entries) {
      const problem = new Problem('store', `${plan.number} ${plan.name}: ${damage.message}`, next);
      events.emit({ kind: 'problem', problem, station: plan });
    }
    // A slate, which is made again at the next start, or what was on the air in the past.
    if (entries.length === 0) events.emit({ kind: 'problem', problem: new Problem('store', damage.message, next) });
    for (const entry of entries) await this.#replaceIn(entry, reel);
  }

  async #replaceIn(entry: Entry, reel: string): Promise<void> {
    const { operator, broadcaster, events, lineUp, restart } = this.#options;
    const { plan, ready } = entry;
    const isOnAir = broadcaster.find(plan.id) !== undefined;
    const hasOthers = ready?.station.items.some(({ reel: { data } }) => data.manifest.id !== reel) ?? false;
    try {
      if (isOnAir && hasOthers) await operator.replaceReel(plan.id, reel);
      else await restart(entry, isOnAir);
      if (uses(entry, reel)) return;
      const problem = new Problem(
        'source',
        `${plan.number} ${plan.name}: the source of a damaged reel is gone`,
        PUT_BACK,
      );
      events.emit({ kind: 'problem', problem, station: plan });
    } catch (error) {
      if (entry.removal.signal.aborted) return;
      const { code, message, next } = asProblem(error);
      const what = `${plan.number} ${plan.name}: its damaged reel cannot be made again: ${message}`;
      events.emit({ kind: 'problem', problem: new Problem(code, what, next, { cause: error }), station: plan });
      if (entry.ready !== null) return;
      lineUp.delete(entry);
      events.emit({ kind: 'removed', station: plan });
    }
  }
}

const PUT_BACK = 'Put the file back and reload the station: it goes on without it until then.';

/** Whether a station plays the reel now. */
const uses = ({ ready }: Entry, reel: string): boolean =>
  ready?.station.items.some(({ reel: { data } }) => data.manifest.id === reel) ?? false;
