import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Millis, millisToTicks, PTS_MODULUS } from '../../../../src/base/units.js';
import { encodeSubtitlePage, type SubtitlePage } from '../../../../src/wire/dvb-subtitle.js';
import { PES_HEADER_LENGTH_PTS, PesCutter, StreamId, tsPacketsFor, writePesHeader } from '../../../../src/wire/pes.js';
import { Pid, TS_PACKET_LENGTH } from '../../../../src/wire/ts.js';
import { pageOf, Subtitles } from './subtitles.js';

const NOW = Millis(Date.UTC(2026, 2, 1));
const shown: SubtitlePage = {
  width: 1_280,
  height: 720,
  regions: [
    {
      x: 10,
      y: 600,
      width: 2,
      height: 2,
      pixels: Uint8Array.of(1, 1, 0, 1),
      palette: Uint8Array.of(0, 0, 0, 0, 255, 255, 255, 255),
    },
  ],
  timeout: 3,
};
const nothing: SubtitlePage = { ...shown, regions: [] };

function packetsOf(page: SubtitlePage, { stream, pts }: { stream: number; pts: Millis }): Buffer {
  const data = encodeSubtitlePage(page, 0);
  const pes = Buffer.alloc(PES_HEADER_LENGTH_PTS + data.length);
  writePesHeader(pes, StreamId.private1, data.length, millisToTicks(pts) % PTS_MODULUS, null);
  data.copy(pes, PES_HEADER_LENGTH_PTS);
  const cutter = new PesCutter(Pid.further + stream);
  cutter.begin(pes, tsPacketsFor(pes.length, false), false);
  const packets: Buffer[] = [];
  while (cutter.packetsLeft > 0) {
    const packet = Buffer.alloc(TS_PACKET_LENGTH);
    cutter.write(packet, 0);
    packets.push(packet);
  }
  return Buffer.concat(packets);
}

test('the page of a moment is the last one before it, in the stream that is chosen', () => {
  const subtitles = new Subtitles({ first: 1, count: 2 });
  const at = (seconds: number) => Millis(NOW + seconds * 1_000);
  subtitles.take(packetsOf(shown, { stream: 0, pts: at(0) }), NOW); // Sound.
  subtitles.take(packetsOf(shown, { stream: 1, pts: at(1) }), NOW);
  subtitles.take(packetsOf(nothing, { stream: 1, pts: at(2) }), NOW);
  subtitles.take(packetsOf(shown, { stream: 2, pts: at(2) }), NOW);
  const isShown = (stream: number, seconds: number) => pageOf(subtitles.at(stream, at(seconds))) !== null;
  assert.deepEqual(
    [0, 1, 1.9, 2].map((seconds) => isShown(0, seconds)),
    [false, true, true, false],
  );
  assert.deepEqual(
    [1.9, 2, 9].map((seconds) => isShown(1, seconds)),
    [false, true, true],
  );
  assert.equal(subtitles.at(0, at(1)), subtitles.at(0, at(1.5)));
  assert.deepEqual(pageOf(subtitles.at(0, at(1)))?.regions[0]?.pixels, Uint8Array.of(1, 1, 0, 1));
});
