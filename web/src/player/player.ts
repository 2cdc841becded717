/** The player engine as the page sees it: one connection to the gateway, and screens that show stations. */

import type { ReadonlySignal, Signal } from '@preact/signals';
import type { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';

export type Connection = 'connecting' | 'open' | 'lost';

/**
 * off: no station. tuning: no picture yet. waiting: nothing arrives at the moment. ended: the station went off the air, or
 * cannot be played here; `problem` has the reason.
 */
export type ScreenStatus = 'off' | 'tuning' | 'playing' | 'paused' | 'waiting' | 'ended';

/** Times in milliseconds; counts since the station was tuned to. */
export interface ScreenStatistics {
  /** The player: Media Source, mpegts.js, or pictures on a canvas. */
  path: 'mse' | 'mpegts.js' | 'canvas';
  /** Time from a packet's leaving the server until its picture is shown. */
  delay: Millis | null;
  /** Media buffered ahead of the picture. */
  buffer: Millis;
  frames: number;
  droppedFrames: number;
  /** Bit/s received in the last seconds. */
  bitrate: number;
  stalls: number;
  /** Times that the gateway moved the stream to a newer position, because the page was too slow or packets were missing. */
  moved: number;
  /** Lateness of the picture against the moment at which all screens show it. Null while not steered. */
  offset: Millis | null;
}

/** Shows one station, with sound. */
export interface Screen {
  /** Fills its parent; the page may move it. */
  readonly element: HTMLElement;
  /** Id of the station; null while off. */
  readonly station: ReadonlySignal<string | null>;
  readonly status: ReadonlySignal<ScreenStatus>;
  /** The moment (Unix epoch, server's clock) of the picture shown. Changes a few times a second. */
  readonly time: ReadonlySignal<Millis | null>;
  /** Milliseconds behind live screens. */
  readonly behind: ReadonlySignal<Millis | null>;
  /** Whether it follows the air: not after a pause or a seek. */
  readonly following: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<string | null>;
  readonly statistics: ReadonlySignal<ScreenStatistics | null>;
  readonly muted: Signal<boolean>;
  /** 0 to 1. */
  readonly volume: Signal<number>;
  /** The browser blocks sound until the page is touched. */
  readonly silenced: ReadonlySignal<boolean>;
  /** Shows a station: from a moment (Unix epoch) on, or what is on the air. */
  tune(station: string, at?: Millis): void;
  /** Freezes the picture. */
  pause(): void;
  /** Continues with the next picture. */
  resume(): void;
  live(): void;
  /** Shows the picture of a moment (Unix epoch); a paused screen stays paused. */
  seek(time: Millis): void;
  stop(): void;
  /** Null where the browser does not support it. */
  readonly pictureInPicture: (() => Promise<void>) | null;
  close(): void;
}

export interface Engine {
  readonly connection: ReadonlySignal<Connection>;
  /** In order of number. Unchanged while the connection is lost. */
  readonly stations: ReadonlySignal<readonly LiveStation[]>;
  /** Addresses of the newest thumbnails, by id of the station. */
  readonly thumbnails: ReadonlySignal<ReadonlyMap<string, string>>;
  /** The server's clock (Unix epoch); null until it is known. */
  now(): Millis | null;
  /** Selects the stations whose thumbnails are sent. */
  wantThumbnails(stations: readonly string[]): void;
  createScreen(): Screen;
  /** Why this browser cannot play a station, a sentence; null: it can. */
  obstacleTo(station: LiveStation): string | null;
  /** Languages of the sound, the preferred one first; where a station has none of them, its main sound. Screens go on with it. */
  setLanguages(wanted: readonly string[]): void;
  /** Languages of the subtitles, the preferred one first; where a station has none of them, none are shown. */
  setSubtitles(wanted: readonly string[]): void;
  /** Preloads stations that are likely to be tuned to next. */
  preload(stations: readonly string[]): void;
  close(): void;
}
