/** A screen of the page: it shows stations by players, one after the other. */

import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { Millis } from '../../../src/base/units.js';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { Gateway } from './link/gateway.js';
import { keepPictureInPicture } from './picture-in-picture.js';
import type { Screen, ScreenStatistics, ScreenStatus } from './player.js';
import { ScreenStats } from './screen-stats.js';
import type { Beginning, PlayerEvents, Sound, StationPlayer } from './station-player.js';

export interface StationScreenOptions {
  gateway: Gateway;
  /** A text explains why this browser cannot play the station. */
  createPlayer(beginning: Beginning, events: PlayerEvents): StationPlayer | string;
  /** A player that already plays the station, muted; null where there is none. */
  takePreloaded(station: string): StationPlayer | null;
  onClosed(): void;
}

const REFRESH_EVERY = 250;
const REPORT_EVERY = 5_000;
/** Players that may fail within FAILURES_WITHIN, milliseconds, before the station is given up. */
const MOST_FAILURES = 4;
const FAILURES_WITHIN = 30_000;
const RETRY = 500;
/** Shortest interval between the players that a drag along the seek bar opens, milliseconds. */
const SEEK_PAUSE = 150;
/** Time that a seek may take before the screen counts as waiting, milliseconds. */
const PATIENCE = 1_000;
/** Time that the old picture stays below the new one, milliseconds. */
const LINGER = 100;

/** Where a player begins, but for its sound. */
type Start = Omit<Beginning, 'sound'>;

const STYLE = 'position:absolute;inset:0;width:100%;height:100%;object-fit:contain;display:block';
/** Above an element that was just swapped in. */
const OVERLAY_STYLE =
  'position:absolute;inset:0;width:100%;height:100%;object-fit:contain;z-index:2;pointer-events:none';
const MUTED: Sound = { volume: 0, muted: true };

/**
 * Responsible for:
 * - the player that is shown, and the next one, which takes its place when its first picture is there
 * - players that fail: others in their place, until too many have failed
 * - sound, and browsers that block it
 */
