/** What shows one station from a moment on. Anything else is shown by another one, which takes its place. */
import type { Gateway } from './link/gateway.js';

export interface Sound {
  /** 0 to 1. */
  volume: number;
  muted: boolean;
}

export interface PlayerStats {
  path: 'mse' | 'mpegts.js' | 'canvas';
  /** Milliseconds ahead of the picture. */
  buffer: number;
  frames: number;
  droppedFrames: number;
  bitrate: number;
  stalls: number;
  offset: number | null;
}

export interface PlayerEvents {
  /** Its first picture is there. Once. */
  onShown(): void;
  /** Its status, or what it has to say, changed. */
  onChange(): void;
  /** It cannot go on: another one is to be begun. moved: by the gateway. */
  onBroken(why: 'moved' | 'late' | 'changed' | 'failed'): void;
  /** The browser lets no sound out: it goes on without. */
  onSilenced(): void;
}

export type PlayerStatus = 'tuning' | 'playing' | 'paused' | 'waiting' | 'ended';

export interface StationPlayer {
  readonly element: HTMLElement;
  /** Its id. */
  readonly station: string;
  readonly isShown: boolean;
  readonly status: PlayerStatus;
  /** Whether it keeps to what is on the air. */
  readonly following: boolean;
  readonly isPaused: boolean;
  /** The moment (Unix epoch) of the picture that is shown; before there is one, null. */
  readonly time: number | null;
  readonly problem: string | null;
  /** Where another one would have to begin to take its place (Unix epoch); null: at what is on the air. */
  readonly place: number | null;
  /** For reports; null while there is none. */
  readonly channel: number | null;
  /** Takes over what is told to whom. */
  events: PlayerEvents;
  pause(): void;
  resume(): void;
  /** False: what is wanted is not there, another player is needed. */
  live(): boolean;
  seek(time: number): boolean;
  setSound(sound: Sound): void;
  stats(): PlayerStats;
  /** The page can be seen again. */
  returned(): void;
  /** Its last picture stays, and that is all. */
  freeze(): void;
  close(): void;
}

/** What every player is given. */
export interface PlayerOptions {
  gateway: Gateway;
  beginning: Beginning;
  events: PlayerEvents;
}

/** Where a player begins. */
export interface Beginning {
  /** Id of the station. */
  station: string;
  /** Unix epoch; null: what is on the air, and keep to it. */
  at: number | null;
  paused: boolean;
  sound: Sound;
}

/** How much is held ahead of a picture that is not live, milliseconds. */
const HELD_AHEAD = 10_000;
/** Only so often is the gateway told to go further, milliseconds. */
const UNTIL_STEP = 1_000;

/** Up to where the gateway is to send what is not live, for a player that is at a moment. Unix epoch. */
export const heldUntil = (moment: number): number => Math.ceil(moment / UNTIL_STEP) * UNTIL_STEP + HELD_AHEAD;
