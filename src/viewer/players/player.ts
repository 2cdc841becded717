/** The interface of players to the viewer. */

import type { Millis, Ticks90k } from '../../base/units.js';
import type { StationFormat } from '../../wire/station-format.js';
import type { Overlay } from '../overlay.js';

export const playerNames = ['mpv', 'terminal', 'none'] as const;
export type PlayerName = (typeof playerNames)[number];

export interface Media {
  /** Address of the feed. */
  url: string;
  /** Title of the window. */
  title: string;
  format: StationFormat;
  /** Of the sound, from 0, the main one. */
  track: number;
  /** Stream of the subtitles, from 0; null for none. */
  subtitles: number | null;
  /** Time of the first picture to show; null: the first one there is. */
  from: Ticks90k | null;
  /** Whether the player shows the first picture and stops there. */
  paused: boolean;
}

export interface PlayerEvents {
  /** A key pressed in the window, by the names of src/viewer/keys.ts. */
  onKey: (key: string) => void;
  /** A picture of the media last given to `play` is on the screen. */
  onPicture: () => void;
  /** Each picture by its time stamp modulo 2^33, `lead` before it is shown. Only set to keep pictures in step. */
  onShown?: (position: Ticks90k, lead: Millis) => void;
  /** The program has ended: its user closed it, or it failed. */
  onClosed: () => void;
}

export interface Player {
  /** Plays this instead of the media before. Rejects with a Problem when the program cannot be used. */
  play(media: Media): Promise<void>;
  /** Freezes the picture at once. */
  pause(): void;
  resume(): void;
  /** Time stamp of the picture on the screen, modulo 2^33; null while there is none. Absent: shows no pictures. */
  position?(): Promise<Ticks90k | null>;
  /** Media that the player holds ahead of the picture on the screen; null while there is none. */
  buffered?(): Promise<Millis | null>;
  /** Playback speed, 1 is normal; the pitch of the sound is kept. `play` sets it to 1. */
  setSpeed?(speed: number): void;
  /** Shows a stream of subtitles, from 0; null for none. Absent: shows none. */
  setSubtitles?(stream: number | null): void;
  /** Lays an overlay over the picture; null removes it. */
  show(overlay: Overlay | null): void;
  /** Ends the program; resolves when it has ended. Does not call `onClosed`. */
  close(): Promise<void>;
}
