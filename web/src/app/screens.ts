/** A screen of the engine for each picture of the state. Only the one in focus has sound. */
import { effect, type ReadonlySignal, signal } from '@preact/signals';
import type { LiveStation } from '../../../src/contract/live.js';
import type { Engine, Screen } from '../player/player.js';
import type { Effect, Picture } from '../state/state.js';

export interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

export class Screens {
  readonly #engine: Engine;
  readonly #all = signal<ReadonlyMap<number, Screen>>(new Map());
  readonly #focus = signal(0);
  readonly #stop: () => void;

  constructor(engine: Engine, sound: ReadonlySignal<Sound>) {
    this.#engine = engine;
    this.#stop = effect(() => {
      const { volume, muted } = sound.value;
      for (const [id, screen] of this.#all.value) {
        screen.volume.value = volume;
        screen.muted.value = muted || id !== this.#focus.value;
      }
    });
  }

  /** By id of the picture. */
  get all(): ReadonlySignal<ReadonlyMap<number, Screen>> {
    return this.#all;
  }

  /** Opens missing screens, and closes those no longer shown. */
  keep(pictures: readonly Picture[], focus: number): void {
    const old = this.#all.peek();
    this.#focus.value = focus;
    if (pictures.length === old.size && pictures.every(({ id }) => old.has(id))) return;
    const kept = new Map(pictures.map(({ id }) => [id, old.get(id) ?? this.#engine.createScreen()]));
    this.#all.value = kept;
    for (const [id, screen] of old) if (!kept.has(id)) screen.close();
  }

  get(picture: number): Screen | undefined {
    return this.#all.peek().get(picture);
  }

  apply(wanted: Effect): void {
    if (!('picture' in wanted)) return;
    const screen = this.get(wanted.picture);
    if (wanted.type === 'tune') screen?.tune(wanted.station, wanted.at);
    else if (wanted.type === 'seek') screen?.seek(wanted.time);
    else screen?.[wanted.type]();
  }

  /** Tunes again to stations that have returned. */
  onStationsAdded(added: readonly LiveStation[]): void {
    for (const screen of this.#all.peek().values()) {
      const station = screen.station.peek();
      if (screen.status.peek() === 'ended' && added.some(({ id }) => id === station)) screen.tune(station!);
    }
  }

  close(): void {
    this.#stop();
    for (const screen of this.#all.peek().values()) screen.close();
    this.#all.value = new Map();
  }
}
