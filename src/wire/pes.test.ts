import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PesCutter, padPackets, tsPacketsFor } from './pes.js';
import { continuityCounterOf, Pid, payloadStart, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from './ts.js';

test('the payloads of the TS packets are the PES packet, for any number of packets', () => {
  const packet = Buffer.alloc(TS_PACKET_LENGTH);
  fc.assert(
    fc.property(
      fc.integer({ min: 40, max: 5_000 }),
      fc.integer({ min: 0, max: 15 }),
      fc.boolean(),
      (length, extra, randomAccess) => {
        const pes = Buffer.from(Array.from({ length }, (_, i) => i & 0xff));
        const packets = tsPacketsFor(length, randomAccess) + extra;
        const cutter = new PesCutter(Pid.video);
        cutter.begin(pes, packets, randomAccess);
        const parts: Buffer[] = [];
        for (let i = 0; i < packets; i++) {
          cutter.write(packet, 0);
          assert.equal(pidOf(packet, 0), Pid.video);
          assert.equal(startsPayloadUnit(packet, 0), i === 0);
          assert.equal(continuityCounterOf(packet, 0), i & 0x0f);
          assert.ok(payloadStart(packet, 0) < TS_PACKET_LENGTH, 'no packet is without payload');
          parts.push(Buffer.from(packet.subarray(payloadStart(packet, 0))));
        }
        assert.equal(cutter.packetsLeft, 0);
        assert.deepEqual(Buffer.concat(parts), pes);
      },
    ),
  );
});

test('padding makes the number of packets a multiple of sixteen, spread over as many PES packets as needed', () => {
  const packets = Uint32Array.from([1, 1, 1]);
  const lengths = [25, 30, 400];
  padPackets(packets, (i) => lengths[i]!, 16);
  assert.deepEqual([...packets], [7, 8, 1]);
});
