/** What serves single viewers, seen from the server's main thread. */
import { randomBytes } from 'node:crypto';
import { closeSync, writeSync } from 'node:fs';
import type { Millis } from '../base/units.js';
import type { Clock } from '../clock/clock.js';
import type { ReceiverSession } from '../contract/api.js';
import type { UnicastStats } from '../contract/server-view.js';
import type { NetInterface } from '../net/interfaces.js';
import type { FromThread } from '../playout/messages.js';
import type { Station } from '../station/station.js';
import { RING } from '../system/poll.js';
import type { StationCounters } from '../threads/station-counters.js';
import { Thread } from '../threads/thread.js';
import type { StationInfo } from '../wire/station-info.js';
import type { BudgetOptions } from './budget.js';
import type { FromUnicastThread, ServedStation, UnicastThreadData } from './messages.js';

export interface UnicastServerOptions {
  clock: Clock;
  /** The interface on which viewers reach it. */
  at: NetInterface;
  /** Of repairs that go to groups. */
  ttl: number;
  controlPort: number;
  /** The server's name. */
  server: string;
  budget: BudgetOptions;
  /** How far the stations reach back; without it, to their epoch. */
  history?: Millis;
  /** Where viewers ask; other than the default only in tests. */
  query?: { group: string; port: number };
  /** Told, once each, what the user should know about how it goes. */
  onNote(line: string): void;
}

/** It is in charge of one thread, and of what that says. */
export class UnicastServer {
  readonly #thread: Thread<ServedStation, FromUnicastThread>;
  readonly #options: UnicastServerOptions;
  readonly #notes = new Set<string>();
  readonly #data: UnicastThreadData;
  #bell: number | null = null;
  #descriptors: readonly number[] = [];
  #sessions: readonly ReceiverSession[] = [];
  #stats: Readonly<Record<string, UnicastStats>> = {};

  private constructor(options: UnicastServerOptions) {
    this.#options = options;
    const { clock, onNote: _, ...rest } = options;
    const secret = randomBytes(32);
    this.#data = { ...rest, clock: clock.shared, secret };
    this.#thread = new Thread({
      entry: new URL('./unicast-thread.js', import.meta.url),
      data: this.#data,
      ring: () => {
        if (this.#bell !== null) writeSync(this.#bell, RING);
      },
      onExit: () => this.#closeDescriptors(),
      onMessage: (message) => this.#hear(message),
    });
  }

  /** Rejects with a Problem: control port in use, no such interface. */
  static async open(options: UnicastServerOptions): Promise<UnicastServer> {
    const server = new UnicastServer(options);
    await server.#thread.ready;
    return server;
  }

  /** Serves a station whose reels stay open until `remove` or `close` has resolved. */
  add(options: { station: Station; info: StationInfo; progress: StationCounters }): void {
    this.#thread.add(servedOf(options));
  }

  /** Tells the thread what a station has become, or how it is described now. */
  change(options: { station: Station; info: StationInfo; progress: StationCounters }): void {
    const served = servedOf(options);
    this.#thread.change(served, { do: 'change', station: served });
  }

  /** The control port. */
  get port(): number {
    return this.#data.controlPort;
  }

  remove(id: string): Promise<void> {
    return this.#thread.remove(id);
  }

  /** Who is tuned to what, as of a second ago. */
  sessions(): readonly ReceiverSession[] {
    return this.#sessions;
  }

  /** Of a station that somebody has asked something of, as of a second ago. */
  stats(id: string): UnicastStats | undefined {
    return this.#stats[id];
  }

  close(): Promise<void> {
    return this.#thread.close();
  }

  /** What the thread has left open: the bell, and if it died, its sockets, whose port the next thread needs. */
  #closeDescriptors(): void {
    for (const descriptor of this.#descriptors) closeSync(descriptor);
    this.#descriptors = [];
    this.#bell = null;
  }

  #hear(message: FromThread | FromUnicastThread): void {
    switch (message.is) {
      case 'looping':
        this.#bell = message.bell;
        this.#descriptors = message.descriptors;
        break;
      case 'port':
        this.#data.controlPort = message.port; // Another thread takes the same.
        break;
      case 'stats':
        this.#sessions = message.sessions;
        this.#stats = message.stats;
        break;
      case 'note':
        if (!this.#notes.has(message.line)) this.#options.onNote(message.line);
        this.#notes.add(message.line);
        break;
    }
  }
}

function servedOf(options: { station: Station; info: StationInfo; progress: StationCounters }): ServedStation {
  const { station, info, progress } = options;
  const { id, group, port, bitrate } = info;
  return { id, station: station.data, info, progress: progress.shared, group, port, bitrate };
}
