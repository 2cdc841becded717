/** A page with one screen, for tests of playing: scripts of the tests act on the engine and look at the picture. */
import { createEngine } from '../../src/player/engine.js';
import type { Screen } from '../../src/player/player.js';

const engine = createEngine();
const screen = engine.createScreen();
document.getElementById('screen')!.append(screen.element);

/** The visible picture, on top of the others. */
const picture = (): Element | null => {
  const elements = ([...screen.element.children] as HTMLElement[]).filter(({ className }) => className !== 'subtitles');
  return elements.find(({ style }) => style.zIndex === '1') ?? elements.at(-1) ?? null;
};

/** All properties of a screen. */
const propertiesOf = ({ station, status, time, behind, following, problem, statistics, silenced }: Screen) => ({
  station: station.peek(),
  status: status.peek(),
  time: time.peek(),
  behind: behind.peek(),
  following: following.peek(),
  problem: problem.peek(),
  statistics: statistics.peek(),
  silenced: silenced.peek(),
});

// A station in the address is tuned to at once.
if (location.hash) screen.tune(location.hash.slice(1));

Object.assign(globalThis, { engine, screen, picture, properties: () => propertiesOf(screen) });
