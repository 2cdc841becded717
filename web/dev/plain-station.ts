import type { LiveStation } from '../../src/contract/live.js';

/** A station for tests, with defaults for everything but number and id. */
export const plainStation = (number: number, id: string, more: Partial<LiveStation> = {}): LiveStation => ({
  number,
  id,
  name: id.slice(0, 1).toUpperCase() + id.slice(1),
  format: 'h264',
  width: 1920,
  height: 1080,
  aspectRatio: '16:9',
  frameRate: 25,
  videoCodec: 'H.264 High 4.0',
  audioCodec: 'AAC-LC stereo',
  bitrate: 5_000_000,
  duration: 600,
  group: '239.1.1.1',
  port: 5004,
  ssrc: number,
  randomAccessInterval: 1,
  nowPlaying: 'Tides',
  schedule: 'plain',
  server: 'studio',
  itemFrom: null,
  oldest: 0,
  ...more,
});
