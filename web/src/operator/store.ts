/** What the page knows, and how it comes to know it. */
import { batch, signal } from '@preact/signals';
import type { ApiViewers, GatewayStats, LineUp, SessionState } from '../../../src/contract/api.js';
import { api, eventsAddress, getHistory, getSession, Refused } from './api.js';
import { SampleStore } from './samples.js';

/** Before it is tried again what did not work, milliseconds. */
const RETRY = 2_000;
const TOLD_FOR = 6_000;

/** Told in passing. */
export interface Toast {
  readonly text: string;
  readonly bad: boolean;
}

const noViewers: ApiViewers = { viewers: [], receivers: [], totals: { viewers: 0, receivers: 0 } };

/**
 * It is in charge of:
 * - who the server thinks we are, and following its events while we may
 * - telling what came of what was asked for
 */
export class Store {
  /** Null: not known yet. */
  readonly session = signal<SessionState | null>(null);
  readonly connected = signal(false);
  readonly stats = signal<GatewayStats | null>(null);
  readonly lineUp = signal<LineUp | null>(null);
  readonly viewers = signal<ApiViewers>(noViewers);
  readonly toast = signal<Toast | null>(null);
  /** Grows whenever there are more samples. */
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

  /** Asks who we are, and follows what happens if we may. Called again it begins anew. */
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

  /** Does it, and tells what came of it. False where nothing did. */
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
    }, TOLD_FOR);
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
    events.addEventListener('open', () => void this.#bringHistory());
    events.addEventListener('error', () => {
      this.connected.value = false;
      // Refused: who we are has changed. Otherwise the browser tries again by itself.
      if (events.readyState === EventSource.CLOSED) this.#tryLater();
    });
  }

  async #bringHistory(): Promise<void> {
    const history = await getHistory(null).catch(() => null);
    if (history === null) return; // The plots begin now.
    this.samples.server.addHistory(history);
    this.sampled.value++;
  }

  /** Of a station whose plots are wanted. */
  async bringStationHistory(id: string): Promise<void> {
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
