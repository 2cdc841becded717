/** Ids and numbers of stations that are unique across servers. Each costs the same, however many there are. */

/** Of an id, in code points. */
const LONGEST_ID = 100;
/** Of the digits that follow an id. */
const LONGEST_SUFFIX = 8;
const HIGHEST_NUMBER = 65_535;

/** Responsible for: ids that are in use. */
export class Ids {
  readonly #taken = new Set<string>();
  /** The suffix to be tried next, by id: those below were in use. */
  readonly #next = new Map<string, number>();

  /** Takes `id`, or if that is in use, `id` with the suffix "-2", "-3" …, and returns it. */
  take(id: string): string {
    const taken = this.#taken.has(id) ? this.#withSuffix(id) : id;
    this.#taken.add(taken);
    return taken;
  }

  release(id: string): void {
    this.#taken.delete(id);
    if (this.#next.size > 2 * this.#taken.size) this.#next.clear();
  }

  #withSuffix(id: string): string {
    const base = [...id].slice(0, LONGEST_ID - LONGEST_SUFFIX).join('');
    let number = this.#next.get(base) ?? 2;
    while (this.#taken.has(`${base}-${number}`)) number++;
    this.#next.set(base, number + 1);
    return `${base}-${number}`;
  }
}

/** Responsible for: numbers that are in use, at most HIGHEST_NUMBER of them. */
export class Numbers {
  readonly #taken = new Set<number>();
  /** All below are in use. */
  #lowestFree = 1;

  /** Takes `number`, or if that is in use, the lowest that is not, and returns it. */
  take(number: number): number {
    while (this.#taken.has(this.#lowestFree)) this.#lowestFree++;
    const taken = this.#taken.has(number) ? this.#lowestFree : number;
    if (taken > HIGHEST_NUMBER) throw new RangeError(`all ${HIGHEST_NUMBER} numbers are in use`);
    this.#taken.add(taken);
    return taken;
  }

  release(number: number): void {
    this.#taken.delete(number);
    this.#lowestFree = Math.min(this.#lowestFree, number);
  }
}
