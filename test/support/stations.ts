import type { StationInfo } from '../../src/wire/station-info.js';

/** A station with a number, id, name and group of its own, and `changes`. */
export function makeStation(number = 1, changes: Partial<StationInfo> = {}): StationInfo {
  return {
    number,
    id: `station-${number}`,
    name: `Station ${number}`,
    format: 'h264',
    width: 1920,
    height: 1080,
    aspectRatio: '16:9',
    frameRate: 24,
    videoCodec: 'H.264',
    audioCodec: 'AAC',
    bitrate: 6_000_000,
    duration: 30,
    group: `239.255.${(number >> 8) & 0xff}.${number & 0xff}`,
    port: 5004,
    ssrc: number,
    randomAccessInterval: 1,
    nowPlaying: `film-${number}.mp4`,
    schedule: `schedule-${number}`,
    server: 'projector',
    ...changes,
  };
}

/** The stations numbered 1 to `count`. */
export const makeStations = (count: number): StationInfo[] =>
  Array.from({ length: count }, (_, index) => makeStation(index + 1));
