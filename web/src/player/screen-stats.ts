/** Counts of a screen since it was tuned to its station, across the players that have shown it. */
import type { PlayerStats } from './station-player.js';

type Counts = Pick<PlayerStats, 'frames' | 'droppedFrames' | 'stalls'>;
type Counted = { stats(): Counts };

export class ScreenStats {
  /** Times that the gateway moved the stream. */
  moved = 0;
  #past: Counts = { frames: 0, droppedFrames: 0, stalls: 0 };
  readonly #finished = new WeakSet<Counted>();

  /** The counts including those of a player that may still be playing. */
  with(player: Counted | null): Counts {
    const past = this.#past;
    if (player === null || this.#finished.has(player)) return past;
    const { frames, droppedFrames, stalls } = player.stats();
    return {
      frames: past.frames + frames,
      droppedFrames: past.droppedFrames + droppedFrames,
      stalls: past.stalls + stalls,
    };
  }

  /** The player has stopped: adds its counts, once. */
  finish(player: Counted): void {
    this.#past = this.with(player);
    this.#finished.add(player);
  }
}
