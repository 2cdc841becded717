/** From datagrams to a stream: receiving a station, without its sockets and timers. */

import { Millis, PacketNumber } from '../base/units.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import { emptyRetransmission, readRetransmission } from '../wire/retransmission.js';
import { emptyRtp, RTP_HEADER_LENGTH, type RtpFields, type RtpPacket, readRtp, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationInfo } from '../wire/station-info.js';
import { FecDecoder } from './fec-decoder.js';
import { GroupNumbers, packetRate } from './group-numbers.js';
import { Jitter } from './jitter.js';
import { NackGenerator, type NackRequest } from './nack-generator.js';
import type { PathCounts, ReceiverStats, RepairCounts } from './receiver-stats.js';
import { ReorderBuffer, type ReorderOptions, type Source } from './reorder-buffer.js';
import type { StreamBuffer } from './stream-buffer.js';
import { StreamWriter } from './stream-writer.js';

export interface RtpReceiverOptions {
  station: Pick<StationInfo, 'format' | 'ssrc' | 'width' | 'height' | 'bitrate' | 'fec'>;
  /** Where the stream is written, in order. */
  buffer: StreamBuffer;
  /** Number of the next packet according to the server; without it numbers count from the first sequence number. */
  next?: PacketNumber;
  /** The server's clock at that packet; without it times count from the first timestamp. */
  serverTime?: Millis;
  reorder?: ReorderOptions;
  /** Interfaces on which the group is received. */
  paths?: number;
  /** How long datagrams wait in the sockets. */
  latency?: Millis;
  /** Keep packets of the group until `begin`. */
  waits?: boolean;
  /** Whether a stream that the group has left behind waits for what is between, rather than following the group. */
  isPatient?: boolean;
}

/** A stream that is behind takes packets of the group again within this share of the window. */
const JOIN = 7 / 8;
/** Parity is waited for if some came within this time. */
const PARITY_ALIVE = Millis(2_000);
/** With a larger share lost, rows and columns miss several packets, and parity is not waited for. */
const MOST_LOST_FOR_PARITY = 0.12;
/** Packets over which the lost share is measured. */
const SAMPLE_SIZE = 512;
/** Packets that the FEC decoder keeps: of a block and the next one, and those that wait in the sockets; at most. */
const TWO_BLOCKS = 200;
const LARGEST_FEC_WINDOW = 8_192;
/** Between two looks at the sockets lies their latency, and up to this much in a busy process. */
const LONGEST_TURN = Millis(50);
/** A packet this many seconds of packets past the flow's last one belongs to an earlier flow that has ended. */
const FLOW_LEAP = 2;
/** The same in packets, for those that came before the flow was known. */
const EARLY_LEAP = 64;
/** Packets kept until `begin`. */
const MOST_KEPT = 32_768;

interface PathState extends PathCounts {
  begin: PacketNumber;
  end: PacketNumber;
}

interface Kept {
  datagram: Buffer;
  path: number;
}

/**
 * Responsible for:
 * - recognising the station's packets, and their absolute numbers
 * - choosing which packets are taken: those of the group when the stream is near it, none while the buffer is full
 * - passing them to the reorder buffer, the NACK generator and the FEC decoder, and in order to the stream writer
 * - statistics
 */
export class RtpReceiver {
  readonly nacks: NackGenerator;
  readonly numbers: GroupNumbers;
  readonly #order: ReorderBuffer<RtpPacket>;
  readonly #station: RtpReceiverOptions['station'];
  readonly #payloadType: number;
  readonly #paths: PathState[];
  readonly #jitter = new Jitter();
  readonly #repaired: RepairCounts = { request: 0, group: 0, parity: 0, path: 0 };
  readonly #writer: StreamWriter;
  /** Of the datagram in hand. */
  readonly #fields = emptyRtp();
  readonly #retransmission = emptyRetransmission();
  readonly #recovered = emptyRtp();
  readonly #fec: FecDecoder | null;
  #parityAt = Millis(Number.NEGATIVE_INFINITY);
  /** Packets of the group that came and that were missing in this sample; the lost share of the sample before. */
  readonly #sample = { received: 0, missing: 0, share: 0 };
  /** When the sockets were last looked at, the longest interval expected, and the sum of what exceeded it. */
  #lookedAt = Millis(Number.POSITIVE_INFINITY);
  readonly #longestLook: Millis;
  #heldUp = Millis(0);
  /** Arrival of the datagram in hand. */
  #now = Millis(0);
  #bytes = 0;
  #foreign = 0;
  #lastArrival: Millis | null = null;
  #kept: Kept[] | null;
  #isStopped = false;
  /** The first packet taken from the group; null while none is. */
  #base: PacketNumber | null = null;
  readonly #isPatient: boolean;
  /** Whether the server can send what the group has sent before. */
  canFetch = false;
  /** The last packet of the group that is wanted. */
  #last = PacketNumber(Number.POSITIVE_INFINITY);
  readonly #leap: number;
  /** The highest packet of the flow; null without one. */
  #flow: PacketNumber | null = null;

