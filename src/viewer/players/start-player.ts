/** From a player's name to a running player. */
import { findMpv } from './find-mpv.js';
import { MpvPlayer } from './mpv.js';
import type { Player, PlayerEvents, PlayerName } from './player.js';
import { startTerminalPlayer, type TerminalPlayerOptions } from './terminal-player.js';

/** No window: packets are received and counted. */
function noPlayer({ onPicture }: PlayerEvents): Player {
  const nothing = (): void => undefined;
  return {
    play: async () => onPicture(),
    pause: nothing,
    resume: nothing,
    show: nothing,
    close: async () => undefined,
  };
}

export interface StartOptions extends Omit<TerminalPlayerOptions, 'program'> {
  name: PlayerName;
}

/** Rejects with a Problem when mpv is not installed or does not start. */
export async function startPlayer({ name, ...options }: StartOptions): Promise<Player> {
  if (name === 'none') return noPlayer(options.events);
  const program = findMpv();
  return name === 'terminal'
    ? startTerminalPlayer({ program, ...options })
    : MpvPlayer.start({ program, events: options.events });
}
