/** Which way to draw a terminal understands. */
import type { Abilities } from './answers.js';
import { blocksRenderer } from './blocks.js';
import { kittyRenderer } from './kitty.js';
import type { GraphicsName, Renderer } from './renderer.js';
import { sixelRenderer } from './sixel.js';

/** The one that is wanted, or the best that the terminal knows. */
export function rendererFor(said: Abilities, wanted: GraphicsName | undefined, env: NodeJS.ProcessEnv): Renderer {
  const name = wanted ?? bestOf(said, env);
  if (name === 'kitty') return kittyRenderer();
  if (name === 'sixel') return sixelRenderer();
  const isTrue = said.trueColour || /^(truecolor|24bit)$/i.test(env.COLORTERM ?? '');
  return blocksRenderer(isTrue ? 'all' : '256');
}

function bestOf(said: Abilities, env: NodeJS.ProcessEnv): GraphicsName {
  // Between us and the terminal stands one that keeps its own picture of the screen, of letters.
  const isInside = env.TMUX !== undefined || env.STY !== undefined || /^(screen|tmux)/.test(env.TERM ?? '');
  if (isInside) return 'blocks';
  if (said.kitty) return 'kitty';
  return said.sixel ? 'sixel' : 'blocks';
}
