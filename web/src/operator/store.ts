/** The operator page's data, and its connection to the server. */
import { batch, signal } from '@preact/signals';
import type { ApiViewers, GatewayStats, LineUp, SessionState } from '../../../src/contract/api.js';
import { api, eventsAddress, getHistory, getSession, Refused } from './api.js';
import { SampleStore } from './samples.js';

/** Time until a failed connection is retried, milliseconds. */
const RETRY = 2_000;
const SHOWN_FOR = 6_000;

/** A short message. */
export interface Toast {
  readonly text: string;
  readonly bad: boolean;
}

const noViewers: ApiViewers = { viewers: [], receivers: [], totals: { viewers: 0, receivers: 0 } };

/**
 * Responsible for:
 * - the session, and the server's events while it allows them
 * - commands, and messages about their results
 */
export class Store {
  /** Null: unknown yet. */
  readonly session = signal<SessionState | null>(null);
  readonly connected = signal(false);
  readonly stats = signal<GatewayStats | null>(null);
  readonly lineUp = signal<LineUp | null>(null);
  readonly viewers = signal<ApiViewers>(noViewers);
  readonly toast = signal<Toast | null>(null);
  /** Incremented with each new sample. */
  readonly sampled = signal(0);
  readonly samples = new SampleStore();
  #events: EventSource | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #toastTimer: ReturnType<typeof setTimeout> | undefined;
  #ahead = 0;

  /** The server's clock, Unix epoch, milliseconds. */
  now(): number {
    return performance.now() + this.#ahead;
  }

  /** Reads the session, and subscribes to events if it is allowed to. May be called again to reconnect. */
  async connect(): Promise<void> {
    clearTimeout(this.#retry);
    this.#close();
    try {
      const session = await getSession();
      this.session.value = session;
      if (session.operator !== null) this.#follow();
    } catch {
      this.#tryLater();
    }
  }

  async logIn(password: string): Promise<void> {
    await api.logIn(password);
    await this.connect();
  }

  async logOut(): Promise<void> {
    await this.attempt(() => api.logOut(), 'Logged out');
    await this.connect();
  }

  /** Executes an action and shows its result. False where it was refused. */
  async attempt(action: () => Promise<unknown>, done: string): Promise<boolean> {
    try {
      await action();
      this.notify(done);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.notify(error.message, true);
      if (error.status === 401 || error.status === 403) void this.connect();
      return false;
    }
  }

  notify(text: string, bad = false): void {
    clearTimeout(this.#toastTimer);
    this.toast.value = { text, bad };
    this.#toastTimer = setTimeout(() => {
      this.toast.value = null;
    }, SHOWN_FOR);
  }

  #follow(): void {
    const events = new EventSource(eventsAddress);
    this.#events = events;
    const on = <T>(name: string, take: (data: T) => void) =>
      events.addEventListener(name, ({ data }) => batch(() => take(JSON.parse(data))));
    on<LineUp>('line-up', (lineUp) => {
      this.lineUp.value = lineUp;
    });
    on<ApiViewers>('viewers', (viewers) => {
      this.viewers.value = viewers;
    });
    on<GatewayStats>('stats', (stats) => {
      this.#ahead = stats.server.time - performance.now();
      this.connected.value = true;
      this.stats.value = stats;
      this.samples.add(stats);
      this.sampled.value++;
    });
    events.addEventListener('open', () => void this.#loadHistory());
    events.addEventListener('error', () => {
      this.connected.value = false;
      // Closed: the session has changed. Otherwise the browser reconnects itself.
      if (events.readyState === EventSource.CLOSED) this.#tryLater();
    });
  }

  async #loadHistory(): Promise<void> {
    const history = await getHistory(null).catch(() => null);
    if (history === null) return; // The charts begin now.
    this.samples.server.addHistory(history);
    this.sampled.value++;
  }

  /** Loads the history of a station whose charts are open. */
  async loadStationHistory(id: string): Promise<void> {
    const history = await getHistory(id).catch(() => null);
    if (history === null) return;
    this.samples.station(id).addHistory(history);
    this.sampled.value++;
  }

  #tryLater(): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => void this.connect(), RETRY);
  }

  #close(): void {
    this.#events?.close();
    this.#events = null;
    this.connected.value = false;
  }
}
