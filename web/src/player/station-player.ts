/** A player of one station from a moment on. For anything else, another player takes its place. */
import { Millis } from '../../../src/base/units.js';
import type { Gateway } from './link/gateway.js';

export interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

export interface PlayerStats {
  path: 'mse' | 'mpegts.js' | 'canvas';
  /** Milliseconds buffered ahead of the picture. */
  buffer: Millis;
  frames: number;
  droppedFrames: number;
  /** Bit/s received in the last seconds. */
  bitrate: number;
  stalls: number;
  /** Lateness of pictures, milliseconds; null while they are not steered. */
  offset: Millis | null;
}

export interface PlayerEvents {
  /** The first picture is on the screen. Once. */
  onShown(): void;
  /** Its status or another property has changed. */
  onChange(): void;
  /** It cannot continue: another player has to take its place. moved: by the gateway. */
  onBroken(why: 'moved' | 'late' | 'changed' | 'failed'): void;
  /** The browser blocks sound: it continues without. */
  onSilenced(): void;
}

export type PlayerStatus = 'tuning' | 'playing' | 'paused' | 'waiting' | 'ended';

/** The state of a player, which its events notify of. */
export interface PlaybackState {
  readonly isShown: boolean;
  readonly status: PlayerStatus;
  /** Whether it keeps to what is on the air. */
  readonly isFollowing: boolean;
  readonly isPaused: boolean;
  /** The moment (Unix epoch) of the picture on the screen; null before the first. */
  readonly time: Millis | null;
  /** Why it has ended. */
  readonly problem: string | null;
  /** The moment (Unix epoch) where another player would have to start; null: at what is on the air. */
  readonly position: Millis | null;
}

export interface StationPlayer {
  readonly element: HTMLElement;
  /** What lies over it; its owner places both. */
  readonly overlay?: HTMLElement;
  /** Its id. */
  readonly station: string;
  readonly state: PlaybackState;
  /** For reports; null while there is none. */
  readonly channel: number | null;
  /** May be replaced: another owner takes the player over. */
  events: PlayerEvents;
  pause(): void;
  resume(): void;
  /** False where the pictures are not buffered: another player is needed. */
  goLive(): boolean;
  /** To a moment (Unix epoch); false as for `goLive`. */
  seek(time: Millis): boolean;
  setSound(sound: Sound): void;
  stats(): PlayerStats;
  /** The page is visible again. */
  onReturned(): void;
  /** Stops playing; the last picture stays. */
  freeze(): void;
  close(): void;
}

export interface PlayerOptions {
  gateway: Gateway;
  beginning: Beginning;
  events: PlayerEvents;
}

/** Where and how a player begins. */
export interface Beginning {
  /** Id of the station. */
  station: string;
  /** Unix epoch; null: at what is on the air, following it. */
  at: Millis | null;
  paused: boolean;
  sound: Sound;
}

/** Media held ahead of a picture that is not live, milliseconds. */
const HELD_AHEAD = Millis(10_000);
/** The limit is raised in steps, to send fewer messages. Milliseconds. */
const UNTIL_STEP = Millis(1_000);

/** Up to which moment the gateway is to send to a player that shows `moment`. Unix epoch. */
export const heldUntil = (moment: Millis): Millis => Millis(Math.ceil(moment / UNTIL_STEP) * UNTIL_STEP + HELD_AHEAD);
