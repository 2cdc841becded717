/** What the page knows of playing: an engine with the one connection to the gateway, and screens that show stations. */
import type { ReadonlySignal, Signal } from '@preact/signals';
import type { LiveStation } from '../../../src/contract/live.js';

export type Connection = 'connecting' | 'open' | 'lost';

/**
 * off: no station. tuning: its first picture is not there yet. waiting: nothing comes, but it may come again. ended: it
 * went off the air, or cannot be played here; `problem` says why.
 */
export type ScreenStatus = 'off' | 'tuning' | 'playing' | 'paused' | 'waiting' | 'ended';

/** Milliseconds, and numbers since the station was tuned to. */
export interface ScreenStatistics {
  /** What plays: Media Source as it is, mpegts.js, pictures on a canvas. */
  path: 'mse' | 'mpegts.js' | 'canvas';
  /** How far the picture is behind what leaves the server now. */
  delay: number | null;
  /** How much is held ahead of the picture. */
  buffer: number;
  frames: number;
  droppedFrames: number;
  /** Bit/s that came in the last seconds. */
  bitrate: number;
  stalls: number;
  /** Times that the gateway moved it on, because it was too slow or something was missing. */
  moved: number;
  /** How far the picture is from the moment at which all screens show it; positive: late. Null while not steered. */
  offset: number | null;
}

/** A picture with its sound. */
export interface Screen {
  /** What shows it; the page puts it where it wants it, and may move it. It fills its parent. */
  readonly element: HTMLElement;
  /** Id of the station, null where it is off. */
  readonly station: ReadonlySignal<string | null>;
  readonly status: ReadonlySignal<ScreenStatus>;
  /** The moment (Unix epoch, server's clock) of the picture that is shown. Changes a few times a second. */
  readonly time: ReadonlySignal<number | null>;
  /** How far it is behind what is shown by those who watch live. */
  readonly behind: ReadonlySignal<number | null>;
  /** Whether it keeps to what is on the air: not after a pause, nor after seeking back. */
  readonly following: ReadonlySignal<boolean>;
  readonly problem: ReadonlySignal<string | null>;
  readonly statistics: ReadonlySignal<ScreenStatistics | null>;
  readonly muted: Signal<boolean>;
  /** 0 to 1. */
  readonly volume: Signal<number>;
  /** The browser lets no sound out until somebody touches the page. */
  readonly silenced: ReadonlySignal<boolean>;
  /** Shows that station: from that moment on, or what is on the air. */
  tune(station: string, at?: number): void;
  /** Freezes the picture. */
  pause(): void;
  /** Goes on with the very next picture. */
  resume(): void;
  live(): void;
  /** Goes to the picture of that moment, paused if it is paused. */
  seek(time: number): void;
  stop(): void;
  /** Null where the browser cannot. */
  readonly pictureInPicture: (() => Promise<void>) | null;
  close(): void;
}

export interface Engine {
  readonly connection: ReadonlySignal<Connection>;
  /** In order of number. Stays as it was while the connection is lost. */
  readonly stations: ReadonlySignal<readonly LiveStation[]>;
  /** By id of the station: addresses of the newest pictures of those that were wanted. */
  readonly thumbnails: ReadonlySignal<ReadonlyMap<string, string>>;
  /** The server's clock (Unix epoch); null until it is known. */
  now(): number | null;
  /** Which stations' thumbnails are wanted from now on. */
  wantThumbnails(stations: readonly string[]): void;
  createScreen(): Screen;
  /** Stations that are likely to be tuned to next: their pictures are then there at once. */
  preload(stations: readonly string[]): void;
  close(): void;
}
