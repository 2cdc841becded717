/** Connects the page's state, the player engine and the browser. */

import { batch, computed, effect, type ReadonlySignal, type Signal, signal } from '@preact/signals';
import { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';
import { nextLanguage, ONE_SOUND, soundText } from '../../../src/contract/sound.js';
import { NO_SUBTITLES, nextSubtitles, subtitlesText } from '../../../src/contract/subtitles.js';
import { TYPING_TIMEOUT } from '../../../src/contract/viewing.js';
import type { Engine, Screen } from '../player/player.js';
import { addressOf, pictureAddress, readAddress, startAddress, writeAddress } from '../state/address.js';
import { neighbour } from '../state/pictures.js';
import { loopFrom, nowAndNext, programmeAt } from '../state/programmes.js';
import { readSettings, settingsOfAddress, writeSettings } from '../state/settings.js';
import {
  type Address,
  type Effect,
  type Facts,
  findStation,
  focused,
  initialState,
  type PageEvent,
  type PageState,
} from '../state/state.js';
import { secondsText } from '../state/texts.js';
import { update } from '../state/update.js';
import { copyText } from '../ui/copy-text.js';
import { onSessionKeys, showSession, toggleFullScreen } from './acts.js';
import { ControlsVisibility } from './controls-visibility.js';
import { type FetchGuide, GuideStore } from './guide-store.js';
import { Screens, type Sound } from './screens.js';
import { VisibleThumbnails } from './visible-thumbnails.js';

export interface PageOptions {
  engine: Engine;
  /** Null: settings are not stored. */
  storage: Storage | null;
  fetchGuide: FetchGuide;
}

/**
 * Responsible for:
 * - the state and its clock: components read its signals and send it events
 * - the effects of the state machine
 * - the page's address
 */
export class Page {
  readonly engine: Engine;
  readonly state: ReadonlySignal<PageState>;
  readonly sound: Signal<Sound>;
  /** Languages of the sound, the preferred one first; empty: each station's main sound. */
  readonly languages: Signal<readonly string[]>;
  /** Languages of the subtitles, the preferred one first; empty: none. */
  readonly subtitles: Signal<readonly string[]>;
  /** The server's clock (Unix epoch), by the second. */
  readonly clock: Signal<Millis>;
  readonly controls = new ControlsVisibility();
  readonly screens: Screens;
  readonly thumbnails: VisibleThumbnails;
  readonly guide: GuideStore;
  /** Incremented when the search field or the controls are to get the focus. */
  readonly wanted = { search: signal(0), controls: signal(0) };
  /** The station whose tile has the focus on the wall. */
  readonly marked = signal<string | null>(null);
  readonly #state: Signal<PageState>;
  readonly #screen: ReadonlySignal<Screen | null>;
  readonly #ends: (() => void)[] = [];
  /** The address to show once the stations are known. */
  #start: Address | null;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor({ engine, storage, fetchGuide }: PageOptions) {
    const settings = settingsOfAddress(location.search, readSettings(storage));
    this.engine = engine;
    this.#state = signal(initialState(settings));
    this.state = this.#state;
    this.sound = signal({ volume: settings.volume, muted: settings.muted });
    this.languages = signal(settings.languages);
    this.subtitles = signal(settings.subtitles);
    this.clock = signal(engine.now() ?? Millis(Date.now()));
    this.screens = new Screens(engine, this.sound);
    this.thumbnails = new VisibleThumbnails(engine);
    this.guide = new GuideStore(fetchGuide);
    this.#screen = computed(() => this.screens.all.value.get(this.#state.value.focus) ?? null);
    this.#start = startAddress({ hash: location.hash, search: location.search, last: settings.last });
    this.#ends.push(
      effect(() => this.#onStations(engine.stations.value)),
      effect(() => engine.setLanguages(this.languages.value)),
      effect(() => engine.setSubtitles(this.subtitles.value)),
      effect(() => {
        const [languages, subtitles] = [this.languages.value, this.subtitles.value];
        writeSettings(storage, { ...this.sound.value, ...this.#kept.value, languages, subtitles });
      }),
      effect(() => this.#preload()),
      effect(() => this.#showTitle()),
      effect(() => this.controls.hold(this.#state.value.dialog === 'menu')),
    );
    const seconds = setInterval(() => this.#tick(), 1000);
    const onAddress = () => this.send({ type: 'address', address: readAddress(location.hash) });
    addEventListener('popstate', onAddress);
    onSessionKeys((key) => this.send({ type: 'key', key }));
    this.#ends.push(() => {
      clearInterval(seconds);
      removeEventListener('popstate', onAddress);
    });
  }

  readonly #kept = computed(() => ({ favourites: this.#state.value.favourites, last: this.#state.value.last }));

  /** The element that the next picture grows out of. */
  setOrigin(picture: Element | null): void {
    this.#origin = picture?.getBoundingClientRect() ?? null;
  }

  /** The origin as CSS insets from the page's edges; null without one. */
  takeOrigin(): string | null {
    const box = this.#origin;
    this.#origin = null;
    if (!box) return null;
    return [box.top, innerWidth - box.right, innerHeight - box.bottom, box.left].map((each) => `${each}px`).join(' ');
  }

  #origin: DOMRect | null = null;

  /** The screen of the picture in focus. */
  get screen(): ReadonlySignal<Screen | null> {
    return this.#screen;
  }

  /** Returns whether the event changed anything. */
  send(event: PageEvent): boolean {
    const before = this.#state.peek();
    const { state, effects } = update(before, event, this.#facts());
    if (state === before && effects.length === 0) return false;
    batch(() => {
      this.#state.value = state;
      this.screens.keep(state.pictures, state.focus);
      // Before other neighbours are preloaded: the station wanted may be one of those preloaded now.
      for (const each of effects) this.#do(each);
    });
    if (state.typed !== before.typed && state.typed !== '') {
      clearTimeout(this.#typing);
      this.#typing = setTimeout(() => this.send({ type: 'tick' }), TYPING_TIMEOUT);
    }
    this.#writeAddress(before);
    return true;
  }

  key(key: string): boolean {
    return this.send({ type: 'key', key });
  }

  close(): void {
    for (const end of this.#ends.splice(0)) end();
    clearTimeout(this.#typing);
    this.controls.close();
    this.thumbnails.close();
    this.screens.close();
  }

  #facts(): Facts {
    const screen = this.#screen.peek();
    const time = screen?.time.peek() ?? null;
    const behind = screen?.behind.peek() ?? null;
    const station = findStation(this.#state.peek(), screen?.station.peek() ?? undefined);
    const listed = (station && this.guide.around.peek().get(station.id)) ?? [];
    const loop = time !== null && station ? loopFrom(station, time) : null;
    const programmeFrom = time === null ? null : (programmeAt(listed, time)?.from ?? loop);
    return { now: Millis(Date.now()), time, behind, programmeFrom };
  }

  #tick(): void {
    this.clock.value = this.engine.now() ?? Millis(Date.now());
    if (this.engine.connection.peek() === 'open') this.guide.tick(this.clock.peek());
    this.send({ type: 'tick' });
  }

  #onStations(stations: readonly LiveStation[]): void {
    const before = this.#state.peek().stations;
    if (stations === before) return;
    this.send({ type: 'stations', stations });
    this.guide.invalidate();
    this.screens.onStationsAdded(stations.filter(({ id }) => !before.some((each) => each.id === id)));
    if (stations.length === 0 || this.#start === null) return;
    const address = this.#start;
    this.#start = null;
    this.send({ type: 'address', address });
  }

  #preload(): void {
    const state = this.#state.value;
    const near = state.view === 'wall' ? [this.marked.value] : [neighbour(state, 1), neighbour(state, -1)];
    const stations = [...new Set(near.filter((id) => id !== null))];
    if (stations.join() === this.#preloaded) return;
    this.#preloaded = stations.join();
    this.engine.preload(stations);
  }

  #preloaded = '';

  #showTitle(): void {
    const state = this.#state.value;
    const picture = focused(state);
    const station = findStation(state, picture?.station);
    const title = station ? `${station.name} – MultiStreamCast` : 'MultiStreamCast';
    if (document.title !== title) document.title = title;
    if (!station || !picture) {
      showSession(null);
      return;
    }
    const { now } = nowAndNext(station, this.guide.around.value, this.clock.peek());
    const artwork = new URL(pictureAddress(station.id, 'poster'), location.href).href;
    showSession({ title: now.title, station: station.name, artwork, paused: picture.paused });
  }

  /** Switching between wall and picture adds an entry to the browser's history; switching stations does not. */
  #writeAddress(before: PageState): void {
    if (this.#start !== null) return;
    const state = this.#state.peek();
    const address = writeAddress(addressOf(state));
    const here = readAddress(location.hash);
    if (writeAddress({ ...here, time: null }) === address) return;
    if (state.view !== before.view) history.pushState(null, '', address);
    else history.replaceState(null, '', address);
  }

  #do(wanted: Effect): void {
    switch (wanted.type) {
      case 'volume':
        this.setVolume(this.sound.peek().volume + wanted.by);
        return;
      case 'mute': {
        const muted = !this.sound.peek().muted;
        this.sound.value = { ...this.sound.peek(), muted };
        this.notify(muted ? 'Sound off' : 'Sound on', { brief: true });
        return;
      }
      case 'next-sound':
        this.#playNextSound();
        return;
      case 'next-subtitles':
        this.#showNextSubtitles();
        return;
      case 'full-screen':
        toggleFullScreen().catch(() => this.notify('This browser does not support full screen.'));
        return;
      case 'picture-in-picture': {
        const start = this.#screen.peek()?.pictureInPicture;
        const failed = () => this.notify('This browser does not support picture in picture for this station.');
        if (start) start().catch(failed);
        else failed();
        return;
      }
      case 'copy-link':
        this.#copyLink();
        return;
      case 'search':
        this.wanted.search.value++;
        return;
      case 'controls':
        this.controls.wake({ focused: true });
        this.wanted.controls.value++;
        return;
      default:
        this.screens.apply(wanted);
    }
  }

  #showNextSubtitles(): void {
    const state = this.#state.peek();
    const station = findStation(state, focused(state)?.station);
    const next = nextSubtitles(station ?? {}, this.subtitles.peek());
    this.notify(next === null ? NO_SUBTITLES : subtitlesText(next), { brief: true });
    if (next !== null) this.subtitles.value = next;
  }

  #playNextSound(): void {
    const state = this.#state.peek();
    const station = findStation(state, focused(state)?.station);
    const language = nextLanguage(station ?? {}, this.languages.peek());
    this.notify(language === null ? ONE_SOUND : soundText(language), { brief: true });
    if (language !== null) this.languages.value = [language];
  }

  /** 0 to 1; unmutes. */
  setVolume(wanted: number): void {
    const volume = Math.round(100 * Math.min(1, Math.max(0, wanted))) / 100;
    this.sound.value = { volume, muted: false };
    this.notify(`Volume ${Math.round(100 * volume)}%`, { brief: true });
  }

  /** `brief`: read at a glance. */
  notify(text: string, { brief = false } = {}): void {
    this.send({ type: 'notice', text, brief });
  }

  async #copyLink(): Promise<void> {
    const { stations } = addressOf(this.#state.peek());
    const time = this.#screen.peek()?.time.peek() ?? null;
    const link = new URL(writeAddress({ stations, time }), location.origin + location.pathname).href;
    const copied = await copyText(link);
    const moment = time === null ? 'this station' : secondsText(time);
    this.notify(copied ? `Link to ${moment} copied.` : link);
  }
}
