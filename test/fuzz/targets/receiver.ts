/** A station's receiver: datagrams of the group, parity, repairs and flows, right and forged, and a server's answers. */
import assert from 'node:assert/strict';
import { Millis, PacketNumber } from '../../../src/base/units.js';
import { Refusal } from '../../../src/control/refusal.js';
import { type Cursor, StreamBuffer } from '../../../src/receiver/stream-buffer.js';
import { StreamController } from '../../../src/receiver/stream-controller.js';
import type { Order, Target } from '../../../src/receiver/stream-orders.js';
import { emptyFec, FEC_PARITY_AT, writeFecHeaders } from '../../../src/wire/fec.js';
import { encodeFeedback } from '../../../src/wire/feedback.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../../../src/wire/retransmission.js';
import { RTP_HEADER_LENGTH, writeRtpHeader } from '../../../src/wire/rtp.js';
import type { StationFormat } from '../../../src/wire/station-format.js';
import { AdaptationFlag, Pid, TS_PACKET_LENGTH } from '../../../src/wire/ts.js';
import { batchOf } from '../../support/received-batch.js';
import { makeStation } from '../../support/stations.js';
import { type Choices, EVENT_LENGTH, eventsOf, type FuzzTarget, script } from '../target.js';

const MOST_EVENTS = 96;
const SSRC = 77;
/** The number of the first packet, and the ticks of each. */
const FIRST = 950_000_000_000;
const TICKS = 190;
const EPOCH = 1_795_000_000_000;
/** Of the stream. Packets that wait for a missing one are delivered when it has come: as many as the window has, all at once. */
const MAX_BYTES = 200_000;
const MOST_HELD = MAX_BYTES + 8_192 * 1_500;
const pauses = [0, 1, 20, 60, 200, 700, 3_000, 20_000];

/** PAT, PMT, PCR and a picture that a decoder can begin with; nothing of the kind in the other. */
const accessPoint = Buffer.alloc(4 * TS_PACKET_LENGTH, 0xff);
for (const [i, head] of [
  [0x47, 0x40, 0, 0x10],
  [0x47, 0x50, 0, 0x10],
  [0x47, Pid.video >> 8, Pid.video & 0xff, 0x20, 7, AdaptationFlag.pcr],
  [0x47, 0x40 | (Pid.video >> 8), Pid.video & 0xff, 0x30, 1, AdaptationFlag.randomAccess],
].entries()) {
  accessPoint.set(head, i * TS_PACKET_LENGTH);
}
const ordinary = Buffer.alloc(TS_PACKET_LENGTH, 0x47);
/** RFC 2435 section 3.1: a whole small picture with its tables. */
const picture = Buffer.concat([
  Buffer.from('0000000001c80302', 'hex'),
  Buffer.from([0, 0, 0, 128]),
  Buffer.alloc(140, 9),
]);

class Scene {
  now = 1_000;
  /** The next packet of the group. */
  next = FIRST;
  readonly controller: StreamController;
  readonly #format: StationFormat;
  /** Flows that were asked for and not answered, with what asked. */
  readonly #asked: { flow: number; from: 'order' | 'seek' }[] = [];
  #cursor: { buffer: StreamBuffer; cursor: Cursor } | null = null;
  #last: Buffer | null = null;

