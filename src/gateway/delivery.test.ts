import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandTimers } from '../../test/support/hand-timers.js';
import { Millis, millisToTicks } from '../base/units.js';
import { CHUNK_TIME } from '../contract/timing.js';
import { Delivery, MOST_BEHIND, MOST_QUEUED, STALLED } from './delivery.js';
import type { Chunk, StationReader } from './source.js';

const CHUNK_BYTES = 25_000;
/** Distance of random access points, in chunks. */
const GOP = 50;

/** A station of 5 Mbit/s whose chunk i has left at (i + 1) × CHUNK_TIME. */
class FakeReader implements StationReader {
  next = 0;
  ended: Error | null = null;
  #ready: (() => void) | null = null;

  constructor(readonly timers: HandTimers) {
    this.#tick();
  }

  get position(): Millis {
    return Millis(this.next * CHUNK_TIME);
  }

  read(maxBytes: number): Chunk[] {
    const chunks: Chunk[] = [];
    while (this.next < this.#left && chunks.length * CHUNK_BYTES < maxBytes) {
      const time = millisToTicks(Millis(this.next * CHUNK_TIME));
      chunks.push({ time, data: Buffer.alloc(CHUNK_BYTES), randomAccess: this.next % GOP === 0 });
      this.next++;
    }
    return chunks;
  }

  wait(ready: () => void): void {
    this.#ready = ready;
  }

  skipToLive(): boolean {
    const live = Math.floor((this.#left - 1) / GOP) * GOP;
    if (live <= this.next) return false;
    this.next = live;
    return true;
  }

  end(error: Error): void {
    this.ended = error;
    this.#tell();
  }

  close(): void {}

  get #left(): number {
    return Math.floor(this.timers.now() / CHUNK_TIME);
  }

  #tick(): void {
    this.timers.after(CHUNK_TIME, () => {
      this.#tick();
      this.#tell();
    });
  }

  #tell(): void {
    const ready = this.#ready;
    this.#ready = null;
    if (ready && (this.next < this.#left || this.ended)) ready();
    else this.#ready ??= ready;
  }
}

class FakeSink {
  readonly written: { chunk: Chunk; discontinuity: boolean }[] = [];
  queued = 0;
  most = 0;
  onDrain = (): void => undefined;

  write(chunk: Chunk, discontinuity: boolean): void {
    this.written.push({ chunk, discontinuity });
    this.queued += chunk.data.length;
    this.most = Math.max(this.most, this.queued);
  }

  /** The network takes the queue. */
  drain(): void {
    this.queued = 0;
    this.onDrain();
  }

