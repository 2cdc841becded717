/** A player engine without a gateway: pictures are drawn, and tests set the state of the network. */

import { computed, signal } from '@preact/signals';
import { Millis } from '../../src/base/units.js';
import type { LiveStation } from '../../src/contract/live.js';
import type { Connection, Engine, Screen, ScreenStatistics, ScreenStatus } from '../src/player/player.js';
import { drawScene } from './fake-scene.js';

/** Time that live pictures are behind the clock. */
const DELAY = Millis(1200);
const TUNING = 120;
const THUMBNAILS_EVERY = 5000;

export class FakeEngine implements Engine {
  readonly connection = signal<Connection>('open');
  readonly stations = signal<readonly LiveStation[]>([]);
  readonly thumbnails = signal<ReadonlyMap<string, string>>(new Map());
  /** The last requests, for tests. */
  readonly asked = {
    preload: [] as readonly string[],
    thumbnails: [] as readonly string[],
    languages: [] as readonly string[],
    subtitles: [] as readonly string[],
  };
  readonly screens = new Set<FakeScreen>();
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(stations: readonly LiveStation[]) {
    this.stations.value = stations;
    this.#timer = setInterval(() => this.#drawThumbnails(), THUMBNAILS_EVERY);
  }

  now(): Millis {
    return Millis(Date.now());
  }

  wantThumbnails(stations: readonly string[]): void {
    this.asked.thumbnails = stations;
    this.#drawThumbnails();
  }

  setSubtitles(wanted: readonly string[]): void {
    this.asked.subtitles = wanted;
  }

  setLanguages(wanted: readonly string[]): void {
    this.asked.languages = wanted;
  }

  preload(stations: readonly string[]): void {
    this.asked.preload = stations;
  }

  /** As in a browser without HEVC. */
  obstacleTo({ format }: LiveStation): string | null {
    return format === 'hevc' ? 'This browser cannot decode H.265 (HEVC).' : null;
  }

  createScreen(): Screen {
    const screen = new FakeScreen(this);
    this.screens.add(screen);
    return screen;
  }

  async #drawThumbnails(): Promise<void> {
    const drawn = new Map(this.thumbnails.peek());
    for (const id of this.asked.thumbnails) {
      const station = this.stations.peek().find((each) => each.id === id);
      if (!station) continue;
      const canvas = new OffscreenCanvas(640, Math.round((640 * station.height) / station.width));
      drawScene(canvas.getContext('2d') as unknown as CanvasRenderingContext2D, station.number, this.now());
      const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: 0.85 });
      const old = drawn.get(id);
      drawn.set(id, URL.createObjectURL(blob));
      if (old) setTimeout(() => URL.revokeObjectURL(old), 2000);
    }
    this.thumbnails.value = drawn;
  }

  close(): void {
    clearInterval(this.#timer);
    for (const screen of this.screens) screen.close();
  }
}

export class FakeScreen implements Screen {
  readonly element = document.createElement('canvas');
  readonly station = signal<string | null>(null);
  readonly status = signal<ScreenStatus>('off');
  readonly time = signal<Millis | null>(null);
  readonly following = signal(true);
  readonly problem = signal<string | null>(null);
  readonly muted = signal(false);
  readonly volume = signal(1);
  readonly silenced = signal(false);
  readonly #clock = signal(Millis(Date.now()));
  readonly behind = computed(() =>
    this.time.value === null ? null : Millis(Math.max(0, this.#clock.value - DELAY - this.time.value)),
  );
  readonly statistics = computed<ScreenStatistics | null>(() =>
    this.time.value === null
      ? null
      : {
          path: 'mse',
          delay: Millis(DELAY + (this.behind.value ?? 0)),
          buffer: Millis(640),
          frames: this.#frames,
          droppedFrames: 2,
          bitrate: 5_230_000,
          stalls: 0,
          moved: 0,
          offset: Millis(4),
        },
  );
  readonly pictureInPicture = async () => {};
  readonly #engine: FakeEngine;
  /** Time that the picture is behind the clock; or the moment at which it is frozen. */
  #back = DELAY;
  #frozen: Millis | null = null;
  #frames = 0;
  #tuning: ReturnType<typeof setTimeout> | undefined;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(engine: FakeEngine) {
    this.#engine = engine;
    this.element.width = 960;
    this.element.height = 540;
    this.element.style.cssText = 'width:100%;height:100%;object-fit:contain;display:block';
    this.#timer = setInterval(() => this.#draw(), 100);
  }

  tune(station: string, at?: Millis): void {
    this.station.value = station;
    this.time.value = null;
    this.#frozen = null;
    this.#back = at === undefined ? DELAY : Millis(Date.now() - at);
    this.following.value = at === undefined;
    const known = this.#engine.stations.peek().find(({ id }) => id === station);
    this.problem.value = known ? this.#engine.obstacleTo(known) : 'There is no such station here.';
    const isPlayed = this.problem.value === null;
    this.status.value = isPlayed ? 'tuning' : 'ended';
    clearTimeout(this.#tuning);
    if (isPlayed) this.#tuning = setTimeout(() => this.#begin(), TUNING);
  }

  #begin(): void {
    this.status.value = 'playing';
    this.#draw();
  }

  pause(): void {
    this.#frozen = this.time.peek();
    this.following.value = false;
    this.status.value = 'paused';
  }

  resume(): void {
    if (this.#frozen !== null) this.#back = Millis(Date.now() - this.#frozen);
    this.#frozen = null;
    this.status.value = 'playing';
  }

  live(): void {
    this.#back = DELAY;
    if (this.#frozen !== null) this.#frozen = Millis(Date.now() - DELAY);
    this.following.value = true;
    this.#draw();
  }

  seek(time: Millis): void {
    if (this.#frozen !== null) this.#frozen = time;
    this.#back = Millis(Date.now() - time);
    this.following.value = false;
    this.#draw();
  }

  stop(): void {
    this.station.value = null;
    this.status.value = 'off';
    this.time.value = null;
  }

  #draw(): void {
    this.#clock.value = Millis(Date.now());
    const status = this.status.peek();
    if (status !== 'playing' && status !== 'paused') return;
    this.#frames += 3;
    this.time.value = this.#frozen ?? Millis(Date.now() - this.#back);
    const number = this.#engine.stations.peek().find(({ id }) => id === this.station.peek())?.number ?? 0;
    const context = this.element.getContext('2d');
    if (context) drawScene(context, number, this.time.value);
  }

  close(): void {
    clearInterval(this.#timer);
    clearTimeout(this.#tuning);
    this.#engine.screens.delete(this);
  }
}