  constructor(choice: number) {
    this.#format = choice & 1 ? 'jpeg' : 'h264';
    const fec = choice & 2 ? { columns: 5, rows: 4 } : undefined;
    const { station } = { station: makeStation(1, { ssrc: SSRC, bitrate: 5e6, format: this.#format, fec }) };
    this.controller = new StreamController({
      station,
      createBuffer: () => new StreamBuffer({ maxBytes: MAX_BYTES }),
      ...{ paths: 2, latency: Millis(choice & 4 ? 1_000 : 20), speed: 10, random: () => 0.5 },
    });
  }

  get time(): Millis {
    return Millis(this.now);
  }

  obey(orders: readonly Order[]): void {
    // NACKs are bounded by what is missing; each is sent up to five times.
    assert.ok(orders.length <= 1_000, `${orders.length} orders at once`);
    for (const order of orders) {
      if (order.type === 'replay') this.#asked.push({ flow: order.request.flow, from: 'order' });
      if (order.type !== 'feedback') continue;
      const datagrams = encodeFeedback({ ...order.feedback, cookie: Buffer.alloc(16) });
      assert.ok(datagrams.every(({ length }) => length <= 1_200));
    }
  }

  rtp(n: number, payload: Buffer, headroom = 0): Buffer {
    const out = Buffer.alloc(headroom + RTP_HEADER_LENGTH + payload.length);
    const isJpeg = this.#format === 'jpeg';
    const timestamp = (n - FIRST) * TICKS + EPOCH * 90;
    payload.copy(out, writeRtpHeader(out, headroom, isJpeg, isJpeg ? 26 : 33, n, timestamp, SSRC));
    return out;
  }

  payload(n: number): Buffer {
    if (this.#format === 'jpeg') return picture;
    return n % 50 === 0 ? accessPoint : ordinary;
  }

  repair(n: number): Buffer {
    const whole = Math.max(0, n);
    const out = this.rtp(whole, this.payload(whole), RETRANSMISSION_OVERHEAD);
    writeRetransmission(out, RETRANSMISSION_OVERHEAD, PacketNumber(whole), 0);
    return out;
  }

  /** Consecutive packets, some left out. */
  group(event: Choices): void {
    const [count, gap, path] = [event.below(64), event.byte(), event.below(2)];
    const datagrams: Buffer[] = [];
    for (let i = 0; i < count; i++, this.next++) {
      if (gap !== 0 && i % gap === gap - 1) continue;
      datagrams.push(this.rtp(this.next, this.payload(this.next)));
    }
    this.obey(this.controller.takeGroup(batchOf(datagrams), this.time, path));
  }

  /** One datagram that is not as it should be. */
  forged(event: Choices): void {
    const [n, form] = [this.next + event.int16(), event.byte()];
    const payload =
      form & 1 ? Buffer.alloc(0) : form & 2 ? Buffer.alloc(event.uint16() % 1_460, 0x47) : this.payload(n);
    this.take(event.byte(), this.rtp(n, payload));
  }

  parity(event: Choices): void {
    const [base, step, count, fill] = [this.next + event.int16(), event.below(21), event.below(24), event.byte()];
    const out = Buffer.alloc(FEC_PARITY_AT + 188, fill);
    writeFecHeaders(out, 0, {
      ...{ ...emptyFec(), base: base & 0xffff, step, count, isRow: step === 1 && (fill & 1) === 0 },
      ...{ lengths: fill & 2 ? 188 : fill * 7, second: fill & 4 ? 33 : 0, timestamps: fill & 8 ? TICKS : 0 },
    });
    this.take(2, out);
  }

  repairs(event: Choices): void {
    const [back, count, stride, way] = [event.int16(), event.below(100), 1 + event.below(3), event.byte()];
    for (let i = 0; i < count; i++) this.take(3 + (way & 1), this.repair(this.next + back + i * stride));
  }

  changed(event: Choices): void {
    const [way, at, value] = [event.byte(), event.uint16(), event.byte()];
    const datagram = Buffer.from(this.#last ?? this.rtp(this.next, this.payload(this.next)));
    datagram[at % Math.min(40, datagram.length)] = value;
    this.take(way, datagram.subarray(0, datagram.length - event.byte()));
  }

  take(way: number, datagram: Buffer): void {
    this.#last = datagram;
    const batch = () => batchOf([Buffer.from(datagram)]);
    const { controller, time } = this;
    if (way % 5 < 2) this.obey(controller.takeGroup(batch(), time, way % 5));
    else if (way % 5 === 2) this.obey(controller.takeParity(batch(), time));
    else if (way % 5 === 3) this.obey(controller.takeShared(batch(), time));
    else {
      controller.takeOwn(Buffer.from(datagram), time);
      this.obey(controller.advance(time));
    }
  }

  /** The server's answers, and what a viewer commands. */
  session(event: Choices): void {
    const [kind, choice, shift] = [event.below(8), event.byte(), event.int16()];
    const { controller, time } = this;
    const at = { next: Math.max(0, this.next + (choice & 0x80 ? shift : 0)), serverTime: EPOCH + this.now };
    const from = Math.max(0, this.next - (shift & 0x3fff));
    const oldest = EPOCH - 3_600_000;
    const start = { from, time: EPOCH + this.now - (shift & 0x3ff), oldest };
    const burst = choice & 1 ? { flow: controller.nextFlow(), ...start } : null;
    const tuned = { station: controller.station, ...at, roundTrip: Millis(choice & 0x3f), members: 1 + choice, burst };
    if (kind === 0) this.obey(controller.tuned(choice & 2 ? null : tuned, time, { awaitsSeek: (choice & 4) !== 0 }));
    else if (kind === 1) controller.serverLost(time);
    else if (kind === 2) this.obey(controller.serverBack(choice & 2 ? null : tuned, time));
    else if (kind === 3) this.obey(controller.goLive(time));
    else if (kind === 4) {
      const target: Target = choice & 1 ? { kind: 'live' } : { kind: 'time', time: Millis(start.time), item: false };
      this.#asked.push({ flow: controller.seek(target).flow, from: 'seek' });
    } else this.#answer(choice, { ...start, ...at, roundTrip: Millis(choice & 0x3f) });
  }

  #answer(choice: number, answer: Omit<Parameters<StreamController['replaying']>[0], 'flow'>): void {
    const asked = choice & 1 ? this.#asked.pop() : this.#asked.shift();
    if (asked === undefined) return;
    const { controller, time } = this;
    const replaying = { ...answer, flow: asked.flow };
    const refusal = choice & 2 ? new Refusal({ code: 'over-budget', message: 'no' }) : new Error('silent');
    if (asked.from === 'order') {
      if (choice & 4) this.obey(controller.refused(asked.flow, refusal, time));
      else this.obey(controller.replaying(replaying, time));
    } else if (choice & 4) controller.failed();
    else this.obey(controller.begun(replaying, time));
  }

  /** A reader begins, reads some, or leaves. */
  read(event: Choices): void {
    const { buffer } = this.controller;
    if (this.#cursor?.buffer !== buffer) {
      const cursor = event.below(2) ? buffer.openAtFirstRandomAccess() : buffer.openAtLastRandomAccess();
      this.#cursor = cursor && { buffer, cursor };
    }
    if (this.#cursor === null) return;
    const { cursor } = this.#cursor;
    const bytes = event.uint16();
    if (bytes === 0) {
      buffer.release(cursor);
      this.#cursor = null;
    } else {
      for (const unit of buffer.read(cursor, bytes) ?? [])
        assert.ok(unit.data.length > 0 && Number.isFinite(unit.time));
      if (buffer.hasLost(cursor)) this.#cursor = null;
    }
    this.obey(this.controller.advance(this.time));
  }

  check(): void {
    const { controller } = this;
    const { buffer } = controller;
    assert.ok(buffer.bytes <= MOST_HELD, `${buffer.bytes} bytes are held, of at most ${MOST_HELD}`);
    assert.ok(!Number.isNaN(controller.wakeAt), 'it is due at no time');
    assert.ok(buffer.ahead >= 0 && Number.isFinite(buffer.ahead), `${buffer.ahead} ms are buffered`);
    const report = controller.report();
    const numbers = [
      report.received,
      report.lost,
      report.lostBeforeRepair,
      report.foreign,
      report.bytes,
      report.jitter,
    ];
    assert.ok(
      numbers.every((number) => Number.isFinite(number) && number >= 0),
      `the report is ${JSON.stringify(report)}`,
    );
  }
}

function run(input: Buffer): void {
  const scene = new Scene(input[7] ?? 0);
  for (const event of eventsOf(input.subarray(0, MOST_EVENTS * EVENT_LENGTH))) {
    const kind = event.below(12);
    if (kind <= 2) scene.group(event);
    else if (kind === 3) scene.forged(event);
    else if (kind === 4) scene.parity(event);
    else if (kind === 5) scene.repairs(event);
    else if (kind === 6) scene.changed(event);
    else if (kind <= 8) scene.session(event);
    else if (kind === 9) scene.read(event);
    else {
      scene.now += event.pick(pauses);
      scene.obey(scene.controller.advance(scene.time));
    }
    scene.check();
  }
}

const begin = [
  [7, 0, 1, 0, 100],
  [5, 255, 156, 90, 0, 4],
  [0, 60, 0, 0],
];

export const target: FuzzTarget = {
  ...{ name: 'receiver', block: EVENT_LENGTH, largest: MOST_EVENTS * EVENT_LENGTH },
  seeds: () => [
    script(...begin, [10, 2], [0, 60, 7, 0], [10, 2], [10, 3], [5, 255, 200, 20, 0, 1], [9, 1, 255, 255], [10, 5]),
    script(
      [7, 0, 0, 0, 0, 0, 0, 6],
      [0, 40, 5],
      [4, 255, 220, 5, 4, 2],
      [4, 255, 220, 1, 5, 14],
      [10, 4],
      [9, 0, 9, 9],
    ),
    script([7, 0, 2, 0, 0, 0, 0, 1], [0, 30, 9, 0], [3, 30, 0, 1, 0], [3, 255, 0, 0, 0], [6, 0, 0, 2, 9], [10, 4]),
    script(
      ...begin,
      [7, 1],
      [10, 6],
      [7, 2, 0],
      [7, 4, 1],
      [7, 5, 0, 1, 0],
      [5, 254, 0, 99, 0, 0],
      [7, 3],
      [0, 60],
      [10, 6],
    ),
  ],
  // A jump of the sequence number makes up to thirty thousand packets missing, each of which is asked for.
  mostWork: (length) => 5_000_000 + 250_000 * length,
  run,
};
