/** What the viewer needs of a program with a window. */

import type { Millis, Ticks90k } from '../../base/units.js';
import type { StationFormat } from '../../wire/station-info.js';
import type { Overlay } from '../overlay.js';

export const playerNames = ['mpv', 'ffplay', 'vlc', 'terminal', 'none'] as const;
export type PlayerName = (typeof playerNames)[number];
/** The one that says what it shows, and plays faster and slower: its pictures can be kept to their moments. */
export const steeredPlayer = 'mpv';

export interface Media {
  /** Address of the feed. */
  url: string;
  /** Of the window. */
  title: string;
  format: StationFormat;
  /** The time of the first picture to be shown; null: the first that there is. A hint: not every player can. */
  from: Ticks90k | null;
  /** Whether the first picture stands still. */
  paused: boolean;
}

export interface PlayerEvents {
  /** A key pressed in the window, by the names of src/viewer/keys.ts. */
  onKey: (key: string) => void;
  /** A picture of what was last given to `play` is on the screen. */
  onPicture: () => void;
  /** Wanted by who keeps pictures at their moments: each picture, so long before it is shown, by its time stamp modulo 2^33. */
  onShown?: (position: Ticks90k, before: Millis) => void;
  /** The program has ended, because its window was closed or by itself. */
  onClosed: () => void;
}

export interface Player {
  readonly name: PlayerName;
  /** Whether `show` shows something, and keys pressed in the window are heard. */
  readonly hasOverlays: boolean;
  /** Whether another station can follow inside the answer being read; better than `play`, which closes the window. */
  readonly prefersSplice: boolean;
  /** Whether it shows the first picture of what begins paused. */
  readonly beginsPaused: boolean;
  /** Plays this instead of what it played. Rejects with a Problem when the program cannot be used. */
  play(media: Media): Promise<void>;
  /** Freezes the picture at once. */
  pause(): void;
  resume(): void;
  /** The time stamp of the picture that is shown, modulo 2^33; null where there is none. */
  position?(): Promise<Ticks90k | null>;
  /** What it holds ahead of the picture that is shown; null where there is none. */
  buffered?(): Promise<Millis | null>;
  /** How fast it plays, 1 as it should be; pitch is kept. What is played next begins with 1. */
  setSpeed?(speed: number): void;
  /** Lays a overlay over the picture, or takes it away. */
  show(overlay: Overlay | null): void;
  /** Ends the program; resolves when it is gone. Does not call `onClosed`. */
  close(): Promise<void>;
}
