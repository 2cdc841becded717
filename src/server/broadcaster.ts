/** Everything that is open while stations are on the air. */
import { closeInOrder } from '../base/closing.js';
import { Millis, millisToTicks } from '../base/units.js';
import { ADJUSTMENT_PERIOD, SlewingClock } from '../clock/clock.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import { openAnnouncer } from '../discovery/announcer.js';
import type { FoundBy } from '../net/interface-state.js';
import type { NetInterface } from '../net/interfaces.js';
import { Reopening } from '../net/reopening.js';
import { type FecSetting, PlayoutPool } from '../playout/playout-pool.js';
import type { StationCounters } from '../threads/station-counters.js';
import { UnicastServer } from '../unicast/unicast-server.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import type { FecConfig } from './config.js';
import { itemNotes, type OnServerEvent } from './events.js';
import { InterfaceFollower } from './interface-follower.js';
import type { ReadyStation } from './station-loader.js';

/** How often the losses of the stations are compared with their parity. */
const FEC_CONTROL_PERIOD = Millis(1_000);

/** Counters of a station on the air. */
export interface BroadcastStats {
  progress: StationCounters;
  /** Null where no parity is configured. */
  parity: (FecSetting & { columns: StationCounters; rows: StationCounters }) | null;
  /** Undefined until a viewer has asked for something. */
  unicast: UnicastStats | undefined;
}

export interface BroadcasterOptions {
  at: NetInterface;
  /** How the interface is found again when it has vanished or moved. */
  foundBy: FoundBy;
  ttl: number;
  controlPort: number;
  /** Of control messages; without one, all viewers are answered. */
  messageKey?: MessageKey;
  workers?: number;
  fec: FecConfig;
  /** bit/s for single viewers. */
  unicastBudget: number;
  history?: Millis;
  /** The server's name. */
  server: string;
  onEvent: OnServerEvent;
}

/**
 * Responsible for:
 * - playout, the server of single viewers, announcements and the clock: opened together, closed in reverse order
 * - the stations on the air
 */
export class Broadcaster {
  readonly #options: BroadcasterOptions;
  readonly #clock = new SlewingClock();
  /** In the order of opening. */
  readonly #closing: (() => Promise<void> | void)[] = [];
  readonly #onAir = new Map<string, ReadyStation>();
  /** The same by number; null after a change. */
  #sorted: readonly ReadyStation[] | null = null;
  #playout!: PlayoutPool;
  #unicast!: UnicastServer;
  #interface!: InterfaceFollower;
  #announcing: Reopening | null = null;

  private constructor(options: BroadcasterOptions) {
    this.#options = options;
  }

  /** Rejects with a Problem: the interface cannot be used, the control port is taken. */
  static async open(options: BroadcasterOptions): Promise<Broadcaster> {
    const broadcaster = new Broadcaster(options);
    try {
      await broadcaster.#open();
      return broadcaster;
    } catch (error) {
      await broadcaster.close().catch(() => undefined); // The first error is the cause.
      throw error;
    }
  }

