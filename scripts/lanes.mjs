// Test files that run one at a time, beside the others. By path: two files of the same name are two files.

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
  'test/in-step',
  'test/operator-page',
  'test/page',
  'test/page-playing',
  'test/page-ui',
  'test/page-views',
  'test/replay-window',
  'test/support/browser',
  'test/window',
];

const file = (path) => `${path}.test.ts`;

/** Source files of each lane, relative to the root. A test checks that they exist. */
export const lanes = [realTime.map(file), screens.map(file)];
