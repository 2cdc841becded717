/** Stations for tests of the viewer. */
import type { Channel } from '../../src/viewer/state.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { makeStation } from './stations.js';

export const stationInfo = (number: number, changes: Partial<StationInfo> = {}): StationInfo =>
  makeStation(number, {
    frameRate: 23.976,
    videoCodec: 'H.264 High 4.0',
    audioCodec: 'AAC-LC stereo',
    bitrate: 6_297_499,
    group: '239.255.1.1',
    randomAccessInterval: 2,
    nowPlaying: 'A film',
    server: 'studio',
    ...changes,
  });

export const channel = (number: number, changes: Partial<StationInfo> = {}): Channel => {
  const info = stationInfo(number, changes);
  return { key: `${info.server}/${info.id}`, info };
};