  /** Numbers of the chunks that arrived. */
  get numbers(): number[] {
    return this.written.map(({ chunk }) => chunk.time / millisToTicks(CHUNK_TIME));
  }
}

function deliveryWith(options: { follows?: boolean; until?: number; timers?: HandTimers } = {}) {
  const timers = options.timers ?? new HandTimers();
  const reader = new FakeReader(timers);
  const sink = new FakeSink();
  const events: string[] = [];
  const delivery = new Delivery({
    reader,
    sink,
    timers,
    now: () => timers.now(),
    follows: options.follows ?? true,
    until: options.until === undefined ? undefined : Millis(options.until),
    onMoved: (position) => events.push(`moved to ${position / CHUNK_TIME}`),
    onStalled: () => events.push('stalled'),
    onEnded: (error) => events.push(error.message),
  });
  return { timers, reader, sink, events, delivery };
}

const upTo = (count: number, from = 0): number[] => Array.from({ length: count - from }, (_, i) => from + i);

test('a fast viewer gets every chunk as it leaves, and nothing is queued', () => {
  const { timers, sink, events } = deliveryWith();
  for (let i = 0; i < 100; i++) {
    timers.advance(CHUNK_TIME);
    sink.drain();
  }
  assert.deepEqual(sink.numbers, upTo(100));
  assert.equal(sink.most, CHUNK_BYTES);
  assert.deepEqual(events, []);
});

test('a slightly slow viewer loses nothing', () => {
  const { timers, sink, events } = deliveryWith();
  for (let i = 0; i < 100; i++) {
    timers.advance(CHUNK_TIME);
    if (i % 20 === 19) for (let k = 0; k < 6; k++) sink.drain();
  }
  assert.deepEqual(sink.numbers, upTo(100));
  assert.deepEqual(events, []);
});

test('a viewer that is too slow is moved to the newest random access point, and notified first', () => {
  const { timers, sink, events } = deliveryWith();
  timers.advance(MOST_BEHIND + 3_000);
  const before = sink.written.length;
  sink.drain();
  const live = Math.floor((timers.now() / CHUNK_TIME - 1) / GOP) * GOP;
  assert.deepEqual(events, [`moved to ${live}`]);
  assert.equal(sink.numbers[before], live);
  assert.deepEqual(
    sink.written.map(({ discontinuity }) => discontinuity),
    sink.written.map((_, i) => i === before),
  );
});

test('the queue never exceeds the limit and one read', () => {
  const { timers, sink } = deliveryWith();
  for (let i = 0; i < 200; i++) {
    timers.advance(7 * CHUNK_TIME);
    if (i % 3 === 0) sink.drain();
  }
  assert.ok(sink.most <= MOST_QUEUED + 64 * 1024 + CHUNK_BYTES, `${sink.most} bytes`);
});

test('a stalled viewer is given up, and gets nothing after that', () => {
  const { timers, sink, events } = deliveryWith();
  timers.advance(STALLED + 10_000);
  assert.deepEqual(events, ['stalled']);
  const { length } = sink.written;
  sink.drain();
  assert.equal(sink.written.length, length);
});

test('a viewer that waits for new chunks is not given up', () => {
  const { timers, sink, events } = deliveryWith({ until: 400 });
  timers.advance(400);
  sink.drain();
  timers.advance(10 * STALLED);
  assert.deepEqual(events, []);
  assert.deepEqual(sink.numbers, upTo(10));
});

test('chunks that were held back are sent later without a gap, however long ago they left', () => {
  const { timers, sink, events, delivery } = deliveryWith({ until: 10 * CHUNK_TIME });
  timers.advance(10 * CHUNK_TIME);
  sink.drain();
  timers.advance(3_600_000);
  assert.deepEqual(sink.numbers, upTo(10));
  delivery.setUntil(Millis(20 * CHUNK_TIME));
  for (let i = 0; i < 5; i++) sink.drain();
  assert.deepEqual(sink.numbers, upTo(20));
  assert.deepEqual(events, []);
});

test('a viewer that does not follow the air gets every chunk, however far behind', () => {
  const { timers, sink, events } = deliveryWith({ follows: false });
  timers.advance(STALLED - 1_000);
  for (let i = 0; i < 200; i++) sink.drain();
  assert.deepEqual(sink.numbers, upTo(475));
  assert.deepEqual(events, []);
});

test('the end of a station is reported once, after its last chunk', () => {
  const { timers, reader, sink, events } = deliveryWith();
  timers.advance(2 * CHUNK_TIME);
  sink.drain();
  reader.end(new Error('went off the air'));
  timers.advance(10 * CHUNK_TIME);
  sink.drain();
  assert.deepEqual(events, ['went off the air']);
});

test('a hundred stalled viewers do not delay another one', () => {
  const timers = new HandTimers();
  const stalled = Array.from({ length: 100 }, () => deliveryWith({ timers }));
  const { sink } = deliveryWith({ timers });
  for (let i = 0; i < 25; i++) {
    timers.advance(CHUNK_TIME);
    sink.drain();
  }
  assert.deepEqual(sink.numbers, upTo(25));
  for (const each of stalled) assert.ok(each.sink.queued <= MOST_QUEUED + CHUNK_BYTES);
});