  async #open(): Promise<void> {
    const { at, foundBy, ttl, controlPort, messageKey, server, workers, unicastBudget, history, onEvent } =
      this.#options;
    const onNote = (message: string) => onEvent({ kind: 'note', message });
    const closing = this.#closing;
    const following = new InterfaceFollower({ at, by: foundBy, onHere: (here) => this.#reopen(here), onEvent });
    this.#interface = following;
    closing.push(() => following.close());
    const onSendError = (line: string) => following.sendError(line);
    const clock = setInterval(() => this.#clock.adjust(), ADJUSTMENT_PERIOD);
    closing.push(() => clearInterval(clock));
    const playout = await PlayoutPool.open({
      clock: this.#clock,
      interfaceAddress: at.address,
      ttl,
      workers,
      onNote,
      onSendError,
      onReadError: (id, cause) => this.#warnReadError(id, 'its reel cannot be read', cause),
    });
    this.#playout = playout;
    closing.push(() => playout.close());
    const unicast = await UnicastServer.open({
      clock: this.#clock,
      at,
      ttl,
      controlPort,
      messageKey,
      server,
      budget: { total: unicastBudget },
      history,
      onNote,
      onSendError,
      onReadError: (id, cause) => this.#warnReadError(id, 'its past cannot be read for single viewers', cause),
    });
    this.#unicast = unicast;
    closing.push(() => unicast.close());
    const control = setInterval(() => this.#controlFec(), FEC_CONTROL_PERIOD);
    closing.push(() => clearInterval(control));
    const stations = () => this.#infos();
    const announcer = await openAnnouncer({ stations, localAddress: at.address, ttl, log: onSendError });
    closing.push(() => announcer.close());
    const announcing = new Reopening({
      reopen: (address) => announcer.reopen(address),
      onError: ({ message }) => onSendError(`sap: ${message}`),
    });
    this.#announcing = announcing;
    closing.push(() => announcing.close());
  }

  /** The server's clock (Unix epoch). */
  now(): Millis {
    return this.#clock.now();
  }

  /** The interface that packets leave by, as it was when it was last there. */
  get at(): NetInterface {
    return this.#interface.at;
  }

  /** Whether it is there. */
  get isConnected(): boolean {
    return this.#interface.isHere;
  }

  /** System clock minus server clock. */
  get clockOffset(): Millis {
    return this.#clock.offset;
  }

  /** UDP port for viewers' requests. */
  get controlPort(): number {
    return this.#unicast.port;
  }

  /** Receivers with a session. */
  get receivers(): readonly ReceiverSession[] {
    return this.#unicast.sessions();
  }

  /** Stations on the air, by number. */
  get stations(): readonly ReadyStation[] {
    this.#sorted ??= [...this.#onAir.values()].sort((a, b) => a.plan.number - b.plan.number);
    return this.#sorted;
  }

  /** A station on the air; undefined where there is none of that id. */
  find(id: string): ReadyStation | undefined {
    return this.#onAir.get(id);
  }

  /** Null while the station is not on the air. */
  stats(id: string): BroadcastStats | null {
    const progress = this.#playout.progress(id);
    return progress ? { progress, parity: this.#playout.fec(id) ?? null, unicast: this.#unicast.stats(id) } : null;
  }

  /** Puts a station on the air, as servers named `twins` do. Throws where that fails: nothing of it is on the air then. */
  add(ready: ReadyStation, twins: readonly string[] = []): void {
    const { plan, station } = ready;
    const info = ready.info(millisToTicks(this.now()));
    const { bitrate, group, port } = info;
    const { fec } = this.#options;
    try {
      this.#playout.add({ id: plan.id, station, group, port, bitrate, fec: fec === 'none' ? undefined : fec });
      this.#unicast.add({ station, info, progress: this.#playout.progress(plan.id)! });
    } catch (error) {
      void this.#playout.remove(plan.id);
      throw error;
    }
    this.#onAir.set(plan.id, ready);
    this.#sorted = null;
    this.#options.onEvent({ kind: 'on-air', station: info, twins, notes: itemNotes(station.items) });
  }

  /** Takes a station off the air; resolves when no thread reads its reels any more. */
  async remove(id: string): Promise<void> {
    const ready = this.find(id);
    if (!ready) return;
    this.#onAir.delete(id);
    this.#sorted = null;
    const removed = [this.#unicast.remove(id), this.#playout.remove(id)];
    this.#options.onEvent({ kind: 'off-air', station: ready.plan });
    await Promise.all(removed);
  }

  /** Tells the threads about a change of a station, which begins after NOTICE at the earliest, or of its name. */
  change({ plan, station, info }: ReadyStation): void {
    const stats = this.stats(plan.id);
    if (stats) {
      this.#playout.change(plan.id, station);
      this.#unicast.change({ station, info: info(millisToTicks(this.now())), progress: stats.progress });
    }
    this.#options.onEvent({ kind: 'changed', station: plan });
  }

  /** Closes everything, whether or not one part fails to close; then rejects with the errors. */
  async close(): Promise<void> {
    await closeInOrder(this.#closing.splice(0).reverse());
  }

  #reopen(at: NetInterface): void {
    this.#playout.reopen(at);
    this.#unicast.reopen(at);
    this.#announcing?.to(at.address);
    // Their descriptions have the address.
    for (const { plan, station, info } of this.stations) {
      const stats = this.stats(plan.id);
      if (stats) this.#unicast.change({ station, info: info(millisToTicks(this.now())), progress: stats.progress });
    }
  }

  #controlFec(): void {
    for (const { plan } of this.stations) {
      // Without reports there are no losses.
      const loss = this.#unicast.stats(plan.id)?.reports.loss.p95 ?? 0;
      const mode = this.#playout.reportLoss(plan.id, loss, this.now());
      if (mode !== null) this.#options.onEvent({ kind: 'fec', station: plan, mode });
    }
  }

  #warnReadError(id: string, failure: string, cause: string): void {
    const plan = this.find(id)?.plan;
    if (!plan) return;
    const message = `${plan.number} ${plan.name}: ${failure}: ${cause}`;
    this.#options.onEvent({ kind: 'warning', message, station: plan });
  }

  #infos(): StationInfo[] {
    const time = millisToTicks(this.now());
    return this.stations.map((ready) => ready.info(time));
  }
}
