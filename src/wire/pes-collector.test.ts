import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PES_HEADER_LENGTH_PTS, PesCutter, StreamId, tsPacketsFor, writePesHeader } from './pes.js';
import { PesCollector, type PesUnit } from './pes-collector.js';
import { TS_PACKET_LENGTH } from './ts.js';

const PID = 0x110;

test('PES packets are put together from their TS packets, in parts of any length', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ minLength: 1, maxLength: 900 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 7 }),
      fc.integer({ min: 0, max: 3 }),
      (payloads, step, more) => {
        const cutter = new PesCutter(PID);
        const packets: Buffer[] = [];
        for (const [i, payload] of payloads.entries()) {
          const pes = Buffer.alloc(PES_HEADER_LENGTH_PTS + payload.length);
          writePesHeader(pes, StreamId.private1, payload.length, i * 90_000, null);
          pes.set(payload, PES_HEADER_LENGTH_PTS);
          const count = Math.max(1, tsPacketsFor(pes.length, false));
          cutter.begin(pes, Math.min(count + more, payload.length), false);
          while (cutter.packetsLeft > 0) {
            const packet = Buffer.alloc(TS_PACKET_LENGTH);
            cutter.write(packet, 0);
            packets.push(packet);
          }
        }
        const collector = new PesCollector((pid) => pid === PID);
        const units: PesUnit[] = [];
        for (let at = 0; at < packets.length; at += step) {
          units.push(...collector.take(Buffer.concat(packets.slice(at, at + step))));
        }
        assert.deepEqual(
          units.map(({ pid, pts, data }) => ({ pid, pts, data: [...data] })),
          payloads.map((payload, i) => ({ pid: PID, pts: i * 90_000, data: [...payload] })),
        );
      },
    ),
    { numRuns: 50 },
  );
});

test('any packets are taken without an exception', () => {
  const packet = fc.uint8Array({ minLength: TS_PACKET_LENGTH, maxLength: TS_PACKET_LENGTH });
  fc.assert(
    fc.property(fc.array(packet, { maxLength: 5 }), (packets) => {
      const collector = new PesCollector(() => true);
      for (const each of packets) collector.take(each);
    }),
  );
});
