/** Retransmissions of lost packets. No clock. */
import { Millis, PacketNumber } from '../base/units.js';
import type { BudgetedWriter } from './budgeted-writer.js';
import { DueQueue } from './due-queue.js';
import type { Members, Retransmission } from './nack-responder.js';
import type { Client, OnAir } from './on-air.js';

/** Packets that are not in memory are tried again until this long after their request. */
const PATIENCE = Millis(500);

export interface RepairsOptions {
  writer: BudgetedWriter;
  /** The viewers of a station. */
  members(station: string): Members;
  /** Called with a station whose packets a fault of the program concerns. */
  onFault(onAir: OnAir, error: unknown): void;
}

/** Serves the NACK responders of all stations; one without requests costs nothing. */
export class Repairs {
  readonly #options: RepairsOptions;
  readonly #due = new DueQueue<OnAir>();

  constructor(options: RepairsOptions) {
    this.#options = options;
  }

  /** The time of the next retransmissions; Infinity for none. */
  get nextAt(): Millis {
    return this.#due.nextAt;
  }

  /** Takes a client's requests for the packets of `missing` from `oldest` to `newest`; the group may need those from `recent` on. */
  request(
    client: Client,
    { missing, copies }: { missing: readonly PacketNumber[]; copies: number },
    { oldest, recent, newest, now }: { oldest: PacketNumber; recent: PacketNumber; newest: PacketNumber; now: Millis },
  ): void {
    const { onAir } = client;
    const { responder, counts } = onAir;
    const asked = { recent: { copies, isRecent: true }, past: { copies, isRecent: false } };
    const most = Math.floor(Math.min(missing.length, Math.max(0, client.requests.room(0, now))));
    client.requests.take(most);
    counts.refusedPackets += missing.length - most;
    for (let i = 0; i < most; i++) {
      const n = missing[i]!;
      if (n < oldest || n > newest) continue;
      counts.requested++;
      if (!responder.request(n, client, n >= recent ? asked.recent : asked.past, now)) counts.refusedPackets++;
    }
    this.#due.set(onAir, responder.nextAt);
  }

  remove(onAir: OnAir): void {
    this.#due.remove(onAir);
  }

  /** Writes the retransmissions that are due. */
  tick(now: Millis): void {
    for (let onAir = this.#due.take(now); onAir; onAir = this.#due.take(now)) {
      try {
        this.#respond(onAir, now);
      } catch (error) {
        this.#options.onFault(onAir, error);
      }
    }
  }

  #respond(onAir: OnAir, now: Millis): void {
    const { responder } = onAir;
    const members = this.#options.members(onAir.id);
    const due = responder.takeDue(now, members, (n, copies) => this.#sendToGroup(onAir, n, copies, now));
    // Consecutive packets to one client leave as one message.
    due.sort((a, b) => a.to.destination.number - b.to.destination.number || a.n - b.n);
    for (const each of due) {
      for (let copy = 0; copy < each.copies; copy++) this.#retransmit(onAir, each, now);
    }
    this.#due.set(onAir, responder.nextAt);
  }

  /** Sends a packet to the group; false where the group's budget or the disk does not allow it now. */
  #sendToGroup(onAir: OnAir, n: PacketNumber, copies: number, now: Millis): boolean {
    const { writer } = this.#options;
    const { group, counts } = onAir;
    for (let copy = 0; copy < copies; copy++) {
      if (!writer.allows(onAir, group, 1, 'repair', now)) return copy > 0;
      if (writer.write(onAir, n, PacketNumber(n + 1), group, 'repair', now) !== 1) return copy > 0;
      counts.repairedForAll++;
    }
    return true;
  }

  #retransmit(onAir: OnAir, retransmission: Retransmission<Client>, now: Millis): void {
    const { n, to, requestedAt } = retransmission;
    const { writer } = this.#options;
    const { counts, responder } = onAir;
    if (!writer.allows(onAir, to, 1, 'repair', now)) {
      counts.refusedPackets++;
      return;
    }
    const written = writer.write(onAir, n, PacketNumber(n + 1), to, 'repair', now);
    if (written === 1) counts.repaired++;
    else if (written === 0 && now - requestedAt < PATIENCE) responder.retry(retransmission, now);
    else counts.unread++;
  }
}
