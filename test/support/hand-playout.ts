/** Playout whose clock is turned by hand, and a sender that records every packet. */
import assert from 'node:assert/strict';
import { Millis } from '../../src/base/units.js';
import { emptyBatch, type MulticastSender } from '../../src/net/sender.js';
import { WindowMemory } from '../../src/playout/packet-window.js';
import { Playout } from '../../src/playout/playout.js';
import type { PayloadReader } from '../../src/reel/payload-reader.js';
import type { PacketSource } from '../../src/station/packet-source.js';
import type { ReadError } from '../../src/threads/read-errors.js';
import { StationCounters } from '../../src/threads/station-counters.js';
import { parseRtp } from '../../src/wire/rtp.js';
import { fakeReader } from './fake-reel.js';

/** The time at first. */
export const start = Millis(1_790_000_000_000);

export interface Sent {
  sequenceNumber: number;
  bytes: Buffer;
  port: number;
  time: Millis;
}

/** `capacity` packets a batch. */
export function playoutAt(options: { reader?: PayloadReader; capacity?: number } = {}) {
  const clock: { now: Millis } = { now: start };
  const sent: Sent[] = [];
  const ports: number[] = [];
  const memory = new WindowMemory(1_000);
  const batch = emptyBatch({ capacity: options.capacity ?? 16, buffer: memory.slots.buffer });
  const sender: MulticastSender = {
    batch,
    usesEventLoop: false,
    counters: { packets: 0, bytes: 0, refused: 0, backPressure: 0 },
    addDestination: (_group, port) => ports.push(port) - 1,
    removeDestination: (destination) => {
      ports[destination] = -1;
    },
    send() {
      for (let i = 0; i < batch.count; i++) {
        const offset = batch.offsets[i]!;
        const packet = batch.buffer.subarray(offset, offset + batch.lengths[i]!);
        const { sequenceNumber } = parseRtp(packet)!;
        sent.push({
          sequenceNumber,
          bytes: Buffer.from(packet),
          port: ports[batch.destinations[i]!]!,
          time: clock.now,
        });
      }
      batch.count = 0;
    },
    reopen: async () => undefined,
    close: async () => undefined,
  };
  const errors: ({ id: string } & ReadError)[] = [];
  const playout = new Playout({
    sender,
    memory,
    reader: options.reader ?? fakeReader(),
    now: () => clock.now,
    onReadError: (id, error) => errors.push({ id, ...error }),
  });
  const add = (id: string, source: PacketSource, port: number, bitrate = 5e6) => {
    const progress = new StationCounters();
    playout.add({ id, source, group: '239.255.0.1', port, bitrate, progress });
    return progress;
  };
  /** Ticks at the times that playout returns, and at no other, until `time` milliseconds have passed. */
  const play = (time: number) => {
    const end = Millis(clock.now + time);
    for (;;) {
      const next = playout.tick();
      if (next > end) break;
      assert.ok(next > clock.now);
      clock.now = next;
    }
    clock.now = end;
  };
  return { clock, memory, sent, errors, playout, add, play };
}
