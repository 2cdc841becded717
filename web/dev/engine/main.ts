/** A page with one screen and no more, for tests of playing: they do what a page would, and look at what is shown. */
import { createEngine } from '../../src/player/engine.js';
import type { Screen } from '../../src/player/player.js';

const engine = createEngine();
const screen = engine.createScreen();
document.getElementById('screen')!.append(screen.element);

/** What is on top: the picture that is seen. */
const picture = (): Element | null => {
  const elements = [...screen.element.children] as HTMLElement[];
  return elements.find(({ style }) => style.zIndex === '1') ?? elements.at(-1) ?? null;
};

/** All of what a screen says of itself. */
const said = ({ station, status, time, behind, following, problem, statistics, silenced }: Screen) => ({
  station: station.peek(),
  status: status.peek(),
  time: time.peek(),
  behind: behind.peek(),
  following: following.peek(),
  problem: problem.peek(),
  statistics: statistics.peek(),
  silenced: silenced.peek(),
});

// A station in the address is tuned to at once, as a page does to which a link leads.
if (location.hash) screen.tune(location.hash.slice(1));

Object.assign(globalThis, { engine, screen, picture, said: () => said(screen) });
