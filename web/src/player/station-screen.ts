/** A picture with its sound, on the page. */
import { batch, computed, effect, type ReadonlySignal, signal } from '@preact/signals';
import { MEDIA_DELAY } from '../../../src/contract/timing.js';
import type { Gateway } from './link/gateway.js';
import { keepPictureInPicture } from './picture-in-picture.js';
import type { Screen, ScreenStatistics, ScreenStatus } from './player.js';
import type { Beginning, PlayerEvents, Sound, StationPlayer } from './station-player.js';

export interface StationScreenOptions {
  gateway: Gateway;
  /** A text: why this browser cannot play it. */
  createPlayer(beginning: Beginning, events: PlayerEvents): StationPlayer | string;
  /** One that plays that station already, unheard; null where there is none. */
  takePreloaded(station: string): StationPlayer | null;
  onClosed(): void;
}

const REFRESH_EVERY = 250;
const REPORT_EVERY = 5_000;
/** Players that fail one after the other: then it is not going to work. Milliseconds. */
const MOST_FAILURES = 4;
const FAILURES_WITHIN = 30_000;
const RETRY = 500;
/** Somebody drags along the bar: not every place on the way is shown. Milliseconds. */
const SEEK_PAUSE = 150;
/** Going elsewhere in a station, the picture stands still for so long before that is said. Milliseconds. */
const PATIENCE = 1_000;

/** Milliseconds that an old picture stays below the new one. */
const LINGER = 100;

const STYLE = 'position:absolute;inset:0;width:100%;height:100%;object-fit:contain;display:block';
const UNHEARD: Sound = { volume: 0, muted: true };

/**
 * It is in charge of:
 * - the player that is shown, and the next one, which takes its place as soon as it has a picture
 * - what the page is told of it
 * - sound, and browsers that let none out
 */
