/** Retransmissions of lost packets. No clock. */
import { Millis, PacketNumber } from '../base/units.js';
import type { BudgetedWriter } from './budgeted-writer.js';
import { DueQueue } from './due-queue.js';
import type { Retransmission } from './nack-responder.js';
import type { Client, OnAir } from './on-air.js';

/** Packets that are not in memory are tried again until this long after their request. */
const PATIENCE = Millis(500);

/** Serves the NACK responders of all stations; one without requests costs nothing. */
export class Repairs {
  readonly #writer: BudgetedWriter;
  readonly #members: (station: string) => number;
  readonly #due = new DueQueue<OnAir>();

  /** `members` returns a station's viewers. */
  constructor(writer: BudgetedWriter, members: (station: string) => number) {
    this.#writer = writer;
    this.#members = members;
  }

  /** The time of the next retransmissions; Infinity for none. */
  get nextAt(): Millis {
    return this.#due.nextAt;
  }

  /** Takes a client's requests for the packets of `missing` that lie from `oldest` to `newest`. */
  request(
    client: Client,
    { missing, copies }: { missing: readonly PacketNumber[]; copies: number },
    { oldest, newest, now }: { oldest: PacketNumber; newest: PacketNumber; now: Millis },
  ): void {
    const { onAir } = client;
    const { responder, counts } = onAir;
    for (const n of missing) {
      if (n < oldest || n > newest) continue;
      counts.requested++;
      if (!responder.request(n, client, copies, now)) counts.refusedPackets++;
    }
    this.#due.set(onAir, responder.nextAt);
  }

  remove(onAir: OnAir): void {
    this.#due.remove(onAir);
  }

  /** Writes the retransmissions that are due. */
  tick(now: Millis): void {
    for (let onAir = this.#due.take(now); onAir; onAir = this.#due.take(now)) this.#respond(onAir, now);
  }

  #respond(onAir: OnAir, now: Millis): void {
    const { responder } = onAir;
    const due = responder.takeDue(now, this.#members(onAir.id));
    // Consecutive packets to one client leave as one message.
    due.sort((a, b) => (a.to?.destination.number ?? -1) - (b.to?.destination.number ?? -1) || a.n - b.n);
    for (const each of due) {
      for (let copy = 0; copy < each.copies; copy++) this.#retransmit(onAir, each, now);
    }
    this.#due.set(onAir, responder.nextAt);
  }

  #retransmit(onAir: OnAir, retransmission: Retransmission<Client>, now: Millis): void {
    const { n, to, requestedAt } = retransmission;
    const { counts, responder } = onAir;
    const recipient = to ?? onAir.group;
    if (!this.#writer.allows(onAir, recipient, 1, 'repair', now)) {
      counts.refusedPackets++;
      return;
    }
    const written = this.#writer.write(onAir, n, PacketNumber(n + 1), recipient, 'repair', now);
    if (written === 1) {
      if (to === null) counts.repairedForAll++;
      else counts.repaired++;
    } else if (written === 0 && to !== null && now - requestedAt < PATIENCE) {
      responder.retry(retransmission, now);
    } else {
      counts.unread++;
    }
  }
}
