import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PTS_MODULUS, Ticks90k } from '../../base/units.js';
import { hevcParameters, nalUnits } from '../../wire/hevc-parameters.js';
import { AdaptationFlag, Pid, TS_PACKET_LENGTH, TS_SYNC_BYTE, writePesTime } from '../../wire/ts.js';
import { Fragmenter } from './fragment.js';

const nal = (hex: string) => Buffer.concat([Buffer.from([0, 0, 0, 1]), Buffer.from(hex, 'hex')]);
// Of x265: Main profile, level 2, 320 × 180, 4:2:0, 8 bits.
const VPS = '40010c01ffff01600000030090000003000003003c959409';
const SPS = '42010101600000030090000003000003003ca00a080c1f3e595952930bc05a808083020000030002000003003210';
const PPS = '4401c073c189';
const parameters = (sps = SPS) => Buffer.concat([nal('460150'), nal(VPS), nal(sps), nal(PPS)]);
/** The same, of level 3. */
const LATER = SPS.replace('03003ca0', '03005aa0');
const NEAR = Ticks90k(200 * PTS_MODULUS + 90_000);

/** A PES packet within one TS packet. */
function packet(pid: number, data: Buffer, times: { pts: number; dts?: number }, isSync = false): Buffer {
  const { pts, dts = pts } = times;
  const header = Buffer.from([0, 0, 1, 0xe0, 0, 0, 0x80, 0xc0, 10, ...Array<number>(10).fill(0)]);
  writePesTime(header, 9, 0b0011, pts);
  writePesTime(header, 14, 0b0001, dts);
  const stuffing = TS_PACKET_LENGTH - 6 - header.length - data.length;
  const flags = isSync ? AdaptationFlag.randomAccess : 0;
  const field = [TS_SYNC_BYTE, 0x40 | (pid >> 8), pid & 0xff, 0x30, 1 + stuffing, flags];
  return Buffer.concat([Buffer.from(field), Buffer.alloc(stuffing, 0xff), header, data]);
}

const frame = (length: number) => {
  const size = 7 + length;
  const bytes = [0xff, 0xf1, 0x4c, 0x80 | (size >> 11), (size >> 3) & 0xff, ((size & 7) << 5) | 0x1f, 0xfc];
  return Buffer.concat([Buffer.from(bytes), Buffer.alloc(length, length)]);
};
const sound = (pts: number) => packet(Pid.audio, Buffer.concat([frame(10), frame(20)]), { pts });

/** The boxes of a path such as "moof/traf/tfdt", without their headers. */
function boxes(bytes: Buffer, path: string): Buffer[] {
  const [type, ...rest] = path.split('/');
  const found: Buffer[] = [];
  for (let at = 0; at + 8 <= bytes.length; at += Math.max(8, bytes.readUInt32BE(at))) {
    const body = bytes.subarray(at + 8, at + bytes.readUInt32BE(at));
    if (bytes.toString('latin1', at + 4, at + 8) === type) found.push(body);
  }
  return rest.length === 0 ? found : found.flatMap((body) => boxes(body, rest.join('/')));
}

const countIn = (body: Buffer): number => body.readUInt32BE(4);

test('a fragment has what begins in its segment, and other parameter sets begin another one', () => {
  const fragmenter = new Fragmenter({ near: NEAR, width: 320, height: 180 });
  const picture = (dts: number, sps?: string) =>
    packet(
      Pid.video,
      Buffer.concat([...(sps ? [parameters(sps)] : []), nal('2601aabb')]),
      { pts: dts + 7_200, dts },
      !!sps,
    );
  // What is left of a unit of the segment before.
  fragmenter.push(Buffer.concat([Buffer.from([TS_SYNC_BYTE, 1, 0, 0x10]), Buffer.alloc(184, 1)]));
  fragmenter.push(Buffer.concat([picture(90_000, SPS), sound(91_000), picture(93_600), picture(97_200, LATER)]));
  assert.equal(fragmenter.pushBehind(sound(94_841)), false, 'the last picture is not known to have ended');
  assert.equal(fragmenter.pushBehind(picture(100_800, LATER)), true);
  const { init, media } = fragmenter.finish(5)!;

  const [video, audio] = boxes(init, 'moov/trak/mdia/minf/stbl/stsd');
  assert.deepEqual([countIn(video!), countIn(audio!)], [2, 1]);
  const levels = boxes(video!.subarray(8), 'hvc1').map((entry) => boxes(entry.subarray(78), 'hvcC')[0]![12]);
  assert.deepEqual(levels, [60, 90]);
  const times = boxes(media, 'moof/traf/tfdt').map((body) => Number(body.readBigUInt64BE(4)) - 200 * PTS_MODULUS);
  assert.deepEqual(times, [90_000, 91_000, 97_200]);
  const runs = boxes(media, 'moof/traf/trun').map((body) =>
    Array.from({ length: countIn(body) }, (_, i) => [0, 4, 12].map((field) => body.readUInt32BE(12 + 16 * i + field))),
  );
  // Duration, size, offset: parameter sets are in the samples too, for players that keep to the first sample entry; delimiters are not.
  const sets = [VPS, SPS, PPS].reduce((sum, hex) => sum + 4 + hex.length / 2, 0);
  const pictures = [
    [3_600, sets + 8, 7_200],
    [3_600, 8, 7_200],
  ];
  const frames = [
    [1_921, 10, 0],
    [1_920, 20, 0],
  ];
  assert.deepEqual(runs, [pictures, frames, [[3_600, sets + 8, 7_200]]]);
  const [mdat] = boxes(media, 'mdat');
  assert.equal(mdat!.subarray(sets, sets + 8).toString('hex'), '000000042601aabb');
});

test('a segment without a picture that can be decoded, and without sound, has no fragment', () => {
  const fragmenter = new Fragmenter({ near: NEAR, width: 320, height: 180 });
  fragmenter.push(packet(Pid.video, nal('0201aabb'), { pts: 90_000 }));
  assert.equal(fragmenter.finish(0), null);
});

test('damaged streams are fragments of some kind, or none', () => {
  const good = Buffer.concat([packet(Pid.video, parameters(), { pts: 90_000 }, true), sound(91_000)]);
  const changes = fc.array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { maxLength: 30 });
  fc.assert(
    fc.property(changes, (changed) => {
      const damaged = Buffer.from(good);
      for (const [at, byte] of changed) damaged[at] = byte;
      const fragmenter = new Fragmenter({ near: NEAR, width: 320, height: 180 });
      fragmenter.push(damaged);
      fragmenter.pushBehind(damaged);
      fragmenter.finish(0);
    }),
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => void hevcParameters(nalUnits(Buffer.from(bytes)))),
  );
});