  constructor(options: RtpReceiverOptions) {
    const { station, reorder, paths = 1, next, serverTime, latency = Millis(0), waits = false } = options;
    const rate = packetRate(station);
    const { fec } = station;
    this.#station = station;
    this.#order = new ReorderBuffer(reorder);
    // Parity of columns leaves a row after its block, and each may just have missed a look at the sockets.
    const blockTime = fec === undefined ? 0 : (1000 * fec.columns) / Math.max(1, rate);
    const parityDelay = Millis(2 * latency + blockTime);
    this.nacks = new NackGenerator({ deadline: reorder?.deadline ?? Millis(100), parityDelay });
    this.#order.onMissing = (from, to, waited) => this.#addMissing(from, to, waited);
    this.#longestLook = Millis(2 * latency + LONGEST_TURN);
    this.#fec = fec === undefined ? null : this.#decoder(TWO_BLOCKS + (rate * 2 * latency) / 1000);
    this.numbers = new GroupNumbers(rate);
    this.#isPatient = options.isPatient ?? false;
    this.#leap = Math.ceil(rate * FLOW_LEAP);
    if (next !== undefined) this.numbers.anchor(next, Millis(Number.POSITIVE_INFINITY));
    this.#payloadType = payloadTypeOf(station.format);
    this.#paths = Array.from({ length: paths }, newPath);
    this.#writer = new StreamWriter(station, options.buffer);
    if (serverTime !== undefined) this.#writer.setTime(serverTime);
    this.#kept = waits ? [] : null;
  }

  /** Where the stream is written. */
  get buffer(): StreamBuffer {
    return this.#writer.buffer;
  }

  /** The next packet of the stream; null before it has begun. */
  get next(): PacketNumber | null {
    return this.#order.next;
  }

  /** The first packet taken from the group; null while the stream is behind it. */
  get base(): PacketNumber | null {
    return this.#base;
  }

  /** The highest packet of the flow, or the one before its first; null without a flow. */
  get flow(): PacketNumber | null {
    return this.#flow;
  }

  /** Number of packets that are missing next, before one that has come. */
  get gap(): number {
    const { next, gapEnd } = this.#order;
    return next === null || gapEnd < 0 ? 0 : gapEnd - next;
  }

  /** Whether the group has gone so far ahead that its packets are not taken. */
  get isBehind(): boolean {
    return this.#base === null && this.#order.next !== null;
  }

  /** The packets that are missing next are not requested one by one: a flow of them begins. */
  awaitGap(): void {
    const { next, gapEnd } = this.#order;
    if (next === null) return;
    this.nacks.forget(next, gapEnd);
    this.#base = gapEnd;
  }

  /** No flow brings the packets that are missing next: they are requested one by one, or not at all. */
  failGap(canStillCome: boolean, now: Millis): void {
    const { next, gapEnd } = this.#order;
    if (next === null || gapEnd < 0) return;
    if (canStillCome) this.#order.remind(next, gapEnd, this.#waited(now));
    else this.#order.giveUp(gapEnd);
  }

  /** Takes no later packets of the group than it has taken. */
  finish(): void {
    this.#last = this.#order.highestNumber;
  }

  /** After `finish`: packets that are still missing. */
  get isComplete(): boolean {
    return this.#order.next === null || this.#order.next > this.#last;
  }

  /** After `finish`: delivers what has come. */
  flush(now: Millis): void {
    this.#order.giveUp(PacketNumber(this.#last + 1));
    this.settle(now);
  }

