import assert from 'node:assert/strict';
import { test } from 'node:test';
import { iso639Part2 } from './iso-639.js';
import { crc32Mpeg, type ElementaryStream, languageDescriptor, pmtPacket, videoStreamOf } from './psi.js';
import { MOST_FURTHER, StreamType } from './ts.js';

/** The section in a packet, after pointer_field. */
const sectionOf = (packet: Buffer): Buffer => packet.subarray(5, 8 + (packet.readUInt16BE(6) & 0x0fff));

const german: ElementaryStream = { streamType: StreamType.aacAdts, descriptors: languageDescriptor('deu') };

test('a PMT names each stream with its type, PID and descriptors', () => {
  const section = sectionOf(pmtPacket({ audio: languageDescriptor('eng'), further: [german, german] }));
  assert.equal(crc32Mpeg(section), 0);
  const streams = [
    ...[0x1b, 0xe1, 0x00, 0xf0, 0],
    ...[0x0f, 0xe1, 0x01, 0xf0, 6, 0x0a, 4, ...Buffer.from('eng'), 0],
    ...[0x0f, 0xe1, 0x10, 0xf0, 6, 0x0a, 4, ...Buffer.from('deu'), 0],
    ...[0x0f, 0xe1, 0x11, 0xf0, 6, 0x0a, 4, ...Buffer.from('deu'), 0],
  ];
  assert.deepEqual([...section.subarray(12, -4)], streams);
});

test('a PMT with HEVC names its stream type and its registration', () => {
  const section = sectionOf(pmtPacket({ video: videoStreamOf('hevc') }));
  const streams = [...[0x24, 0xe1, 0x00, 0xf0, 6, 0x05, 4, ...Buffer.from('HEVC')], ...[0x0f, 0xe1, 0x01, 0xf0, 0]];
  assert.deepEqual([...section.subarray(12, -4)], streams);
});

test('as many further streams as a station has fit into the packet, and what has no room is refused', () => {
  const subtitles: ElementaryStream = { streamType: StreamType.privatePes, descriptors: Array<number>(10).fill(0) };
  const most = [german, german, german, ...Array<ElementaryStream>(MOST_FURTHER - 3).fill(subtitles)];
  assert.equal(
    crc32Mpeg(sectionOf(pmtPacket({ video: videoStreamOf('hevc'), audio: german.descriptors, further: most }))),
    0,
  );
  assert.throws(() => pmtPacket({ further: [...most, ...most] }), RangeError);
});

test('languages have their codes of ISO 639-2', () => {
  const codes = ['de', 'en-GB', 'fr', 'zh', 'gsw', 'ger', 'xx', ''].map(iso639Part2);
  assert.deepEqual(codes, ['deu', 'eng', 'fra', 'zho', 'gsw', 'ger', 'und', 'und']);
});
