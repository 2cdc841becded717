/** The service of single viewers as the server's main thread sees it. */
import { randomBytes } from 'node:crypto';
import { closeSync, writeSync } from 'node:fs';
import { messageOf } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import type { Millis } from '../base/units.js';
import type { Clock } from '../clock/clock.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import type { ReopenCommand } from '../net/reopening.js';
import type { Station } from '../station/station.js';
import { RING } from '../system/poll.js';
import type { ThreadReport } from '../threads/messages.js';
import { oncePerLine } from '../threads/once-per-line.js';
import type { StationCounters } from '../threads/station-counters.js';
import { Thread } from '../threads/thread.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import type { BudgetOptions } from './budget.js';
import { GivenUp } from './given-up.js';
import type { ServedChange, ServedStation, UnicastReport, UnicastThreadData } from './messages.js';

export interface UnicastServerOptions {
  clock: Clock;
  /** The interface on which viewers reach it. */
  at: NetInterface;
  /** Of repairs that go to groups. */
  ttl: number;
  controlPort: number;
  /** Of control messages; without one, all viewers are answered. */
  messageKey?: MessageKey;
  /** The server's name. */
  server: string;
  budget: BudgetOptions;
  /** The reach of the stations into the past; by default to their epoch. */
  history?: Millis;
  /** The group of queries; other than the default only in tests. */
  query?: { group: string; port: number };
  /** By default the system's; for the delay after which a station is served again. */
  timers?: Timers;
  /** Called with lines for the log: once with each note, and whenever the thread has died or has given up a station. */
  onNote(line: string): void;
  /** Called with a line for the log when the system refuses to send; by default `onNote`. */
  onSendError?(line: string): void;
  /** Called with the first error of each code of a station, and again after the station has recovered. */
  onReadError(id: string, message: string): void;
}

/**
 * Responsible for:
 * - one thread and its reports
 * - stations that it has given up being served again, after a time
 */
export class UnicastServer {
  readonly #thread: Thread<ServedStation, ServedChange | ReopenCommand, UnicastReport>;
  readonly #options: UnicastServerOptions;
  readonly #note: (line: string) => void;
  readonly #data: UnicastThreadData;
  /** Of the stations' timelines, as the thread has them. */
  readonly #revisions = new Map<string, number>();
  readonly #givenUp: GivenUp;
  #bell: number | null = null;
  #descriptors: readonly number[] = [];
  #sessions: readonly ReceiverSession[] = [];
  #stats: Readonly<Record<string, UnicastStats>> = {};

  private constructor(options: UnicastServerOptions) {
    this.#options = options;
    this.#note = oncePerLine(options.onNote);
    const { clock, timers = systemTimers, onNote, onSendError: _, onReadError: __, ...rest } = options;
    const secret = randomBytes(32);
    this.#data = { ...rest, clock: clock.shared, secret };
    this.#thread = new Thread({
      entry: new URL('./unicast-thread.js', import.meta.url),
      data: this.#data,
      ring: () => {
        if (this.#bell !== null) writeSync(this.#bell, RING);
      },
      onExit: () => {
        this.#givenUp.cancel();
        this.#closeDescriptors();
      },
      onMessage: (message) => this.#onMessage(message),
      onDeath: onNote,
    });
    this.#givenUp = new GivenUp({ timers, takeAgain: (id) => this.#thread.addAgain(id) });
  }

  /** Rejects with a Problem: control port in use, no such interface. */
  static async open(options: UnicastServerOptions): Promise<UnicastServer> {
    const server = new UnicastServer(options);
    try {
      await server.#thread.ready;
      return server;
    } catch (error) {
      await server.close().catch(() => undefined); // The first error is the cause.
      throw error;
    }
  }

  /** Serves a station whose reels stay open until `remove` or `close` has resolved. */
  add(options: { station: Station; info: StationInfo; progress: StationCounters }): void {
    const served = servedOf(options);
    this.#revisions.set(served.id, served.station.timeline.revision);
    this.#thread.add(served);
  }

  /** Takes a station's change, or its new description. */
  change(options: { station: Station; info: StationInfo; progress: StationCounters }): void {
    const served = servedOf(options);
    const { station, ...rest } = served;
    const delta = options.station.deltaSince(this.#revisions.get(served.id) ?? -1);
    this.#revisions.set(served.id, delta.revision);
    this.#thread.change(served, { do: 'change', station: { ...rest, delta } });
  }

  /** Viewers reach it on this interface from now on: it has returned or moved. */
  reopen(at: NetInterface): void {
    this.#data.at = at;
    this.#thread.send({ do: 'reopen', at });
    this.#thread.retry();
  }

  /** The control port. */
  get port(): number {
    return this.#data.controlPort;
  }

  remove(id: string): Promise<void> {
    this.#revisions.delete(id);
    this.#givenUp.delete(id);
    return this.#thread.remove(id);
  }

  /** All sessions, at most a second old. */
  sessions(): readonly ReceiverSession[] {
    return this.#sessions;
  }

  /** Stats at most a second old; undefined for a station without requests and reports. */
  stats(id: string): UnicastStats | undefined {
    return this.#stats[id];
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  /** Closes the descriptors of an ended thread: the bell, and if it died, its sockets, whose port the next one needs. */
  #closeDescriptors(): void {
    for (const descriptor of this.#descriptors) {
      try {
        closeSync(descriptor);
      } catch (error) {
        this.#options.onNote(`A socket of the server did not close: ${messageOf(error)}`);
      }
    }
    this.#descriptors = [];
    this.#bell = null;
  }

  #onFault({ id, message }: Extract<UnicastReport, { is: 'fault' }>): void {
    if (!this.#revisions.has(id)) return; // It was removed meanwhile.
    const seconds = this.#givenUp.add(id) / 1_000;
    this.#options.onNote(
      `Station ${id} has no repair, no instant tuning and no past for ${seconds} s; its group and all other stations go on: ${message}`,
    );
  }

  #onMessage(message: ThreadReport | UnicastReport): void {
    switch (message.is) {
      case 'looping':
        this.#bell = message.bell;
        this.#descriptors = message.descriptors;
        break;
      case 'port':
        this.#data.controlPort = message.port; // A thread that takes over uses the same.
        break;
      case 'stats':
        this.#sessions = message.sessions;
        this.#stats = message.stats;
        break;
      case 'read-error':
        this.#options.onReadError(message.id, message.message);
        break;
      case 'fault':
        this.#onFault(message);
        break;
      case 'note':
        this.#note(message.line);
        break;
      case 'send-error':
        (this.#options.onSendError ?? this.#note)(message.line);
        break;
    }
  }
}

function servedOf(options: { station: Station; info: StationInfo; progress: StationCounters }): ServedStation {
  const { station, info, progress } = options;
  return { id: info.id, station: station.data, info, progress: progress.shared };
}
