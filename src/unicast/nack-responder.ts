/**
 * Who misses which packets of a station: requests in, answers out. What many miss was lost before their ways parted, and is
 * answered once, to the group. No clock.
 */
import type { Millis, PacketNumber } from '../base/units.js';

/** NackGenerator for one packet are gathered for so long. */
export const GATHERING: Millis = 4;
/** After an answer to the group, whoever first asks within so long most likely has it on its way. */
export const GROUP_SILENCE: Millis = 100;
/** Receivers look at their groups every 20 ms: who asks again sooner than this has not looked. */
export const UNSEEN: Millis = 30;
/** Answered to the group when at least so many miss a packet, and at least this share of the station's viewers. */
const LEAST_FOR_GROUP = 3;
const SHARE_FOR_GROUP = 0.1;
/** NackGenerator for one packet have to do with each other within this. */
const MEMORY: Millis = 1_000;
/** Packets remembered; requests for more are refused. */
const MOST_PACKETS = 16_384;

export interface Answer<C> {
  n: PacketNumber;
  /** Null: to the group. */
  to: C | null;
  copies: number;
  /** When it was first asked for. */
  askedAt: Millis;
}

interface Waiting<C> {
  client: C;
  copies: number;
}

interface Asked<C> {
  readonly n: PacketNumber;
  readonly askedAt: Millis;
  /** How many have asked for the first time. */
  askers: number;
  waiting: Waiting<C>[];
  groupAt: Millis;
}

export class NackResponder<C> {
  readonly #asked = new Map<PacketNumber, Asked<C>>();
  /** Those with somebody waiting, by when they are answered. */
  readonly #queue: { asked: Asked<C>; at: Millis }[] = [];

  /** When the next answers are due; Infinity for none. */
  get nextAt(): Millis {
    return this.#queue[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** A client misses packet `n`. More than one copy is asked for by who has asked before. False when too much is missing. */
  ask(n: PacketNumber, client: C, copies: number, now: Millis): boolean {
    let asked = this.#asked.get(n);
    if (asked === undefined) {
      this.#forget(now);
      if (this.#asked.size >= MOST_PACKETS) return false;
      asked = { n, askedAt: now, askers: 0, waiting: [], groupAt: Number.NEGATIVE_INFINITY };
      this.#asked.set(n, asked);
    }
    if (copies === 1) asked.askers++;
    if (now - asked.groupAt < (copies === 1 ? GROUP_SILENCE : UNSEEN)) return true;
    const before = asked.waiting.find((each) => each.client === client);
    if (before !== undefined) {
      before.copies = Math.max(before.copies, copies);
      return true;
    }
    if (asked.waiting.length === 0) this.#queue.push({ asked, at: now + GATHERING });
    asked.waiting.push({ client, copies });
    return true;
  }

  /** An answer that cannot be given yet is due again in a while. */
  again({ n, to, copies }: Answer<C>, now: Millis): void {
    const asked = this.#asked.get(n);
    if (asked === undefined || to === null) return;
    if (asked.waiting.length === 0) this.#queue.push({ asked, at: now + GATHERING });
    asked.waiting.push({ client: to, copies });
  }

  /** What is to be sent now, to a station with so many viewers. */
  due(now: Millis, members: number): Answer<C>[] {
    const answers: Answer<C>[] = [];
    const enough = Math.max(LEAST_FOR_GROUP, members * SHARE_FOR_GROUP);
    while (this.nextAt <= now) {
      const { asked } = this.#queue.shift()!;
      const { n, askedAt, waiting } = asked;
      asked.waiting = [];
      const isNew = asked.groupAt === Number.NEGATIVE_INFINITY;
      if (waiting.length >= enough || (isNew && waiting.length > 0 && asked.askers >= enough)) {
        asked.groupAt = now;
        answers.push({ n, to: null, copies: isNew ? 1 : 2, askedAt });
      } else {
        for (const { client, copies } of waiting) answers.push({ n, to: client, copies, askedAt });
      }
    }
    return answers;
  }

  /** The client does not wait any more. */
  leave(client: C): void {
    for (const { asked } of this.#queue) asked.waiting = asked.waiting.filter((each) => each.client !== client);
  }

  #forget(now: Millis): void {
    for (const [n, { askedAt, waiting }] of this.#asked) {
      if (now - askedAt < MEMORY) return; // The rest is younger.
      if (waiting.length === 0) this.#asked.delete(n);
    }
  }
}
