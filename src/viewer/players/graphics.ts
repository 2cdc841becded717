/** The ways mpv draws in a terminal, and which of them a terminal understands. */
import { spawnSync } from 'node:child_process';

/** By our names, which are those of the protocols; `outputs` has mpv's. */
export const graphicsNames = ['kitty', 'sixel', 'blocks'] as const;
export type GraphicsName = (typeof graphicsNames)[number];

/** mpv's video outputs: https://mpv.io/manual/stable/#video-output-drivers */
export const outputs: Readonly<Record<GraphicsName, string>> = { kitty: 'kitty', sixel: 'sixel', blocks: 'tct' };

/** Time limit for listing mpv's video outputs. */
const LIST_TIMEOUT = 5_000;

/** The video outputs that this mpv is built with. */
export function videoOutputsOf(program: string): string[] {
  const { stdout } = spawnSync(program, ['--no-config', '--vo=help'], { encoding: 'utf8', timeout: LIST_TIMEOUT });
  return (stdout ?? '').split('\n').flatMap((line) => line.trim().split(/\s+/).slice(0, 1));
}

/**
 * The best that the terminal understands, by its environment variables, and that mpv is built with. Over SSH only TERM
 * arrives, so kitty, foot and mlterm are recognised there; others need --graphics.
 */
export function bestGraphics(env: NodeJS.ProcessEnv, available: readonly string[]): GraphicsName {
  const { TERM = '', TERM_PROGRAM = '' } = env;
  // tmux and screen keep a picture of the screen made of letters; the variables of the terminal around them are still set.
  if (env.TMUX !== undefined || env.STY !== undefined || /^(screen|tmux)/.test(TERM)) return 'blocks';
  const isKitty = env.KITTY_WINDOW_ID !== undefined || /kitty|ghostty/.test(`${TERM} ${TERM_PROGRAM}`);
  if (isKitty && available.includes(outputs.kitty)) return 'kitty';
  const hasSixel = /^(foot|mlterm|contour|yaft)/.test(TERM) || /^(WezTerm|iTerm)/.test(TERM_PROGRAM);
  return hasSixel && available.includes(outputs.sixel) ? 'sixel' : 'blocks';
}
