/** Stations for tests of the viewer. */

import type { Channel } from '../../src/viewer/model.js';
import type { StationInfo } from '../../src/wire/station-info.js';

export const stationInfo = (number: number, changes: Partial<StationInfo> = {}): StationInfo => ({
  number,
  id: `station-${number}`,
  name: `Station ${number}`,
  format: 'h264',
  width: 1920,
  height: 1080,
  aspectRatio: '16:9',
  frameRate: 23.976,
  videoCodec: 'H.264 High 4.0',
  audioCodec: 'AAC-LC stereo',
  bitrate: 6_297_499,
  duration: 30,
  group: '239.255.1.1',
  port: 5004,
  ssrc: number,
  randomAccessInterval: 2,
  nowPlaying: 'A film',
  schedule: 'abc',
  server: 'studio',
  ...changes,
});

export const channel = (number: number, changes: Partial<StationInfo> = {}): Channel => {
  const info = stationInfo(number, changes);
  return { key: `${info.server}/${info.id}`, info };
};
