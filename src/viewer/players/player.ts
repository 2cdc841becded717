/** What the viewer needs of a program with a window. */
import type { StationFormat } from '../../wire/station-info.js';
import type { Panel } from '../panel.js';

export const playerNames = ['mpv', 'ffplay', 'vlc', 'none'] as const;
export type PlayerName = (typeof playerNames)[number];

export interface Media {
  /** Address of the feed. */
  url: string;
  /** Of the window. */
  title: string;
  format: StationFormat;
}

export interface PlayerEvents {
  /** A key pressed in the window, by the names of src/viewer/keys.ts. */
  onKey: (key: string) => void;
  /** A picture of what was last given to `play` is on the screen. */
  onPicture: () => void;
  /** The program has ended, because its window was closed or by itself. */
  onClosed: () => void;
}

export interface Player {
  readonly name: PlayerName;
  /** Whether `show` shows something, and keys pressed in the window are heard. */
  readonly hasPanels: boolean;
  /** Whether another station can follow inside the answer being read; better than `play`, which closes the window. */
  readonly prefersSplice: boolean;
  /** Plays this instead of what it played, not paused. Rejects with a Problem when the program cannot be used. */
  play(media: Media): Promise<void>;
  /** Freezes the picture at once. */
  pause(): void;
  resume(): void;
  /** Lays a panel over the picture, or takes it away. */
  show(panel: Panel | null): void;
  /** Ends the program; resolves when it is gone. Does not call `onClosed`. */
  close(): Promise<void>;
}
