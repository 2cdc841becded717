/** Stations on the air: what is open while they are. */

import { closeInOrder } from '../base/closing.js';
import type { Problem } from '../base/problem.js';
import { systemTimers } from '../base/timers.js';
import { type Millis, millisToTicks } from '../base/units.js';
import type { FecOption } from '../cli/fec-option.js';
import type { Output } from '../cli/output.js';
import { reportEnd, reportStats, type StationOnAir } from '../cli/report.js';
import { ADJUSTMENT_PERIOD, SlewingClock } from '../clock/clock.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import { openAnnouncer } from '../discovery/announcer.js';
import { conflictProblem, findConflicts } from '../discovery/conflicts.js';
import { type FoundStation, serverNames } from '../discovery/find.js';
import { LocalCatalogue } from '../gateway/local-catalogue.js';
import type { NetInterface } from '../net/interfaces.js';
import { type FecSetting, PlayoutPool } from '../playout/playout-pool.js';
import type { StationCounters } from '../threads/station-counters.js';
import { UnicastServer } from '../unicast/unicast-server.js';
import type { ReadyStation } from './line-up.js';

/** How often it is looked at how much parity the stations need. */
const FEC_CONTROL_PERIOD: Millis = 1_000;

const MOST_WARNINGS = 50;

/** What is counted of a station on the air. */
export interface StationStats {
  progress: StationCounters;
  /** Null where it never has any. */
  parity: (FecSetting & { columns: StationCounters; rows: StationCounters }) | null;
  /** Undefined where nobody has asked anything of it. */
  unicast: UnicastStats | undefined;
}

export interface BroadcasterOptions {
  at: NetInterface;
  ttl: number;
  controlPort: number;
  workers?: number;
  fec: FecOption;
  stats?: Millis;
  unicast: number;
  history?: Millis;
  server: string;
  output: Output;
}

/**
 * It is in charge of:
 * - everything that is open while stations are on the air: playout, what serves single viewers, announcements
 * - refusing a station that another server has on the air as something else
 */
export class Broadcaster {
  readonly #output: Output;
  readonly #fec: FecOption;
  readonly #clock = new SlewingClock();
  readonly #ready: ReadyStation[] = [];
  readonly #warnings: string[] = [];
  #revision = 0;
  #playout!: PlayoutPool;
  #unicast!: UnicastServer;
  readonly #closing: (() => Promise<void> | void)[] = [];

  /** The stations, as a gateway reads them. */
  readonly catalogue: LocalCatalogue;

