/** Memory of answers that their readers have not taken yet. No sockets, no clock. */
import { HttpProblem } from '../http-problem.js';

/** Answers below this many bytes are not counted: the system's own buffer takes them. */
const SMALL = 16 * 1024;
/** Most bytes of answers that wait for one address, unless it is a single answer. */
const MOST_OF_ADDRESS = 8 * 2 ** 20;
/** Most bytes for all addresses: the memory that readers who take nothing can hold. */
const MOST = 64 * 2 ** 20;

/** An answer being sent. */
export interface Answer {
  /** Bytes that its reader has not taken. */
  unread(): number;
  /** Ends its connection. */
  close(): void;
}

interface Counted {
  readonly answer: Answer;
  bytes: number;
}

/** The answers of one address, the oldest first. */
interface Holder {
  readonly answers: Set<Counted>;
  bytes: number;
}

/**
 * Responsible for:
 * - the bytes of answers being sent, by address. Lists and metrics of a thousand stations are megabytes each, and a client that
 *   requests them without reading would otherwise fill the memory. Streams have queues of their own
 * - room for a newcomer when there is no more: the oldest answer of the address that holds most ends, unless the newcomer
 *   would hold more than that
 */
export class Answers {
  readonly #holders = new Map<string, Holder>();
  #all = 0;

  /** Counts an answer until the returned function is called; null: it may not be sent. */
  begin(address: string, bytes: number, answer: Answer): (() => void) | null {
    if (bytes < SMALL) return () => undefined;
    const own = this.#holders.get(address)?.bytes ?? 0;
    if (own > 0 && own + bytes > MOST_OF_ADDRESS) return null;
    if (!this.#makeRoom(address, bytes)) return null;
    const holder = this.#holders.get(address) ?? { answers: new Set(), bytes: 0 };
    this.#holders.set(address, holder);
    const counted = { answer, bytes };
    holder.answers.add(counted);
    this.#add(holder, bytes);
    return () => this.#end(address, counted);
  }

  #makeRoom(address: string, bytes: number): boolean {
    if (this.#all + bytes > MOST) this.#recount();
    while (this.#all + bytes > MOST) {
      const [largest, holder] = this.#largest() ?? [];
      const own = this.#holders.get(address)?.bytes ?? 0;
      if (largest === undefined || holder!.bytes < own + bytes) return false;
      const [oldest] = holder!.answers;
      this.#end(largest, oldest!);
      oldest!.answer.close();
    }
    return true;
  }

  /** Leaves out what has been taken since the answers began. */
  #recount(): void {
    for (const holder of this.#holders.values()) {
      for (const counted of holder.answers) {
        const unread = Math.min(counted.bytes, counted.answer.unread());
        this.#add(holder, unread - counted.bytes);
        counted.bytes = unread;
      }
    }
  }

  #largest(): [string, Holder] | null {
    let largest: [string, Holder] | null = null;
    for (const entry of this.#holders) if (largest === null || entry[1].bytes > largest[1].bytes) largest = entry;
    return largest;
  }

  #end(address: string, counted: Counted): void {
    const holder = this.#holders.get(address);
    if (!holder?.answers.delete(counted)) return;
    this.#add(holder, -counted.bytes);
    if (holder.answers.size === 0) this.#holders.delete(address);
  }

  #add(holder: Holder, bytes: number): void {
    holder.bytes += bytes;
    this.#all += bytes;
  }
}

export const unreadAnswers = (): HttpProblem =>
  new HttpProblem(
    503,
    'Answers wait',
    'This address has not taken its earlier answers yet. Read them, then try again.',
    { 'retry-after': '5' },
  );