export class StationScreen implements Screen {
  readonly element = document.createElement('div');
  readonly station = signal<string | null>(null);
  readonly status = signal<ScreenStatus>('off');
  readonly time = signal<Millis | null>(null);
  readonly following = signal(true);
  readonly problem = signal<string | null>(null);
  readonly statistics = signal<ScreenStatistics | null>(null);
  readonly muted = signal(false);
  readonly volume = signal(1);
  readonly silenced = signal(false);
  readonly behind: ReadonlySignal<Millis | null>;
  readonly pictureInPicture: (() => Promise<void>) | null;
  readonly #options: StationScreenOptions;
  /** The moment that live screens show. */
  readonly #liveTime = signal<Millis | null>(null);
  #shown: StationPlayer | null = null;
  /** The player that was shown before; it lingers below the new one. */
  #old: StationPlayer | null = null;
  #next: StationPlayer | null = null;
  #nextSince = 0;
  /** Why nothing is played. */
  #refusal: string | null = null;
  /** Begun when the list of stations arrives. */
  #pending: Start | null = null;
  #later: ReturnType<typeof setTimeout> | undefined;
  #stats = new ScreenStats();
  #failures: number[] = [];
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #endEffects: (() => void)[];
  readonly #onVisibility = () => {
    if (!document.hidden) this.#shown?.onReturned();
  };

  constructor(options: StationScreenOptions) {
    this.#options = options;
    this.element.style.cssText = 'position:relative;width:100%;height:100%;overflow:hidden';
    this.behind = computed(() => {
      const [time, live] = [this.time.value, this.#liveTime.value];
      return time === null || live === null ? null : Millis(Math.max(0, live - time));
    });
    this.pictureInPicture = document.pictureInPictureEnabled
      ? async () => {
          if (this.#shown?.element instanceof HTMLVideoElement) await this.#shown.element.requestPictureInPicture();
        }
      : null;
    this.#endEffects = [
      effect(() => {
        const sound = { volume: this.volume.value, muted: this.muted.value || this.silenced.value };
        (this.#next ?? this.#shown)?.setSound(sound);
      }),
      effect(() => {
        if (options.gateway.connection.value !== 'open' || !this.#pending) return;
        const { paused } = this.#pending;
        this.#begin({ ...this.#pending, paused: false });
        if (paused) this.pause();
      }),
    ];
    this.#timers = [setInterval(() => this.#update(), REFRESH_EVERY), setInterval(() => this.#report(), REPORT_EVERY)];
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  tune(station: string, at?: Millis): void {
    this.#stats = new ScreenStats();
    this.#failures = [];
    this.station.value = station;
    this.#begin({ station, at: at ?? null, paused: false });
  }

  pause(): void {
    if (this.#pending) this.#pending.paused = true;
    this.#player?.pause();
  }

  resume(): void {
    if (this.#pending) this.#pending.paused = false;
    this.#player?.resume();
  }

  live(): void {
    const station = this.station.peek();
    if (station !== null && !this.#player?.goLive()) this.#begin({ station, at: null, paused: false });
  }

  seek(time: Millis): void {
    const station = this.station.peek();
    if (station === null) return;
    clearTimeout(this.#later);
    if (this.#next === null && this.#shown?.seek(time)) return;
    const since = performance.now() - this.#nextSince;
    if (this.#next && since < SEEK_PAUSE) this.#later = setTimeout(() => this.seek(time), SEEK_PAUSE - since);
    else this.#begin({ station, at: time, paused: this.#player?.state.isPaused ?? false });
  }

  /** Begins again where it is, for another track of sound; a station with one track goes on. */
  playAgain(): void {
    const station = this.station.peek();
    const player = this.#player;
    if (station === null || !player || !this.#options.gateway.station(station)?.languages) return;
    const { isFollowing, position, isPaused } = player.state;
    this.#begin({ station, at: isFollowing ? null : position, paused: isPaused });
  }

  stop(): void {
    clearTimeout(this.#later);
    this.#closeOld();
    this.#next?.close();
    this.#shown?.close();
    this.#next = null;
    this.#shown = null;
    this.#pending = null;
    this.#refusal = null;
    this.station.value = null;
    this.#update();
  }

  close(): void {
    this.stop();
    for (const end of this.#endEffects) end();
    for (const timer of this.#timers) clearInterval(timer);
    document.removeEventListener('visibilitychange', this.#onVisibility);
    this.element.remove();
    this.#options.onClosed();
  }

  /** The page was touched: browsers allow sound from now on. */
  onTouched(): void {
    this.silenced.value = false;
  }

  /** Since the station was tuned to. */
  get stalls(): number {
    return this.#stats.with(this.#shown).stalls;
  }

  /** The player that commands go to. */
  get #player(): StationPlayer | null {
    return this.#next ?? this.#shown;
  }

  #begin(start: Start): void {
    const { station, at, paused } = start;
    clearTimeout(this.#later);
    this.#next?.close();
    this.#next = null;
    this.#refusal = null;
    const { gateway } = this.#options;
    const isKnown = gateway.isOpen || gateway.station(station) !== undefined;
    this.#pending = isKnown ? null : start;
    if (!isKnown) {
      this.#update();
      return;
    }
    this.#nextSince = performance.now();
    if (this.#shown) this.#freeze(this.#shown);
    const sound = { volume: this.volume.peek(), muted: this.muted.peek() || this.silenced.peek() };
    const preloaded = at === null && !paused ? this.#options.takePreloaded(station) : null;
    const player = preloaded ?? this.#options.createPlayer({ ...start, sound }, silent);
    if (typeof player === 'string') {
      this.#refusal = player;
      this.#update();
      return;
    }
    this.#next = player;
    player.events = this.#eventsOf(player);
    player.element.style.cssText = STYLE;
    putFirst(this.element, player.element);
    if (player.overlay) {
      player.overlay.style.cssText = OVERLAY_STYLE;
      player.element.after(player.overlay);
    }
    player.setSound(sound);
    if (player.state.isShown) requestAnimationFrame(() => this.#swap(player));
    this.#update();
  }

  /** The old picture stays until there is a new one. */
  #freeze(player: StationPlayer): void {
    if (player.events === silent) return;
    this.#stats.finish(player);
    player.events = silent;
    player.setSound(MUTED);
    player.freeze();
  }

  #eventsOf(player: StationPlayer): PlayerEvents {
    return {
      onShown: () => this.#swap(player),
      onChange: () => this.#update(),
      onBroken: (why) => this.#replace(player, why),
      onSilenced: () => {
        this.silenced.value = true;
      },
    };
  }

  #swap(player: StationPlayer): void {
    if (this.#next !== player) return;
    this.#closeOld();
    const old = this.#shown;
    this.#shown = player;
    this.#next = null;
    if (old) {
      keepPictureInPicture(old.element, player.element);
      // An element that was moved is not drawn for a moment: the old picture stays behind it.
      player.element.style.zIndex = '1';
      this.#old = old;
      setTimeout(() => {
        if (this.#old === old) this.#closeOld();
      }, LINGER);
    }
    this.#update();
  }

  #closeOld(): void {
    this.#old?.close();
    this.#old = null;
    if (this.#shown) this.#shown.element.style.zIndex = '';
  }

  #replace(player: StationPlayer, why: Parameters<PlayerEvents['onBroken']>[0]): void {
    if (player !== this.#player) return;
    const start: Start = { station: player.station, at: player.state.position, paused: player.state.isPaused };
    if (why === 'moved') this.#stats.moved++;
    if (why !== 'failed') {
      this.#begin(start);
      return;
    }
    const now = performance.now();
    this.#failures = [...this.#failures.filter((at) => at > now - FAILURES_WITHIN), now];
    this.#freeze(player);
    if (this.#failures.length < MOST_FAILURES) {
      this.#later = setTimeout(() => this.#begin(start), RETRY * (this.#failures.length - 1));
    } else {
      this.#refusal = 'This browser cannot play the station.';
    }
    this.#update();
  }

  #status(): ScreenStatus {
    const [shown, next] = [this.#shown, this.#next];
    if (this.station.peek() === null) return 'off';
    if (this.#refusal !== null || this.#player?.state.status === 'ended') return 'ended';
    if (!next) return shown?.state.status ?? 'tuning';
    if (shown?.station !== next.station) return 'tuning';
    if (next.state.isPaused) return 'paused';
    return performance.now() - this.#nextSince > PATIENCE ? 'waiting' : 'playing';
  }

  #update(): void {
    const { gateway } = this.#options;
    const player = this.#player;
    const state = player?.state;
    const now = gateway.now();
    batch(() => {
      this.status.value = this.#status();
      this.problem.value = this.#refusal ?? state?.problem ?? null;
      this.following.value = state?.isFollowing ?? true;
      const isSame = this.#shown?.station === player?.station;
      this.time.value = state?.time ?? state?.position ?? (isSame ? (this.#shown?.state.time ?? null) : null);
      this.#liveTime.value = now === null ? null : Millis(now - gateway.delay - MEDIA_DELAY);
      this.statistics.value = player ? this.#statistics(player) : null;
    });
  }

  #statistics(player: StationPlayer): ScreenStatistics {
    const stats = player.stats();
    const now = this.#options.gateway.now();
    const { time } = player.state;
    const delay = now === null || time === null ? null : Millis(now - time);
    return { ...stats, ...this.#stats.with(player), delay, moved: this.#stats.moved };
  }

  #report(): void {
    const channel = this.#shown?.channel;
    const statistics = this.statistics.peek();
    if (this.#next || channel === null || channel === undefined || !statistics || statistics.delay === null) return;
    const { delay, buffer, droppedFrames, stalls, offset } = statistics;
    this.#options.gateway.send({ type: 'report', channel, delay, buffer, droppedFrames, stalls, offset });
  }
}

/** For a player whose events no longer matter. */
const silent: PlayerEvents = { onShown() {}, onChange() {}, onBroken() {}, onSilenced() {} };

/** Makes `element` the first child. With `moveBefore`, a playing element does not stop for the move. */
function putFirst(
  parent: HTMLElement & { moveBefore?(node: Node, child: Node | null): void },
  element: HTMLElement,
): void {
  if (parent.moveBefore && parent.isConnected && element.isConnected) parent.moveBefore(element, parent.firstChild);
  else parent.prepend(element);
}
