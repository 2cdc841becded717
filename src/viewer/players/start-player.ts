/** From a player's name to a player. */
import { FfplayPlayer } from './ffplay.js';
import { findPlayer } from './find-player.js';
import { MpvPlayer } from './mpv.js';
import type { Player, PlayerEvents, PlayerName } from './player.js';
import { VlcPlayer } from './vlc.js';

/** No window: packets are received and counted. */
class NoPlayer implements Player {
  readonly name = 'none';
  readonly hasOverlays = false;
  readonly prefersSplice = false;
  readonly beginsPaused = true;

  constructor(private readonly events: PlayerEvents) {}

  async play(): Promise<void> {
    this.events.onPicture();
  }
  pause(): void {
    // Nothing moves.
  }
  resume(): void {
    // Nothing stands still.
  }
  show(): void {
    // There is no window.
  }
  async close(): Promise<void> {
    // There is no process.
  }
}

/** Starts the window that is asked for, or the best that is installed. Rejects with a Problem. */
export async function startPlayer(
  name: Exclude<PlayerName, 'terminal'> | undefined,
  events: PlayerEvents,
): Promise<Player> {
  if (name === 'none') return new NoPlayer(events);
  const found = findPlayer(name);
  if (found.name === 'ffplay') return new FfplayPlayer(found.program, events);
  if (found.name === 'vlc') return new VlcPlayer(found.program, events);
  return MpvPlayer.start(found.program, events);
}
