/** Plays stations invisibly and muted that are likely to be tuned to next. */
import type { Gateway } from './link/gateway.js';
import type { Beginning, PlayerEvents, StationPlayer } from './station-player.js';

export interface PreloaderOptions {
  gateway: Gateway;
  createPlayer(beginning: Beginning, events: PlayerEvents): StationPlayer | string;
  /** Of all screens: whether all have settled, and their number of stalls. */
  screens(): { areSettled: boolean; stalls: number; stations: readonly (string | null)[] };
}

/** Most preloaded stations: each costs as much decoding as a visible one. */
const MOST = 2;
const LOOK_EVERY = 250;
/** Time without preloading after a visible screen has stalled, milliseconds. */
const REST = 30_000;

export class Preloader {
  readonly #options: PreloaderOptions;
  readonly #players = new Map<string, StationPlayer>();
  readonly #holder = document.createElement('div');
  readonly #timer: ReturnType<typeof setInterval>;
  #wanted: readonly string[] = [];
  #stalls = 0;
  #restUntil = 0;
  readonly #onVisibility = () => this.#look();

  constructor(options: PreloaderOptions) {
    this.#options = options;
    // Not hidden: browsers decode invisible elements more slowly.
    this.#holder.style.cssText =
      'position:fixed;left:0;top:0;width:2px;height:2px;overflow:hidden;pointer-events:none;z-index:-1';
    this.#holder.setAttribute('aria-hidden', 'true');
    document.body.append(this.#holder);
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY);
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  /** Replaces the list of stations to preload; only the first few are. */
  want(stations: readonly string[]): void {
    this.#wanted = stations.slice(0, MOST);
    this.#look();
  }

  /** Hands a player over to the caller. Null where it has no picture yet. */
  take(station: string): StationPlayer | null {
    const player = this.#players.get(station);
    if (!player?.state.isShown || player.state.status === 'ended') return null;
    this.#players.delete(station);
    return player;
  }

  /** Closes all players: stations are preloaded again. */
  forget(): void {
    for (const station of [...this.#players.keys()]) this.#drop(station);
  }

  close(): void {
    clearInterval(this.#timer);
    document.removeEventListener('visibilitychange', this.#onVisibility);
    for (const player of this.#players.values()) player.close();
    this.#players.clear();
    this.#holder.remove();
  }

  #look(): void {
    const { gateway, screens } = this.#options;
    const { areSettled, stalls, stations } = screens();
    const now = performance.now();
    if (stalls > this.#stalls) this.#restUntil = now + REST;
    this.#stalls = stalls;
    const isResting = now < this.#restUntil || document.hidden || !gateway.isOpen;
    const wanted = isResting ? [] : this.#wanted.filter((id) => !stations.includes(id));
    for (const id of this.#players.keys()) if (!wanted.includes(id)) this.#drop(id);
    // One after the other, and after the visible screens.
    const isBusy = !areSettled || [...this.#players.values()].some(({ state }) => !state.isShown);
    const next = wanted.find((id) => !this.#players.has(id));
    if (next !== undefined && !isBusy) this.#load(next);
  }

  #load(station: string): void {
    const events: PlayerEvents = {
      onShown() {},
      onChange: () => {
        if (this.#players.get(station)?.state.status === 'ended') this.#rest(station);
      },
      onBroken: () => this.#rest(station),
      onSilenced() {},
    };
    const sound = { volume: 0, muted: true };
    const player = this.#options.createPlayer({ station, at: null, paused: false, sound }, events);
    if (typeof player === 'string') return;
    this.#players.set(station, player);
    player.element.style.cssText = 'position:absolute;inset:0;width:2px;height:2px';
    this.#holder.append(player.element);
  }

  /** The station or this machine has a problem: preloading pauses. */
  #rest(station: string): void {
    this.#restUntil = performance.now() + REST;
    this.#drop(station);
  }

  #drop(station: string): void {
    this.#players.get(station)?.close();
    this.#players.delete(station);
  }
}