  /** Whether no packets are taken, because the buffer is full. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** How long a missing packet is waited for. */
  set deadline(deadline: Millis) {
    this.#order.deadline = deadline;
    this.nacks.deadline = deadline;
  }

  /**
   * Continues with packet `n`, due at `time`, or with the next packet of the group, into another buffer if one is given.
   * Packets kept until now are taken.
   */
  begin(n: PacketNumber | null, time: Millis | null, now: Millis, buffer?: StreamBuffer): void {
    this.#order.begin(n);
    this.nacks.clear();
    this.#base = null;
    this.#flow = null;
    this.#isStopped = false;
    this.#order.followsJumps = true;
    if (time !== null) this.#writer.setTime(time);
    if (buffer !== undefined) this.#writer.open(buffer);
    const kept = this.#kept;
    this.#kept = null;
    for (const { datagram, path } of kept ?? []) this.#takeGroup(datagram, 0, datagram.length, now, path);
  }

  /** A flow begins with packet `from`: packets before it are missing. */
  expectFlow(from: PacketNumber, now: Millis): void {
    if (this.#order.next !== null) this.#order.markMissing(this.#order.next, from, this.#waited(now));
    this.#flow = PacketNumber(from - 1);
    this.#order.flowFrom(from);
    this.#order.followsJumps = false;
  }

  /** The flow has ended: its packets that did not come are missing as of `now`. */
  endFlow(now: Millis): void {
    if (this.#flow !== null && this.#base !== null) {
      this.#order.markMissing(PacketNumber(this.#flow + 1), this.#base, this.#waited(now));
      if (this.#isPatient) this.#order.remind(this.#order.next ?? this.#base, this.#base, this.#waited(now));
    }
    this.#flow = null;
    this.#order.followsJumps = true;
  }

  /** Takes no packets until `resume`. */
  stop(): void {
    this.#order.begin(this.#order.next);
    this.nacks.clear();
    this.#base = null;
    this.#flow = null;
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
  }

  /** Takes datagrams of the group that arrived by `now` over an interface, and settles. */
  take({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis, path = 0): void {
    for (let i = 0; i < count; i++) this.#takeGroup(buffer, offsets[i]!, offsets[i]! + lengths[i]!, now, path);
    this.nacks.setHighest(this.#order.highestNumber, this.#waited(now));
    this.settle(now);
  }

  /** Takes parity packets, and settles. */
  takeParity({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis): void {
    const near = this.numbers.highest;
    if (this.#fec === null || near === null || this.#base === null) return;
    this.#now = now;
    if (count > 0) this.#parityAt = now;
    for (let i = 0; i < count; i++) this.#fec.parity(buffer, offsets[i]!, offsets[i]! + lengths[i]!, near);
    this.settle(now);
  }

  /** Takes retransmissions to the group, and settles. */
  takeShared({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis): void {
    for (let i = 0; i < count; i++) {
      if (!this.#readRetransmission(buffer, offsets[i]!, offsets[i]! + lengths[i]!, now)) continue;
      const { n } = this.#retransmission;
      if (this.#kept !== null || this.#isStopped || !this.#order.isNear(n)) continue;
      if (this.nacks.fill(n)) this.#repaired.group++;
      this.#protect(n, this.#retransmission, buffer);
      this.#add(n, this.#retransmission, buffer, now, 'repair');
    }
    this.settle(now);
  }

  /**
   * Takes a retransmission to this receiver alone; `settle` delivers it. Returns false if it is far from the stream's
   * position.
   */
  takeOwn(datagram: Buffer, now: Millis): boolean {
    if (!this.#readRetransmission(datagram, 0, datagram.length, now)) return true;
    const { n } = this.#retransmission;
    if (this.#kept !== null || !this.#order.isNear(n)) return false;
    if (this.#isStopped) return true;
    const flow = this.#flow;
    const isOfFlow = flow !== null && n > flow && n <= flow + this.#leap && (this.#base === null || n < this.#base);
    if (isOfFlow && this.#isPatient && this.#order.isMissing(n)) this.#repaired.request++;
    if (isOfFlow) this.#flow = n;
    else if (this.nacks.addAnswer(n, this.#waited(now))) this.#repaired.request++;
    this.#protect(n, this.#retransmission, datagram);
    this.#add(n, this.#retransmission, datagram, now, isOfFlow ? 'flow' : 'repair');
    return true;
  }

  /**
   * Takes retransmissions that came before it was known that a flow begins with packet `from`. The last packets of the flow
   * before, which can be among them, do not count as this flow's.
   */
  takeEarly(datagrams: readonly Buffer[], from: PacketNumber, now: Millis): void {
    const numbered: [n: PacketNumber, datagram: Buffer][] = [];
    for (const datagram of datagrams) {
      if (!readRetransmission(datagram, 0, datagram.length, this.#retransmission)) continue;
      if (this.#retransmission.n >= from) numbered.push([this.#retransmission.n, datagram]);
    }
    let last = from - 1;
    for (const [n, datagram] of numbered.sort(([a], [b]) => a - b)) {
      if (n > last + EARLY_LEAP) return;
      this.takeOwn(datagram, now);
      last = n;
    }
  }

  /** Delivers packets in order, and gives up those whose deadline has passed. */
  settle(now: Millis): void {
    this.#order.deliver(this.#waited(now), this.#deliver);
    this.#writer.flush();
  }

  /** When `due` is to be called. */
  get wakeAt(): Millis {
    return Millis(this.nacks.wakeAt + this.#heldUp);
  }

  /** The NACKs due now. */
  due(now: Millis): NackRequest[] {
    return this.nacks.due(this.#waited(now));
  }

  report(): ReceiverStats {
    const { counts } = this.#order;
    const { request, group, parity, path } = this.#repaired;
    return {
      ...counts,
      bytes: this.#bytes,
      foreign: this.#foreign,
      ...this.#writer.pictures,
      lastArrival: this.#lastArrival,
      lostBeforeRepair: counts.lost + request + group + parity + path,
      repaired: { request, group, parity, path },
      paths: this.#paths.map(({ received, first, begin, end }) => ({
        received,
        first,
        lost: Math.max(0, end - begin - received),
      })),
      jitter: this.#jitter.value,
    };
  }

  #takeGroup(buffer: Buffer, from: number, to: number, now: Millis, path: number): void {
    const fields = this.#fields;
    const isRtp = readRtp(buffer, from, to, fields);
    if (!isRtp || fields.ssrc !== this.#station.ssrc || fields.payloadType !== this.#payloadType) {
      this.#foreign++;
      return;
    }
    if (this.#kept !== null) {
      if (this.#kept.length < MOST_KEPT) this.#kept.push({ datagram: Buffer.from(buffer.subarray(from, to)), path });
      return;
    }
    this.#bytes += to - from;
    this.#lastArrival = now;
    this.#now = now;
    const n = this.numbers.take(fields.sequenceNumber, now);
    if (path === 0) this.#jitter.add(fields.timestamp, now);
    const pathState = this.#paths[path]!;
    countPacket(pathState, n);
    if (!this.#admit(n, now)) return;
    this.#measure();
    if (path > 0 && this.#order.isMissing(n)) this.#repaired.path++;
    if (!this.nacks.isIdle) this.nacks.addOriginal(n, this.#waited(now));
    this.#fec?.media(n, buffer, from, to);
    if (this.#add(n, fields, buffer, now, 'group')) pathState.first++;
  }

  /** A decoder that keeps at least `size` packets. */
  #decoder(size: number): FecDecoder {
    const window = 2 ** Math.ceil(Math.log2(Math.min(LARGEST_FEC_WINDOW, size)));
    const onRecovered = (n: PacketNumber, packet: Buffer): void => {
      if (this.#isStopped || !this.#order.isNear(n) || !readRtp(packet, 0, packet.length, this.#recovered)) return;
      if (this.nacks.fill(n)) this.#repaired.parity++;
      this.#add(n, this.#recovered, packet, this.#now, 'repair');
    };
    return new FecDecoder({ window, onRecovered });
  }

  /** Passes a retransmission to the FEC decoder, with an RTP header written over the bytes before its payload. */
  #protect(n: PacketNumber, { marker, timestamp, ssrc, start, end }: RtpFields, buffer: Buffer): void {
    if (this.#fec === null || this.#base === null || n < this.#base) return;
    writeRtpHeader(buffer, start - RTP_HEADER_LENGTH, marker, this.#payloadType, n, timestamp, ssrc);
    this.#fec.media(n, buffer, start - RTP_HEADER_LENGTH, end);
  }

  /**
   * `now` less the time in which this process, or the machine, did not run: packets came then, and wait in the sockets, so
   * missing packets have not been waited for.
   */
  #waited(now: Millis): Millis {
    const look = now - this.#lookedAt;
    if (look > this.#longestLook) this.#heldUp = Millis(this.#heldUp + (look - this.#longestLook));
    this.#lookedAt = now;
    return Millis(now - this.#heldUp);
  }

  /** Packets `from` to `to` − 1 are missing. Parity helps with packets of the group only. */
  #addMissing(from: PacketNumber, to: PacketNumber, waited: Millis): void {
    const { fec } = this.#station;
    const isOfGroup = this.#base !== null && from >= this.#base;
    if (isOfGroup) this.#sample.missing += to - from;
    const hasParity =
      isOfGroup && this.#now - this.#parityAt < PARITY_ALIVE && this.#sample.share < MOST_LOST_FOR_PARITY;
    this.nacks.block = fec !== undefined && hasParity ? fec.columns * fec.rows : 0;
    this.nacks.addMissing(from, to, waited);
  }

  #measure(): void {
    const sample = this.#sample;
    if (++sample.received + sample.missing < SAMPLE_SIZE) return;
    sample.share = sample.missing / (sample.received + sample.missing);
    sample.received = 0;
    sample.missing = 0;
  }

  /** Decides whether the stream takes packet `n` from the group. */
  #admit(n: PacketNumber, now: Millis): boolean {
    if (this.#isStopped || n > this.#last) return false;
    const { next, window } = this.#order;
    const ahead = next === null ? 0 : n - next;
    if (this.#base === null) {
      if (ahead >= window * JOIN) return false;
      this.#base = n;
    } else if (this.#flow !== null && ahead >= window) {
      // The flow is too slow: it has to bring the packets that are ignored now.
      this.#base = null;
      this.#order.leaveGroup();
      return false;
    } else if (this.#isPatient && ahead >= window) {
      return this.#waitBehind(n, now);
    }
    return true;
  }

  /**
   * The group has gone further ahead than the window holds. A flow brings what is between, also what is not taken now;
   * without a server the oldest missing packets are given up. Returns whether the packet can be taken.
   */
  #waitBehind(n: PacketNumber, now: Millis): boolean {
    const order = this.#order;
    if (this.canFetch) {
      this.#base = null;
      order.leaveGroup();
      return false;
    }
    order.giveUp(PacketNumber(n - order.window + 1));
    order.deliver(this.#waited(now), this.#deliver);
    return order.isNear(n);
  }

  /** Returns whether the datagram is a retransmission of this station. */
  #readRetransmission(buffer: Buffer, from: number, to: number, now: Millis): boolean {
    if (
      !readRetransmission(buffer, from, to, this.#retransmission) ||
      this.#retransmission.ssrc !== this.#station.ssrc
    ) {
      this.#foreign++;
      return false;
    }
    this.#bytes += to - from;
    this.#lastArrival = now;
    this.#now = now;
    return true;
  }

  /** Takes packet `n`, whose payload is in the buffer. Returns whether it is the first copy. */
  #add(n: PacketNumber, fields: RtpFields, buffer: Buffer, now: Millis, source: Source): boolean {
    const { start, end } = fields;
    if (this.#order.takeNext(n, source)) {
      this.#writer.write(n, fields, buffer, start, end);
      return true;
    }
    const { received } = this.#order.counts;
    const { marker, payloadType, sequenceNumber, timestamp, ssrc } = fields;
    // A packet that waits outlives its datagram.
    const payload = Buffer.from(buffer.subarray(start, end));
    this.#order.insert(n, { marker, payloadType, sequenceNumber, timestamp, ssrc, payload }, this.#waited(now), source);
    return this.#order.counts.received > received;
  }

  readonly #deliver = (n: PacketNumber, packet: RtpPacket): void =>
    this.#writer.write(n, packet, packet.payload, 0, packet.payload.length);
}

const newPath = (): PathState => ({
  received: 0,
  first: 0,
  lost: 0,
  begin: PacketNumber(-1),
  end: PacketNumber(-1),
});

function countPacket(path: PathState, n: PacketNumber): void {
  path.received++;
  if (path.begin < 0) path.begin = n;
  if (n >= path.end) path.end = PacketNumber(n + 1);
}
