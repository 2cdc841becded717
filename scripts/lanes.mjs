// Which test files do not run beside any others. By path: two files of the same name are two files.

/** Tests that mostly wait for packets in real time. */
const realTime = [
  'test/changes',
  'test/fec',
  'test/gateway-network',
  'test/interruptions',
  'test/key',
  'test/on-air',
  'test/operator',
  'test/repair',
  'test/servers',
  'test/tuning',
  'test/two-paths',
];

/** Tests that decode pictures on a screen, in a browser or a window: two of them at once take more than two processors. */
const screens = [
  'test/browser-player',
  'test/operator-page',
  'test/page',
  'test/page-playing',
  'test/page-ui',
  'test/page-views',
  'test/replay-window',
  'test/support/browser',
  'test/window',
];

/** Tests of the moment at which several players show a picture: beside anything else, two processors are too few for the players. */
const single = ['test/in-step'];

const file = (path) => `${path}.test.ts`;

/** Source files, relative to the root, that run before all others, one at a time. A test checks that they exist. */
export const alone = single.map(file);

/** Source files of each lane: one of each runs at a time, beside the others. */
export const lanes = [realTime.map(file), screens.map(file)];
