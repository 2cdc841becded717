/** Several servers asked for the same, so that a silent one costs little time. No sockets. */
import type { Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';

/**
 * Time without a good answer after which more servers are asked: several round trips of a local network, and with what follows
 * a viewer behind a silent server still has its picture within 100 ms. With twice as many each time, sixteen servers have been
 * asked within four of these.
 */
export const HEDGE = Millis(60);

export interface RaceOptions<T> {
  timers: Timers;
  /** A value that ends the race; others are taken when none better comes within HEDGE. */
  isGood: (value: T) => boolean;
  /** Called with each value that is not taken, also with those that come after the end. */
  drop: (value: T) => void;
}

/**
 * Begins with the first try. After each HEDGE as many again begin as have begun, after an error or a value that is not good the
 * next one at once. Resolves with the first good value, else with the first; rejects with the first error when there is none.
 */
export function race<T>(tries: readonly (() => Promise<T>)[], { timers, isGood, drop }: RaceOptions<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let pending = 0;
    let isOver = false;
    let fair: { value: T } | null = null;
    let failure: { error: unknown } | null = null;
    const cancels: (() => void)[] = [];
    const end = (finish: () => void): void => {
      isOver = true;
      for (const cancel of cancels) cancel();
      finish();
    };
    const begin = (count: number): void => {
      for (const start of tries.slice(begun, begun + count)) {
        begun++;
        pending++;
        start().then(onValue, onError);
      }
    };
    const endIfDone = (): void => {
      if (isOver) return;
      begin(1);
      if (pending > 0) return;
      const { value } = fair ?? {};
      end(() => (fair === null ? reject(failure?.error) : resolve(value as T)));
    };
    const onValue = (value: T): void => {
      pending--;
      if (isOver) drop(value);
      else if (isGood(value)) {
        if (fair !== null) drop(fair.value);
        end(() => resolve(value));
      } else {
        if (fair !== null) drop(value);
        else {
          fair = { value };
          cancels.push(timers.after(HEDGE, () => end(() => resolve(value))));
        }
        endIfDone();
      }
    };
    const onError = (error: unknown): void => {
      pending--;
      failure ??= { error };
      endIfDone();
    };
    const hedge = (): void => {
      if (begun < tries.length) cancels.push(timers.after(HEDGE, hedge));
      begin(begun);
    };
    begin(1);
    if (begun < tries.length) cancels.push(timers.after(HEDGE, hedge));
    else if (tries.length === 0) reject(new RangeError('there is nothing to try'));
  });
}
