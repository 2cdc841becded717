import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { languageDescriptor, patPacket, pmtPacket, subtitlingDescriptor, videoStreamOf } from './psi.js';
import { selectTrack, streamsOf } from './select-track.js';
import { continuityCounterOf, Pid, pidOf, StreamType, TS_PACKET_LENGTH, TS_SYNC_BYTE } from './ts.js';

const stream = (code: string) => ({ streamType: StreamType.aacAdts, descriptors: languageDescriptor(code) });
const pmt = () => pmtPacket({ audio: languageDescriptor('eng'), further: [stream('deu'), stream('fra')] });

function packet(pid: number, counter: number, fill: number, control = 0x10): Buffer {
  const bytes = Buffer.alloc(TS_PACKET_LENGTH, fill);
  bytes.set([TS_SYNC_BYTE, 0x40 | (pid >> 8), pid & 0xff, control | counter]);
  return bytes;
}

const pcr = packet(Pid.video, 3, 0xff, 0x20);
const all = [
  ...[patPacket(), pmt(), pcr, packet(Pid.video, 4, 1)],
  ...[packet(Pid.audio, 5, 2), packet(Pid.further, 6, 3), packet(Pid.further + 1, 7, 4), packet(Pid.null, 0, 5)],
];
const packetsOf = (bytes: Buffer) =>
  Array.from({ length: bytes.length / TS_PACKET_LENGTH }, (_, i) => {
    const at = i * TS_PACKET_LENGTH;
    return [pidOf(bytes, at), continuityCounterOf(bytes, at), bytes[at + 20]!];
  });

test('a further track takes the place of the main one, with its own counters and language', () => {
  const selected = selectTrack(Buffer.concat(all), { track: 1 });
  const kept = packetsOf(selected).slice(2);
  assert.deepEqual(kept, [
    [Pid.video, 3, 0xff],
    [Pid.video, 4, 1],
    [Pid.audio, 6, 3],
  ]);
  const streams = streamsOf(selected.subarray(TS_PACKET_LENGTH, 2 * TS_PACKET_LENGTH));
  assert.deepEqual([...streams.keys()], [Pid.video, Pid.audio]);
  assert.deepEqual(streams.get(Pid.audio), stream('deu'));
});

test('pictures keep their stream type', () => {
  for (const format of ['h264', 'hevc'] as const) {
    const video = videoStreamOf(format);
    const selected = selectTrack(pmtPacket({ video, further: [stream('deu')] }), { track: 1 });
    assert.deepEqual(streamsOf(selected).get(Pid.video), video);
  }
});

test('of sound alone, the clock reference stays', () => {
  const selected = selectTrack(Buffer.concat(all), { track: 0, soundOnly: true });
  assert.deepEqual(packetsOf(selected).slice(2), [
    [Pid.video, 3, 0xff],
    [Pid.audio, 5, 2],
  ]);
  const streams = streamsOf(selected.subarray(TS_PACKET_LENGTH, 2 * TS_PACKET_LENGTH));
  assert.deepEqual([...streams], [[Pid.audio, stream('eng')]]);
});

test('subtitles stay on their PIDs, in the PMT unless it hides them', () => {
  const subtitle = { streamType: StreamType.privatePes, descriptors: subtitlingDescriptor('deu', 1) };
  const tables = pmtPacket({ further: [stream('deu'), stream('fra'), subtitle] });
  const packets = Buffer.concat([tables, ...all.slice(2), packet(Pid.further + 2, 8, 6)]);
  const subtitles = { first: 2, count: 1 };
  const kept = [
    [Pid.video, 3, 0xff],
    [Pid.video, 4, 1],
    [Pid.audio, 6, 3],
    [Pid.further + 2, 8, 6],
  ];
  for (const hidesSubtitles of [false, true]) {
    const selected = selectTrack(packets, { track: 1, subtitles, hidesSubtitles });
    assert.deepEqual(packetsOf(selected).slice(1), kept);
    const streams = streamsOf(selected.subarray(0, TS_PACKET_LENGTH));
    const named = [Pid.video, Pid.audio, ...(hidesSubtitles ? [] : [Pid.further + 2])];
    assert.deepEqual([...streams.keys()], named);
    assert.deepEqual(streams.get(Pid.further + 2), hidesSubtitles ? undefined : subtitle);
  }
});

test('any bytes are read without an error', () => {
  const bytes = fc.uint8Array({ minLength: TS_PACKET_LENGTH, maxLength: TS_PACKET_LENGTH });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 0, max: 3 }), (given, track) => {
      const damaged = Buffer.from(given);
      damaged.set([TS_SYNC_BYTE, 0x40 | (Pid.pmt >> 8), Pid.pmt & 0xff, 0x10]);
      assert.ok(selectTrack(damaged, { track, subtitles: { first: 0, count: 8 } }).length <= TS_PACKET_LENGTH);
    }),
  );
});