  private constructor({ output, fec, history }: BroadcasterOptions) {
    this.#output = output;
    this.#fec = fec;
    this.catalogue = new LocalCatalogue({ now: () => this.#clock.now(), timers: systemTimers, history });
  }

  /** The server's clock (Unix epoch). */
  now(): Millis {
    return this.#clock.now();
  }

  static async open(options: BroadcasterOptions): Promise<Broadcaster> {
    const { at, ttl, controlPort, server, output, workers } = options;
    const log = (line: string) => output.say(line);
    const air = new Broadcaster(options);
    try {
      const clock = setInterval(() => air.#clock.adjust(), ADJUSTMENT_PERIOD);
      air.#closing.push(() => clearInterval(clock));
      air.#playout = await PlayoutPool.open({
        clock: air.#clock,
        interfaceAddress: at.address,
        ttl,
        workers,
        onNote: log,
        onReadError: (id, message) => air.#reportReadError(id, 'its reel cannot be read', message),
      });
      air.#closing.push(() => air.#playout.close());
      air.#unicast = await UnicastServer.open({
        clock: air.#clock,
        at,
        ttl,
        controlPort,
        server,
        budget: { total: options.unicast },
        history: options.history,
        onNote: log,
        onReadError: (id, message) => air.#reportReadError(id, 'its past cannot be read for single viewers', message),
      });
      air.#closing.push(() => air.#unicast.close());
      const control = setInterval(() => air.#controlFec(), FEC_CONTROL_PERIOD);
      air.#closing.push(() => clearInterval(control));
      const announcer = await openAnnouncer({ stations: () => air.#infos(), localAddress: at.address, ttl, log });
      air.#closing.push(() => announcer.close());
      const { stats } = options;
      air.#closing.push(reportStats({ stations: () => air.#onAir(), period: stats, output }));
      return air;
    } catch (error) {
      await air.close();
      throw error;
    }
  }

  get isEmpty(): boolean {
    return this.#ready.length === 0;
  }

  /** Puts a station on the air; if another server has another programme on its group, returns that problem instead. */
  add(ready: ReadyStation, found: readonly FoundStation[]): Problem | null {
    const info = ready.info(millisToTicks(this.#clock.now()));
    const [conflict] = findConflicts([info], found);
    if (conflict?.kind === 'conflict') {
      ready.station.close();
      return conflictProblem(conflict);
    }
    const { plan } = ready;
    const { width, height, aspectRatio, frameRate, bitrate, group, port } = info;
    this.#put(ready);
    this.#ready.push(ready);
    this.#ready.sort((a, b) => a.plan.number - b.plan.number);
    const twin = conflict ? `, together with ${serverNames(conflict.other)}` : '';
    const picture = `${width}×${height} ${aspectRatio}, ${frameRate} frames/s, ${(bitrate / 1e6).toFixed(1)} Mbit/s`;
    this.#output.say(`On the air: ${plan.number} ${plan.name}, ${picture}, rtp://${group}:${port}${twin}`);
    this.#output.event({ event: 'on-air', station: info });
    return null;
  }

  /** All stations, by number. */
  get stations(): readonly ReadyStation[] {
    return this.#ready;
  }

  /** How a station goes; null while it is not on the air. */
  stats(id: string): StationStats | null {
    const progress = this.#playout.progress(id);
    return progress ? { progress, parity: this.#playout.fec(id) ?? null, unicast: this.#unicast.stats(id) } : null;
  }

  /** Receivers that have told the server what they have. */
  get receivers(): readonly ReceiverSession[] {
    return this.#unicast.sessions();
  }

  /** Grows with each change of the stations or their parity modes. */
  get revision(): number {
    return this.#revision;
  }

  get clockOffset(): Millis {
    return this.#clock.offset;
  }

  /** What does not go as it should: whole sentences, the newest last. */
  get warnings(): readonly string[] {
    return this.#warnings;
  }

  /** Adds to the warnings: a whole sentence. */
  warn(line: string): void {
    this.#warnings.push(line);
    if (this.#warnings.length > MOST_WARNINGS) this.#warnings.shift();
  }

  /** Takes a station off the air that is on it; resolves when nothing reads its reels any more. */
  async stop(id: string): Promise<void> {
    this.catalogue.remove(id);
    await Promise.all([this.#unicast.remove(id), this.#playout.remove(id)]);
    this.#revision++;
  }

  /** A station has been changed, from NOTICE on at the earliest, or is called otherwise: tells whoever has to do with it. */
  changed({ plan, station, info }: ReadyStation): void {
    this.#revision++;
    const progress = this.#playout.progress(plan.id);
    if (!progress) return;
    this.#playout.change(plan.id, station);
    this.#unicast.change({ station, info: info(millisToTicks(this.#clock.now())), progress });
    this.catalogue.changed(plan.id);
  }

  /** Puts a station on the air again that was stopped. */
  start(ready: ReadyStation): void {
    this.#put(ready);
  }

  #put(ready: ReadyStation): void {
    this.#revision++;
    const { plan, station } = ready;
    const info = ready.info(millisToTicks(this.#clock.now()));
    const { bitrate, group, port } = info;
    this.#playout.add({
      id: plan.id,
      station,
      group,
      port,
      bitrate,
      fec: this.#fec === 'none' ? undefined : this.#fec,
    });
    const progress = this.#playout.progress(plan.id);
    if (progress) this.#unicast.add({ station, info, progress });
    this.catalogue.add({ ...ready, info: () => ready.info(millisToTicks(this.#clock.now())) });
  }

  #controlFec(): void {
    for (const { plan } of this.#ready) {
      // Without reports there are no losses.
      const loss = this.#unicast.stats(plan.id)?.reports.loss.p95 ?? 0;
      const mode = this.#playout.reportLoss(plan.id, loss, this.#clock.now());
      if (mode === null) continue;
      this.#revision++;
      this.#output.say(`${plan.number} ${plan.name}: error correction is ${mode} from now on`);
    }
  }

  async close(): Promise<void> {
    try {
      await closeInOrder([
        ...this.#closing.reverse(),
        () => this.catalogue.close(),
        ...this.#ready.map(
          ({ station }) =>
            () =>
              station.close(),
        ),
      ]);
    } finally {
      reportEnd(this.#onAir(), this.#output);
    }
  }

  #onAir(): StationOnAir[] {
    return this.#ready.flatMap(({ plan: { number, id } }) => {
      const progress = this.#playout.progress(id);
      return progress ? { number, id, progress, unicast: this.#unicast.stats(id) } : [];
    });
  }

  #reportReadError(id: string, failure: string, cause: string): void {
    const ready = this.#ready.find(({ plan }) => plan.id === id);
    if (!ready) return;
    const line = `${ready.plan.number} ${ready.plan.name}: ${failure}: ${cause}`;
    this.warn(line);
    this.#output.say(line);
  }

  #infos() {
    const time = millisToTicks(this.#clock.now());
    return this.#ready.filter(({ plan }) => this.#playout.progress(plan.id)).map((ready) => ready.info(time));
  }
}
