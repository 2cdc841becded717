/** Reels without files: packets with recognisable payloads at given times. */
import type { Reel, ReelManifest } from '../../src/reel/reel.js';
import { lastAtMost } from '../../src/reel/reel.js';
import type { StationFormat } from '../../src/wire/station-info.js';

export interface FakeReelOptions {
  /** Ticks at which packets leave; the first is 0. */
  times: number[];
  duration: number;
  format?: StationFormat;
  /** Put into each payload. */
  tag?: number;
  /** Called at every read; may throw. */
  onRead?(packet: number): void;
}

export function fakeReel(options: FakeReelOptions): Reel {
  const { times, duration, format = 'h264', tag = 0, onRead } = options;
  const manifest: ReelManifest = {
    version: 1,
    id: `fake-${tag}`,
    format,
    duration,
    packets: times.length,
    bytes: times.length * 16,
    checksum: tag,
    bitrate: (times.length * 16 * 8 * 90_000) / duration,
    randomAccessInterval: duration,
    peakToAverage: 1,
    properties: {
      width: 1280,
      height: 720,
      sampleAspectRatio: [1, 1],
      aspectRatio: '16:9',
      frameRate: [30, 1],
      videoCodec: 'H.264 High 4.0',
      audioCodec: 'AAC-LC stereo',
      codecs: 'avc1.640028,mp4a.40.2',
      video: 'copied',
      audio: 'copied',
      channels: 2,
      reason: '',
      notes: [],
      title: null,
    },
    layout: { width: 1280, height: 720, sampleAspectRatio: [1, 1], frameRate: [30, 1], channels: 2, reorderDelay: 0 },
  };
  return {
    manifest,
    packetCount: times.length,
    duration,
    due: (packet) => times[packet],
    at: (time) => lastAtMost(times, time),
    timestamp: (packet) => times[packet],
    marker: () => false,
    randomAccessBefore: () => 0,
    read(packet, out, offset, shift) {
      onRead?.(packet);
      out.writeUInt32BE(tag, offset);
      out.writeUInt32BE(packet, offset + 4);
      out.writeDoubleBE(shift, offset + 8);
      return 16;
    },
    close() {
      // Nothing is open.
    },
  };
}
