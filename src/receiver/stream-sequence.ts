/** A station's packets in one sequence, whichever way they come. No socket, no timer. */
import { Millis, PacketNumber } from '../base/units.js';
import type { FecSize } from '../wire/fec.js';
import type { RetransmissionFields } from '../wire/retransmission.js';
import type { RtpFields, RtpPacket } from '../wire/rtp.js';
import { payloadTypeOf } from '../wire/station-format.js';
import type { StationInfo } from '../wire/station-info.js';
import { packetRate } from './group-numbers.js';
import { NackGenerator, type NackRequest } from './nack-generator.js';
import { Parity } from './parity.js';
import { Prints } from './prints.js';
import type { RepairCounts } from './receiver-stats.js';
import { type ReceiverCounts, ReorderBuffer, type ReorderOptions, type Source } from './reorder-buffer.js';
import type { StreamBuffer } from './stream-buffer.js';
import { StreamWriter } from './stream-writer.js';

export interface StreamSequenceOptions {
  station: Pick<StationInfo, 'format' | 'ssrc' | 'width' | 'height' | 'bitrate' | 'fec'>;
  /** Where the stream is written, in order. */
  buffer: StreamBuffer;
  reorder?: ReorderOptions;
  /** How long datagrams wait in the sockets. */
  latency: Millis;
  /** Whether a stream that the group has left behind waits for what is between, rather than following the group. */
  isPatient: boolean;
  /** Random numbers from 0 to 1. */
  random: () => number;
  /** Whether a packet that parity gave can be the station's. `into` is filled. */
  isPlausible(n: PacketNumber, packet: Buffer, into: RtpFields): boolean;
}

/** A stream that is behind takes packets of the group again within this share of the window. */
const JOIN = 7 / 8;
/** Between two looks at the sockets lies their latency, and up to this much in a busy process. */
const LONGEST_TURN = Millis(50);
/** A packet this many seconds of packets past the flow's last one belongs to an earlier flow that has ended. */
const FLOW_LEAP = 2;

/**
 * Responsible for:
 * - choosing which packets are taken: those of the group when the stream is near it, none while the buffer is full
 * - passing them to the reorder buffer, the NACK generator and parity, and in order to the stream writer
 * - counting what repaired missing packets
 *
 * Its packets have been recognised and believed.
 */
export class StreamSequence {
  readonly nacks: NackGenerator;
  /** Whether the server can send what the group has sent before. */
  canFetch = false;
  readonly repaired: RepairCounts = { request: 0, group: 0, parity: 0, path: 0 };
  /** Further copies of a packet that differ from the first. */
  conflicting = 0;
  readonly #order: ReorderBuffer<RtpPacket>;
  readonly #writer: StreamWriter;
  readonly #prints: Prints;
  readonly #isPatient: boolean;
  readonly #leap: number;
  readonly #parity: Parity | null;
  /** When the sockets were last looked at, the longest interval expected, and the sum of what exceeded it. */
  #lookedAt = Millis(Number.POSITIVE_INFINITY);
  readonly #longestLook: Millis;
  #heldUp = Millis(0);
  /** Arrival of the packet in hand. */
  #now = Millis(0);
  #isStopped = false;
  /** The first packet taken from the group; null while none is. */
  #base: PacketNumber | null = null;
  /** The last packet of the group that is wanted. */
  #last = PacketNumber(Number.POSITIVE_INFINITY);
  /** The highest packet of the flow; null without one. */
  #flow: PacketNumber | null = null;

  constructor(options: StreamSequenceOptions) {
    const { station, buffer, reorder, latency, isPatient, random } = options;
    const { fec } = station;
    const rate = packetRate(station);
    this.#order = new ReorderBuffer(reorder);
    this.#order.onMissing = (from, to, waited) => this.#addMissing(from, to, waited);
    this.#writer = new StreamWriter(station, buffer);
    this.#prints = new Prints(this.#order.window, random);
    // Parity of columns leaves a row after its block, and each may just have missed a look at the sockets.
    const blockTime = fec === undefined ? 0 : (1000 * fec.columns) / Math.max(1, rate);
    const parityDelay = Millis(2 * latency + blockTime);
    this.nacks = new NackGenerator({ deadline: reorder?.deadline ?? Millis(100), parityDelay });
    this.#longestLook = Millis(2 * latency + LONGEST_TURN);
    this.#parity = fec === undefined ? null : this.#newParity(fec, rate, options);
    this.#isPatient = isPatient;
    this.#leap = Math.ceil(rate * FLOW_LEAP);
  }

