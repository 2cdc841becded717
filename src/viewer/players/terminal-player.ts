/** mpv drawing in the terminal that the viewer was started in. */
import { closeSync, openSync } from 'node:fs';
import type { Terminal } from '../terminal.js';
import { AlternateScreen, type ScreenOutput } from './alternate-screen.js';
import { bestGraphics, type GraphicsName, outputs, videoOutputsOf } from './graphics.js';
import { MpvPlayer } from './mpv.js';
import type { Player, PlayerEvents } from './player.js';
import { ScreenText } from './screen-text.js';

export interface TerminalPlayerOptions {
  /** Path of mpv. */
  program: string;
  events: PlayerEvents;
  terminal: Pick<Terminal, 'lend'>;
  /** Where the picture is drawn. */
  output: ScreenOutput;
  /** undefined: the best that the terminal understands. */
  graphics?: GraphicsName;
}

/**
 * Takes over the terminal and starts mpv in it. mpv draws overlays into a picture of pixels; below a picture of letters
 * they are text. Rejects with a Problem when mpv does not start; the terminal is then as it was.
 */
export async function startTerminalPlayer(options: TerminalPlayerOptions): Promise<Player> {
  const { program, events, terminal, output } = options;
  const graphics = options.graphics ?? bestGraphics(process.env, videoOutputsOf(program));
  const isText = graphics === 'blocks';
  const screen = new AlternateScreen(output);
  const text = isText ? new ScreenText(output) : null;
  // A descriptor of its own: ours does not block, which mpv's writing could not cope with.
  const descriptor = process.platform === 'win32' ? null : openSync('/dev/tty', 'w');
  const onClosed = (): void => events.onClosed();
  screen.enter();
  output.on('error', onClosed);
  terminal.lend((overlay, status) => text?.show(overlay, status));
  const giveBack = async (): Promise<void> => {
    terminal.lend(null);
    await screen.leave();
    output.off('error', onClosed);
  };
  try {
    return await MpvPlayer.start({
      program,
      events,
      // mpv's messages would be written into the picture.
      extraOptions: [`--vo=${outputs[graphics]}`, '--msg-level=all=fatal'],
      terminal: { output: descriptor ?? 'inherit', drawsOverlays: !isText, giveBack },
    });
  } catch (error) {
    await giveBack();
    throw error;
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}