export class StationScreen implements Screen {
  readonly element = document.createElement('div');
  readonly station = signal<string | null>(null);
  readonly status = signal<ScreenStatus>('off');
  readonly time = signal<number | null>(null);
  readonly following = signal(true);
  readonly problem = signal<string | null>(null);
  readonly statistics = signal<ScreenStatistics | null>(null);
  readonly muted = signal(false);
  readonly volume = signal(1);
  readonly silenced = signal(false);
  readonly behind: ReadonlySignal<number | null>;
  readonly pictureInPicture: (() => Promise<void>) | null;
  readonly #options: StationScreenOptions;
  /** The moment that everybody else shows. */
  readonly #liveTime = signal<number | null>(null);
  #shown: StationPlayer | null = null;
  /** What was shown before, for another moment. */
  #old: StationPlayer | null = null;
  #next: StationPlayer | null = null;
  #nextSince = 0;
  #refusal: string | null = null;
  /** What is begun when it is known what stations there are. */
  #wanted: (() => void) | null = null;
  #later: ReturnType<typeof setTimeout> | undefined;
  /** Of players before the one that is shown, since it was tuned to its station. */
  #past = { moved: 0, stalls: 0, frames: 0, droppedFrames: 0 };
  #failures: number[] = [];
  readonly #timers: ReturnType<typeof setInterval>[];
  readonly #endEffects: (() => void)[];
  readonly #onVisibility = () => {
    if (!document.hidden) this.#shown?.returned();
  };

  constructor(options: StationScreenOptions) {
    this.#options = options;
    this.element.style.cssText = 'position:relative;width:100%;height:100%;overflow:hidden';
    this.behind = computed(() => {
      const [time, live] = [this.time.value, this.#liveTime.value];
      return time === null || live === null ? null : Math.max(0, live - time);
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
        if (options.gateway.connection.value === 'open') this.#wanted?.();
      }),
    ];
    this.#timers = [setInterval(() => this.#update(), REFRESH_EVERY), setInterval(() => this.#report(), REPORT_EVERY)];
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  tune(station: string, at?: number): void {
    this.#past = { moved: 0, stalls: 0, frames: 0, droppedFrames: 0 };
    this.#failures = [];
    this.station.value = station;
    this.#begin(station, at ?? null, false);
  }

  pause(): void {
    this.#player?.pause();
  }

  resume(): void {
    this.#player?.resume();
  }

  live(): void {
    const station = this.station.peek();
    if (station !== null && !this.#player?.live()) this.#begin(station, null, false);
  }

  seek(time: number): void {
    const station = this.station.peek();
    if (station === null) return;
    clearTimeout(this.#later);
    if (this.#next === null && this.#shown?.seek(time)) return;
    const since = performance.now() - this.#nextSince;
    if (this.#next && since < SEEK_PAUSE) this.#later = setTimeout(() => this.seek(time), SEEK_PAUSE - since);
    else this.#begin(station, time, this.#player?.isPaused ?? false);
  }

  stop(): void {
    clearTimeout(this.#later);
    this.#closeOld();
    this.#next?.close();
    this.#shown?.close();
    this.#next = null;
    this.#shown = null;
    this.#wanted = null;
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

  /** Somebody touched the page: browsers let sound out from now on. */
  touched(): void {
    this.silenced.value = false;
  }

  /** Since it was tuned to its station. */
  get stalls(): number {
    return this.#past.stalls + (this.#shown?.stats().stalls ?? 0);
  }

  /** What the next command is for. */
  get #player(): StationPlayer | null {
    return this.#next ?? this.#shown;
  }

  #begin(station: string, at: number | null, paused: boolean): void {
    clearTimeout(this.#later);
    this.#next?.close();
    this.#next = null;
    this.#refusal = null;
    const { gateway } = this.#options;
    const isKnown = gateway.isOpen || gateway.station(station) !== undefined;
    this.#wanted = isKnown ? null : () => this.#begin(station, at, paused);
    if (!isKnown) {
      this.#update();
      return;
    }
    this.#nextSince = performance.now();
    if (this.#shown) this.#freeze(this.#shown);
    const sound = { volume: this.volume.peek(), muted: this.muted.peek() || this.silenced.peek() };
    const preloaded = at === null && !paused ? this.#options.takePreloaded(station) : null;
    const player = preloaded ?? this.#options.createPlayer({ station, at, paused, sound }, silent);
    if (typeof player === 'string') {
      this.#refusal = player;
      this.#update();
      return;
    }
    this.#next = player;
    player.events = this.#eventsOf(player);
    player.element.style.cssText = STYLE;
    putFirst(this.element, player.element);
    player.setSound(sound);
    if (player.isShown) requestAnimationFrame(() => this.#swap(player));
    this.#update();
  }

  /** The old picture stays until there is a new one. */
  #freeze(player: StationPlayer): void {
    if (player.events === silent) return;
    const { stalls, frames, droppedFrames } = player.stats();
    this.#past.stalls += stalls;
    this.#past.frames += frames;
    this.#past.droppedFrames += droppedFrames;
    player.events = silent;
    player.setSound(UNHEARD);
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
      // For a moment there is a hole where an element that was moved will be drawn: the old picture fills it.
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
    const { station, place, isPaused } = player;
    if (why === 'moved') this.#past.moved++;
    if (why !== 'failed') {
      this.#begin(station, place, isPaused);
      return;
    }
    const now = performance.now();
    this.#failures = [...this.#failures.filter((at) => at > now - FAILURES_WITHIN), now];
    this.#freeze(player);
    if (this.#failures.length < MOST_FAILURES) {
      this.#later = setTimeout(() => this.#begin(station, place, isPaused), RETRY * (this.#failures.length - 1));
    } else {
      this.#refusal = 'This browser cannot play it.';
    }
    this.#update();
  }

  #status(): ScreenStatus {
    const [shown, next] = [this.#shown, this.#next];
    if (this.station.peek() === null) return 'off';
    if (this.#refusal !== null || this.#player?.status === 'ended') return 'ended';
    if (!next) return shown?.status ?? 'tuning';
    if (shown?.station !== next.station) return 'tuning';
    if (next.isPaused) return 'paused';
    return performance.now() - this.#nextSince > PATIENCE ? 'waiting' : 'playing';
  }

  #update(): void {
    const { gateway } = this.#options;
    const player = this.#player;
    const now = gateway.now();
    batch(() => {
      this.status.value = this.#status();
      this.problem.value = this.#refusal ?? player?.problem ?? null;
      this.following.value = player?.following ?? true;
      const isSame = this.#shown?.station === player?.station;
      this.time.value = player?.time ?? player?.place ?? (isSame ? (this.#shown?.time ?? null) : null);
      this.#liveTime.value = now === null ? null : now - gateway.delay - MEDIA_DELAY;
      this.statistics.value = player ? this.#statistics(player) : null;
    });
  }

  #statistics(player: StationPlayer): ScreenStatistics {
    const { frames, droppedFrames, stalls, ...stats } = player.stats();
    const now = this.#options.gateway.now();
    const past = this.#past;
    return {
      ...stats,
      delay: now === null || player.time === null ? null : now - player.time,
      frames: past.frames + frames,
      droppedFrames: past.droppedFrames + droppedFrames,
      stalls: past.stalls + stalls,
      moved: past.moved,
    };
  }

  #report(): void {
    const channel = this.#shown?.channel;
    const statistics = this.statistics.peek();
    if (this.#next || channel === null || channel === undefined || !statistics || statistics.delay === null) return;
    const { delay, buffer, droppedFrames, stalls, offset } = statistics;
    this.#options.gateway.send({ type: 'report', channel, delay, buffer, droppedFrames, stalls, offset });
  }
}

/** Of a player that nobody listens to. */
const silent: PlayerEvents = { onShown() {}, onChange() {}, onBroken() {}, onSilenced() {} };

/** As the first of its parent's. Where the browser can, what plays does not stop for it. */
function putFirst(
  parent: HTMLElement & { moveBefore?(node: Node, child: Node | null): void },
  element: HTMLElement,
): void {
  if (parent.moveBefore && parent.isConnected && element.isConnected) parent.moveBefore(element, parent.firstChild);
  else parent.prepend(element);
}