  /** Where the stream is written. */
  get buffer(): StreamBuffer {
    return this.#writer.buffer;
  }

  get counts(): ReceiverCounts {
    return this.#order.counts;
  }

  get pictures(): { frames: number; torn: number } {
    return this.#writer.pictures;
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

  /** Packets that are missing and can still come, about. */
  get missing(): number {
    return Math.max(this.nacks.missing, this.gap);
  }

  /** Whether the group has gone so far ahead that its packets are not taken. */
  get isBehind(): boolean {
    return this.#base === null && this.#order.next !== null;
  }

  /** Whether no packets are taken, because the buffer is full. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** After `finish`: packets that are still missing. */
  get isComplete(): boolean {
    return this.#order.next === null || this.#order.next > this.#last;
  }

  /** When `due` is to be called. */
  get wakeAt(): Millis {
    return Millis(this.nacks.wakeAt + this.#heldUp);
  }

  /** How long a missing packet is waited for. */
  set deadline(deadline: Millis) {
    this.#order.deadline = deadline;
    this.nacks.deadline = deadline;
  }

  /** Whether packet `n` lies within the window around the next one. */
  isNear(n: PacketNumber): boolean {
    return this.#order.isNear(n);
  }

  /** Whether packet `n` is one that the group feeds the stream with. */
  isLive(n: PacketNumber): boolean {
    return this.#base !== null && n >= this.#base;
  }

  /** Whether packet `n` has come or is missing, so that a copy says something about it. */
  isOfInterest(n: PacketNumber): boolean {
    return !this.#isStopped && (this.#order.isMissing(n) || this.#order.has(n));
  }

  /** Whether packet `n` of the group fits without a jump: not while a flow determines the numbers. */
  fits(n: PacketNumber): boolean {
    const { next } = this.#order;
    if (this.#flow !== null || this.#base === null || next === null || this.#order.isNear(n)) return true;
    return this.#isPatient && n > next; // It waits for what is between.
  }

  /** Continues with packet `n`, or with the next packet of the group, into another buffer if one is given. */
  begin(n: PacketNumber | null, time: Millis | null, buffer?: StreamBuffer): void {
    this.#order.begin(n);
    this.nacks.clear();
    this.#base = null;
    this.#flow = null;
    this.#isStopped = false;
    if (time !== null) this.#writer.setTime(time);
    if (buffer !== undefined) this.#writer.open(buffer);
  }

  /** Continues with packet `n` of the group, far away. */
  jump(n: PacketNumber): void {
    this.#order.jump(n);
    this.nacks.clear();
    this.#base = n;
  }

  /** A flow begins with packet `from`: packets before it are missing. */
  expectFlow(from: PacketNumber, now: Millis): void {
    if (this.#order.next !== null) this.#order.markMissing(this.#order.next, from, this.#waited(now));
    this.#flow = PacketNumber(from - 1);
    this.#order.flowFrom(from);
  }

  /** The flow has ended: its packets that did not come are missing as of `now`. */
  endFlow(now: Millis): void {
    if (this.#flow !== null && this.#base !== null) {
      this.#order.markMissing(PacketNumber(this.#flow + 1), this.#base, this.#waited(now));
      if (this.#isPatient) this.#order.remind(this.#order.next ?? this.#base, this.#base, this.#waited(now));
    }
    this.#flow = null;
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

  /** Takes no later packets of the group than it has taken. */
  finish(): void {
    this.#last = this.#order.highestNumber;
  }

  /** After `finish`: delivers what has come. */
  flush(now: Millis): void {
    this.#order.giveUp(PacketNumber(this.#last + 1));
    this.settle(now);
  }

  /** Takes packet `n` of the group, which came over an interface. Returns whether it is the first copy. */
  addGroup(n: PacketNumber, fields: RtpFields, buffer: Buffer, path: number, now: Millis): boolean {
    this.#now = now;
    if (!this.#admit(n, now)) return false;
    if (path > 0 && this.#order.isMissing(n)) this.repaired.path++;
    if (!this.nacks.isIdle) this.nacks.addOriginal(n, this.#waited(now));
    this.#parity?.addGroup(n, fields, buffer);
    return this.#add(n, fields, buffer, now, 'group');
  }

  /** Takes a retransmission to the group. Returns whether it repaired something. */
  addShared(fields: RetransmissionFields, buffer: Buffer, now: Millis): boolean {
    const { n } = fields;
    this.#now = now;
    const isMissing = this.#order.isMissing(n);
    if (this.nacks.fill(n)) this.repaired.group++;
    if (this.isLive(n)) this.#parity?.addRetransmission(n, fields, buffer);
    this.#add(n, fields, buffer, now, 'repair');
    return isMissing;
  }

  /** Takes a retransmission to this receiver alone: of the flow, or a repair. */
  addOwn(fields: RetransmissionFields, buffer: Buffer, now: Millis): void {
    this.#now = now;
    if (this.#isStopped) return;
    const { n } = fields;
    const flow = this.#flow;
    const isOfFlow = flow !== null && n > flow && n <= flow + this.#leap && (this.#base === null || n < this.#base);
    if (isOfFlow && this.#isPatient && this.#order.isMissing(n)) this.repaired.request++;
    if (isOfFlow) this.#flow = n;
    else if (this.nacks.addAnswer(n, this.#waited(now))) this.repaired.request++;
    if (this.isLive(n)) this.#parity?.addRetransmission(n, fields, buffer);
    this.#add(n, fields, buffer, now, isOfFlow ? 'flow' : 'repair');
  }

  /** Whether parity helps now. */
  get takesParity(): boolean {
    return this.#parity !== null && this.#base !== null;
  }

  /** Takes a parity packet of packets around `near`, from `start` to `end` of a buffer. */
  addParity(buffer: Buffer, start: number, end: number, near: PacketNumber, now: Millis): void {
    this.#now = now;
    this.#parity?.take(buffer, start, end, near, now);
  }

  /** All datagrams that have come are taken: packets up to the highest can be missing. */
  endBatch(now: Millis): void {
    this.nacks.setHighest(this.#order.highestNumber, this.#waited(now));
    this.settle(now);
  }

  /** Delivers packets in order, and gives up those whose deadline has passed. */
  settle(now: Millis): void {
    this.#order.deliver(this.#waited(now), this.#deliver);
    this.#writer.flush();
  }

  /** The NACKs due now. */
  due(now: Millis): NackRequest[] {
    return this.nacks.due(this.#waited(now));
  }

  #newParity(size: FecSize, rate: number, { station, latency, isPlausible }: StreamSequenceOptions): Parity {
    const payloadType = payloadTypeOf(station.format);
    const onRecovered = (n: PacketNumber, fields: RtpFields, packet: Buffer): void => {
      if (this.#isStopped || !this.#order.isNear(n)) return;
      if (this.nacks.fill(n)) this.repaired.parity++;
      this.#add(n, fields, packet, this.#now, 'repair');
    };
    return new Parity({ size, payloadType, rate, latency, isPlausible, onRecovered });
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
    const parity = this.isLive(from) ? this.#parity : null;
    parity?.addMissing(to - from);
    this.nacks.block = parity?.blockAt(this.#now) ?? 0;
    this.nacks.addMissing(from, to, waited);
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
      this.#leaveGroup();
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
      this.#leaveGroup();
      return false;
    }
    order.giveUp(PacketNumber(n - order.window + 1));
    order.deliver(this.#waited(now), this.#deliver);
    return order.isNear(n);
  }

  #leaveGroup(): void {
    this.#base = null;
    this.#order.leaveGroup();
  }

  /** Takes packet `n`, whose payload is in the buffer. Returns whether it is the first copy. */
  #add(n: PacketNumber, fields: RtpFields, buffer: Buffer, now: Millis, source: Source): boolean {
    const { start, end } = fields;
    const print = this.#prints.of(fields, buffer);
    if (this.#order.takeNext(n, this.#waited(now), source)) {
      this.#prints.keep(n, print);
      this.#writer.write(n, fields, buffer, start, end);
      return true;
    }
    if (this.#order.has(n)) {
      this.#order.repeat(n, this.#waited(now), source);
      if (!this.#prints.isKept(n, print)) this.conflicting++;
      return false;
    }
    const { received } = this.#order.counts;
    const { marker, payloadType, sequenceNumber, timestamp, ssrc } = fields;
    // A packet that waits outlives its datagram.
    const payload = Buffer.from(buffer.subarray(start, end));
    this.#order.insert(n, { marker, payloadType, sequenceNumber, timestamp, ssrc, payload }, this.#waited(now), source);
    if (this.#order.counts.received === received) return false;
    this.#prints.keep(n, print);
    return true;
  }

  readonly #deliver = (n: PacketNumber, packet: RtpPacket): void =>
    this.#writer.write(n, packet, packet.payload, 0, packet.payload.length);
}
