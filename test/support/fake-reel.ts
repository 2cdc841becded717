/** Reels without files: packets with recognisable payloads at given times, and their reader. */

import { Ticks90k } from '../../src/base/units.js';
import { REEL_VERSION, type ReelManifest } from '../../src/reel/manifest.js';
import type { PayloadReader } from '../../src/reel/payload-reader.js';
import { lastAtMost, type Reel } from '../../src/reel/reel.js';
import type { StationFormat } from '../../src/wire/station-format.js';

export interface FakeReelOptions {
  /** Ticks at which packets leave; the first is 0. */
  times: number[];
  duration: number;
  format?: StationFormat;
  /** Written into each payload; the file descriptor too. */
  tag?: number;
}

const PAYLOAD_LENGTH = 16;

export function fakeReel({ times, format = 'h264', tag = 0, ...options }: FakeReelOptions): Reel {
  const duration = Ticks90k(options.duration);
  const manifest: ReelManifest = {
    version: REEL_VERSION,
    id: `fake-${tag}`,
    format,
    duration,
    packets: times.length,
    bytes: times.length * PAYLOAD_LENGTH,
    checksum: tag,
    bitrate: (times.length * PAYLOAD_LENGTH * 8 * 90_000) / duration,
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
    layout: {
      width: 1280,
      height: 720,
      sampleAspectRatio: [1, 1],
      frameRate: [30, 1],
      channels: 2,
      reorderDelay: Ticks90k(0),
    },
  };
  return {
    data: { manifest, descriptor: tag, index: new SharedArrayBuffer(0) },
    packetCount: times.length,
    duration,
    largestPayload: PAYLOAD_LENGTH,
    due: (packet) => Ticks90k(times[packet]!),
    at: (time) => lastAtMost(times, time),
    timestamp: (packet) => Ticks90k(times[packet]!),
    marker: () => false,
    randomAccessBefore: () => 0,
    position: (packet) => packet * PAYLOAD_LENGTH,
    shift: (out, offset, shift) => {
      out.writeDoubleBE(shift, offset + 8);
    },
  };
}

/** The error of a system call, as Node.js throws it. */
export const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: the disk is gone, read`), { code });

/**
 * Reads payloads of fake reels: tag and packet number. `inMemory` returns how many of `count` packets from `packet` on are in
 * memory, and may throw.
 */
export function fakeReader(
  inMemory: (tag: number, packet: number, count: number) => number = (_tag, _packet, count) => count,
  waits = false,
): PayloadReader {
  return {
    waits,
    read(descriptor, position, slots, first, count, header) {
      const packet = position / PAYLOAD_LENGTH;
      const read = inMemory(descriptor, packet, count);
      for (let i = 0; i < read; i++) {
        slots.buffer.writeUInt32BE(descriptor, slots.offsets[first + i]! + header);
        slots.buffer.writeUInt32BE(packet + i, slots.offsets[first + i]! + header + 4);
      }
      return read;
    },
  };
}
