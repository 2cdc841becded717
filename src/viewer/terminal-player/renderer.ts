/** What the ways to draw a picture in a terminal have in common. */
import type { Picture, Size } from './picture.js';
import type { Place } from './place.js';

export const graphicsNames = ['kitty', 'sixel', 'blocks'] as const;
export type GraphicsName = (typeof graphicsNames)[number];

export interface Renderer {
  readonly name: GraphicsName;
  /** Pictures are decoded into this, as large as they fit: more would not be seen, or be too much for the line. */
  readonly most: Size;
  /** Whether the terminal enlarges, so that a picture costs the same in every size. */
  readonly enlarges: boolean;
  /**
   * What the terminal is sent to show the picture in its place; where the terminal enlarges, with only a share of the
   * picture's sides. Remembers what was drawn.
   */
  draw(picture: Picture, place: Place, share?: number): string;
  /** Nothing that was drawn is there any more. */
  forget(): void;
  /** What the terminal is sent so that no picture is left in it. */
  readonly end: string;
}

/** Puts the cursor into a cell; rows and columns count from 1. */
export const moveTo = (row: number, column: number): string => `\x1b[${row};${column}H`;
