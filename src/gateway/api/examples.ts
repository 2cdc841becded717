/** Examples of the OpenAPI document. */
import type { ApiStation, ApiViewer, Check, LineUpStation, ServerStats, StationStats } from '../../contract/api.js';

const time = 1_772_366_400_000;

export const exampleStation: ApiStation = {
  number: 1,
  id: 'big-buck-bunny',
  name: 'Big Buck Bunny',
  format: 'h264',
  width: 1920,
  height: 1080,
  aspectRatio: '16:9',
  frameRate: 24,
  videoCodec: 'H.264',
  audioCodec: 'AAC',
  bitrate: 5_300_000,
  duration: 596.5,
  group: '239.255.12.34',
  port: 15_808,
  ssrc: 1_234_567_890,
  randomAccessInterval: 1,
  nowPlaying: 'Big Buck Bunny',
  schedule: '0f3a9c41d2b7e685',
  server: 'projector',
  oldest: 0,
};

export const exampleProgramme = { from: time, to: time + 596_500, title: 'Big Buck Bunny' };

export const exampleViewer: ApiViewer = {
  id: 7,
  kind: 'live',
  address: '192.0.2.17',
  station: 'big-buck-bunny',
  since: time,
  bytes: 41_250_000,
  behind: 20,
  moved: 0,
  report: { delay: 1_210, buffer: 640, droppedFrames: 0, stalls: 0, offset: 4 },
};

export const exampleReceiver = {
  address: '192.0.2.20',
  port: 40_112,
  station: 'big-buck-bunny',
  state: 'playing' as const,
  lastSeen: time,
};

export const exampleLineUpStation: LineUpStation = {
  info: exampleStation,
  onAir: true,
  items: [{ id: '0', name: 'Big Buck Bunny', duration: 596_500 }],
  slate: null,
  actions: ['stop', 'rename', 'show'],
  parity: null,
};

export const exampleStats: StationStats = {
  id: 'big-buck-bunny',
  rate: 5_320_000,
  lateness: 1.2,
  lost: 0,
  viewers: 3,
  receivers: 12,
  reporting: 12,
  loss: { p50: 0, p95: 0.002 },
  missed: 120,
  unrepaired: 0,
};

const check: Check = {
  id: 'sending',
  state: 'good',
  title: 'Packets leave on time',
  detail: 'No packet was lost in the last minute.',
};

export const exampleServer: ServerStats = {
  name: 'projector',
  version: '0.1.0',
  time,
  uptime: 86_400_000,
  clockOffset: 0.4,
  cpu: 0.12,
  processors: 4,
  memory: 120_000_000,
  rate: { groups: 5_320_000, single: 0, http: 15_900_000 },
  interface: { name: 'eth0', address: '192.0.2.1', internal: false },
  viewers: 3,
  receivers: 12,
  checks: [check],
};

export const exampleHistory = {
  time,
  period: 5_000,
  rate: [21_200_000, 21_220_000],
  lateness: [1.1, 1.2],
  viewers: [15, 15],
  loss: [0.002, 0.002],
  cpu: [0.11, 0.12],
};

export const exampleTime = time;
