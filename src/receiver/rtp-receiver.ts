/** From datagrams to a stream that a player reads: everything about receiving a station but its sockets and timers. */

import {
  type Millis,
  millisToTicks,
  type PacketNumber,
  RTP_TIME_MODULUS,
  type Ticks90k,
  unwrap,
} from '../base/units.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import { emptyRetransmission, readRetransmission } from '../wire/retransmission.js';
import {
  emptyRtp,
  RTP_HEADER_LENGTH,
  type RtpFields,
  type RtpHeader,
  type RtpPacket,
  readRtp,
  writeRtpHeader,
} from '../wire/rtp.js';
import { payloadTypeOf, type StationInfo } from '../wire/station-info.js';
import { FecDecoder } from './fec-decoder.js';
import { GroupNumbers, packetRate } from './group-numbers.js';
import { Jitter } from './jitter.js';
import { JpegAssembler } from './jpeg-assembler.js';
import { type PacketRequest, RepairRequests } from './nack-generator.js';
import type { PathCounts, ReceiverStats, RepairCounts } from './receiver-stats.js';
import { ReorderBuffer, type ReorderOptions, type Source } from './reorder-buffer.js';
import type { StreamBuffer } from './stream-buffer.js';
import { UnitPacker } from './unit-packer.js';

export interface RtpReceiverOptions {
  station: Pick<StationInfo, 'format' | 'ssrc' | 'width' | 'height' | 'bitrate' | 'fec'>;
  /** Where what was received goes, in order. */
  buffer: StreamBuffer;
  /** Number of the packet that the server said comes next; without it numbers count from the first sequence number. */
  next?: PacketNumber;
  /** The server's clock when it said so; without it times count from the first timestamp. */
  serverTime?: Millis;
  reorder?: ReorderOptions;
  /** Interfaces on which the group is received. */
  paths?: number;
  /** How long packets wait to be taken together. */
  latency?: Millis;
  /** Keep what comes until `begin` says what to begin with. */
  waits?: boolean;
}

/** The share of the window within which a stream that is behind takes from the group again. */
const JOIN = 7 / 8;
/** Parity may be waited for if some came so recently. */
const PARITY_ALIVE: Millis = 2_000;
/** When more is lost, too many of a row and its column are missing: the time is better used to ask. */
const MOST_LOST_FOR_PARITY = 0.12;
/** Packets over which the share that is lost is measured. */
const SHARE_OVER = 512;
/** Packets that it needs to have at hand: of its own block and the one behind it, and what comes before it is looked at. */
const TWO_BLOCKS = 200;
const MOST_AT_HAND = 8_192;
/** Between two looks at sockets lies their latency, a little more when there is much to do. */
const LONGEST_TURN: Millis = 50;
/** A flow that went on so many seconds of packets later, by its last packet, is another that has ended meanwhile. */
const FLOW_LEAP = 2;
/** The same for what came before the flow was known. */
const EARLY_LEAP = 64;
/** Packets kept before it is known what to begin with. */
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
 * It is in charge of:
 * - telling the station's packets from others, and their absolute numbers and times
 * - which paths are taken from: the group only when the stream is near it, nothing while the buffer is full
 * - order, by the reorder buffer; units, by the packer; pictures, by the JPEG assembler
 */
export class RtpReceiver {
  readonly requests: RepairRequests;
  readonly numbers: GroupNumbers;
  readonly #order: ReorderBuffer<RtpPacket>;
  readonly #station: RtpReceiverOptions['station'];
  readonly #payloadType: number;
  readonly #paths: PathState[];
  readonly #jitter = new Jitter();
  readonly #repaired: RepairCounts = { request: 0, group: 0, parity: 0, path: 0 };
  #buffer: StreamBuffer;
  #packer!: UnitPacker;
  #jpeg: JpegAssembler | null = null;
  /** Pictures of streams before this one. */
  #pictures = { frames: 0, torn: 0 };
  /** Of the datagram at hand. */
  readonly #fields = emptyRtp();
  readonly #repeated = emptyRetransmission();
  readonly #recovered = emptyRtp();
  readonly #fec: FecDecoder | null;
  #parityAt: Millis = Number.NEGATIVE_INFINITY;
  /** Packets that came from the group, and that were missing, since the share was measured. */
  readonly #sample = { came: 0, missing: 0, share: 0 };
  /** When it was looked last, the longest that this takes, and for how long altogether nobody could look. */
  #lookedAt: Millis = Number.POSITIVE_INFINITY;
  readonly #longestLook: Millis;
  #heldUp: Millis = 0;
  /** When what is at hand came. */
  #now: Millis = 0;
  #time: Ticks90k | null;
  #bytes = 0;
  #foreign = 0;
  #lastArrival: Millis | null = null;
  #kept: Kept[] | null;
  #isStopped = false;
  /** The first packet that was taken from the group; null while it is not taken from. */
  #base: PacketNumber | null = null;
  readonly #leap: number;
  /** The highest packet of the flow that there is; null without one. */
  #flow: PacketNumber | null = null;

  constructor(options: RtpReceiverOptions) {
    const { station, reorder, paths = 1, next, serverTime, latency = 0, waits = false } = options;
    const rate = packetRate(station);
    const { fec } = station;
    this.#station = station;
    this.#buffer = options.buffer;
    this.#order = new ReorderBuffer(reorder);
    // Parity of columns leaves a row later than its block, and both may have just been missed when sockets were looked at.
    const parityDelay = 2 * latency + (fec === undefined ? 0 : (1000 * fec.columns) / Math.max(1, rate));
    this.requests = new RepairRequests({ deadline: reorder?.deadline ?? 100, parityDelay });
    this.#order.onMissing = (from, to, waited) => this.#miss(from, to, waited);
    this.#longestLook = 2 * latency + LONGEST_TURN;
    this.#fec = fec === undefined ? null : this.#decoder(TWO_BLOCKS + (rate * 2 * latency) / 1000);
    this.numbers = new GroupNumbers(rate);
    this.#leap = Math.ceil(rate * FLOW_LEAP);
    if (next !== undefined) this.numbers.place(next, Number.POSITIVE_INFINITY);
    this.#payloadType = payloadTypeOf(station.format);
    this.#paths = Array.from({ length: paths }, () => ({ received: 0, first: 0, lost: 0, begin: -1, end: -1 }));
    this.#time = serverTime === undefined ? null : millisToTicks(serverTime);
    this.#kept = waits ? [] : null;
    this.#open(options.buffer);
  }

  /** Where what is received goes. */
  get buffer(): StreamBuffer {
    return this.#buffer;
  }

  /** The number of the packet that the stream goes on with; null before it has begun. */
  get next(): PacketNumber | null {
    return this.#order.next;
  }

  /** The first packet taken from the group; null while the stream is behind it. */
  get base(): PacketNumber | null {
    return this.#base;
  }

  /** The highest packet that the flow brought, or the one before its first; null without a flow. */
  get flow(): PacketNumber | null {
    return this.#flow;
  }

  /** Whether nothing is taken, since the buffer is full. */
  get isStopped(): boolean {
    return this.#isStopped;
  }

  /** How long a missing packet is waited for. */
  set deadline(deadline: Millis) {
    this.#order.deadline = deadline;
    this.requests.deadline = deadline;
  }

  /**
   * Goes on with packet `n`, due at `time`, or with what the group sends next. A stream of its own has a buffer of its
   * own; what was kept until now is taken.
   */
  begin(n: PacketNumber | null, time: Millis | null, now: Millis, buffer?: StreamBuffer): void {
    this.#order.begin(n);
    this.requests.clear();
    this.#base = null;
    this.#flow = null;
    this.#isStopped = false;
    this.#order.followsJumps = true;
    if (time !== null) this.#time = millisToTicks(time);
    if (buffer !== undefined) this.#open(buffer);
    const kept = this.#kept;
    this.#kept = null;
    for (const { datagram, path } of kept ?? []) this.#group(datagram, 0, datagram.length, now, path);
  }

  /** A flow is coming that begins with packet `from`: what the stream needs before that is missing. */
  expectFlow(from: PacketNumber, now: Millis): void {
    if (this.#order.next !== null) this.#order.miss(this.#order.next, from, this.#waited(now));
    this.#flow = from - 1;
    this.#order.flowFrom(from);
    this.#order.followsJumps = false;
  }

  /** No flow is coming any more: what it ought to have brought is missing as of `now`. */
  endFlow(now: Millis): void {
    if (this.#flow !== null && this.#base !== null) this.#order.miss(this.#flow + 1, this.#base, this.#waited(now));
    this.#flow = null;
    this.#order.followsJumps = true;
  }

  /** Takes nothing until `resume`. */
  stop(): void {
    this.#order.begin(this.#order.next);
    this.requests.clear();
    this.#base = null;
    this.#flow = null;
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
  }

  /** Takes datagrams of the group that arrived by `now` over an interface, and settles. */
  take({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis, path = 0): void {
    for (let i = 0; i < count; i++) this.#group(buffer, offsets[i], offsets[i] + lengths[i], now, path);
    this.requests.reached(this.#order.highestNumber, this.#waited(now));
    this.settle(now);
  }

  /** Takes packets of parity, and settles. */
  takeParity({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis): void {
    const near = this.numbers.highest;
    if (this.#fec === null || near === null || this.#base === null) return;
    this.#now = now;
    if (count > 0) this.#parityAt = now;
    for (let i = 0; i < count; i++) this.#fec.repair(buffer, offsets[i], offsets[i] + lengths[i], near);
    this.settle(now);
  }

  /** Takes retransmissions that were sent to all, and settles. */
  takeShared({ buffer, offsets, lengths, count }: ReceivedBatch, now: Millis): void {
    for (let i = 0; i < count; i++) {
      if (!this.#readRepeated(buffer, offsets[i], offsets[i] + lengths[i], now)) continue;
      const { n } = this.#repeated;
      if (this.#kept !== null || this.#isStopped || !this.#order.isNear(n)) continue;
      if (this.requests.fill(n)) this.#repaired.group++;
      this.#protect(n, this.#repeated, buffer);
      this.#add(n, this.#repeated, buffer, now, 'repair');
    }
    this.settle(now);
  }

  /**
   * Takes a retransmission that was sent to us alone; `settle` hands it on. Returns false for what does not belong to
   * this stretch of the stream.
   */
  takeOwn(datagram: Buffer, now: Millis): boolean {
    if (!this.#readRepeated(datagram, 0, datagram.length, now)) return true;
    const { n } = this.#repeated;
    if (this.#kept !== null || !this.#order.isNear(n)) return false;
    if (this.#isStopped) return true;
    const flow = this.#flow;
    const isOfFlow = flow !== null && n > flow && n <= flow + this.#leap && (this.#base === null || n < this.#base);
    if (isOfFlow) this.#flow = n;
    else if (this.requests.answered(n, this.#waited(now))) this.#repaired.request++;
    this.#protect(n, this.#repeated, datagram);
    this.#add(n, this.#repeated, datagram, now, isOfFlow ? 'flow' : 'repair');
    return true;
  }

  /**
   * Takes what came before it was known that a flow begins with packet `from`. Among it may be the end of the flow before,
   * which is nothing to measure this one by.
   */
  takeEarly(datagrams: readonly Buffer[], from: PacketNumber, now: Millis): void {
    const numbered: [n: PacketNumber, datagram: Buffer][] = [];
    for (const datagram of datagrams) {
      if (!readRetransmission(datagram, 0, datagram.length, this.#repeated)) continue;
      if (this.#repeated.n >= from) numbered.push([this.#repeated.n, datagram]);
    }
    let last = from - 1;
    for (const [n, datagram] of numbered.sort(([a], [b]) => a - b)) {
      if (n > last + EARLY_LEAP) return;
      this.takeOwn(datagram, now);
      last = n;
    }
  }

  /** Hands on what is in order, and gives up what has been missing for too long. */
  settle(now: Millis): void {
    this.#order.deliver(this.#waited(now), this.#deliver);
    this.#packer.flush();
  }

  /** When `due` is to be called. */
  get wakeAt(): Millis {
    return this.requests.wakeAt + this.#heldUp;
  }

  /** What to ask the server for now. */
  due(now: Millis): PacketRequest[] {
    return this.requests.due(this.#waited(now));
  }

  report(): ReceiverStats {
    const { counts } = this.#order;
    const { frames, torn } = this.#jpeg?.counts ?? { frames: 0, torn: 0 };
    const { request, group, parity, path } = this.#repaired;
    return {
      ...counts,
      bytes: this.#bytes,
      foreign: this.#foreign,
      frames: this.#pictures.frames + frames,
      torn: this.#pictures.torn + torn,
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

  #open(buffer: StreamBuffer): void {
    const packer = new UnitPacker((unit) => buffer.push(unit));
    buffer.onDropped = (unit) => packer.reclaim(unit);
    this.#buffer = buffer;
    this.#packer = packer;
    if (this.#jpeg !== null) {
      this.#pictures.frames += this.#jpeg.counts.frames;
      this.#pictures.torn += this.#jpeg.counts.torn;
    }
    this.#jpeg = this.#station.format === 'jpeg' ? new JpegAssembler(this.#station) : null;
  }

  #group(buffer: Buffer, from: number, to: number, now: Millis, path: number): void {
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
    this.#count(this.#paths[path], n);
    if (!this.#isTaken(n)) return;
    this.#measure();
    if (path > 0 && this.#order.isMissing(n)) this.#repaired.path++;
    if (!this.requests.isIdle) this.requests.original(n, this.#waited(now));
    this.#fec?.media(n, buffer, from, to);
    if (this.#add(n, fields, buffer, now, 'group')) this.#paths[path].first++;
  }

  /** `size` packets at hand at least. */
  #decoder(size: number): FecDecoder {
    const window = 2 ** Math.ceil(Math.log2(Math.min(MOST_AT_HAND, size)));
    const recovered = (n: PacketNumber, packet: Buffer): void => {
      if (this.#isStopped || !this.#order.isNear(n) || !readRtp(packet, 0, packet.length, this.#recovered)) return;
      if (this.requests.fill(n)) this.#repaired.parity++;
      this.#add(n, this.#recovered, packet, this.#now, 'repair');
    };
    return new FecDecoder({ window, recovered });
  }

  /** A retransmission helps to bring others back. What lies before its payload is not needed any more. */
  #protect(n: PacketNumber, { marker, timestamp, ssrc, start, end }: RtpFields, buffer: Buffer): void {
    if (this.#fec === null || this.#base === null || n < this.#base) return;
    writeRtpHeader(buffer, start - RTP_HEADER_LENGTH, marker, this.#payloadType, n, timestamp, ssrc);
    this.#fec.media(n, buffer, start - RTP_HEADER_LENGTH, end);
  }

  /**
   * The time by which missing packets are waited for. While this process, or the whole machine, stands still, packets
   * come all the same and lie where nobody looks: that is not time in which they were waited for.
   */
  #waited(now: Millis): Millis {
    const look = now - this.#lookedAt;
    if (look > this.#longestLook) this.#heldUp += look - this.#longestLook;
    this.#lookedAt = now;
    return now - this.#heldUp;
  }

  /** Packets `from` to `to` − 1 are missing. Parity is of what came from the group lately. */
  #miss(from: PacketNumber, to: PacketNumber, waited: Millis): void {
    const { fec } = this.#station;
    const isOfGroup = this.#base !== null && from >= this.#base;
    if (isOfGroup) this.#sample.missing += to - from;
    const hasParity =
      isOfGroup && this.#now - this.#parityAt < PARITY_ALIVE && this.#sample.share < MOST_LOST_FOR_PARITY;
    this.requests.block = fec !== undefined && hasParity ? fec.columns * fec.rows : 0;
    this.requests.find(from, to, waited);
  }

  #measure(): void {
    const sample = this.#sample;
    if (++sample.came + sample.missing < SHARE_OVER) return;
    sample.share = sample.missing / (sample.came + sample.missing);
    sample.came = 0;
    sample.missing = 0;
  }

  #count(path: PathState, n: PacketNumber): void {
    path.received++;
    if (path.begin < 0) path.begin = n;
    if (n >= path.end) path.end = n + 1;
  }

  /** Whether the stream takes packet `n` from the group. */
  #isTaken(n: PacketNumber): boolean {
    if (this.#isStopped) return false;
    const { next, window } = this.#order;
    const ahead = next === null ? 0 : n - next;
    if (this.#base === null) {
      if (ahead >= window * JOIN) return false;
      this.#base = n;
    } else if (this.#flow !== null && ahead >= window) {
      // The flow is too slow: it has to bring what is passed over now.
      this.#base = null;
      this.#order.leaveGroup();
      return false;
    }
    return true;
  }

  /** Whether a retransmission of this station was read. */
  #readRepeated(buffer: Buffer, from: number, to: number, now: Millis): boolean {
    if (!readRetransmission(buffer, from, to, this.#repeated) || this.#repeated.ssrc !== this.#station.ssrc) {
      this.#foreign++;
      return false;
    }
    this.#bytes += to - from;
    this.#lastArrival = now;
    this.#now = now;
    return true;
  }

  /** Takes packet `n`, whose payload lies in the buffer. Returns whether it is the first copy. */
  #add(n: PacketNumber, fields: RtpFields, buffer: Buffer, now: Millis, source: Source): boolean {
    const { start, end } = fields;
    if (this.#order.isNext(n, source)) {
      this.#packet(n, fields, buffer, start, end);
      return true;
    }
    const { received } = this.#order.counts;
    const { marker, payloadType, sequenceNumber, timestamp, ssrc } = fields;
    // What has to wait outlives the datagram.
    const payload = Buffer.from(buffer.subarray(start, end));
    this.#order.insert(n, { marker, payloadType, sequenceNumber, timestamp, ssrc, payload }, this.#waited(now), source);
    return this.#order.counts.received > received;
  }

  readonly #deliver = (n: PacketNumber, packet: RtpPacket): void =>
    this.#packet(n, packet, packet.payload, 0, packet.payload.length);

  /** Takes the next packet, whose payload lies from `start` to `end` of the buffer. */
  #packet(n: PacketNumber, header: RtpHeader, buffer: Buffer, start: number, end: number): void {
    const time = unwrap(header.timestamp, this.#time ?? header.timestamp, RTP_TIME_MODULUS);
    this.#time = time;
    if (!this.#jpeg) {
      this.#packer.add(time, buffer, start, end);
      return;
    }
    const frame = this.#jpeg.push(n, { ...header, payload: Buffer.from(buffer.subarray(start, end)) });
    if (frame) this.#buffer.push({ time, data: frame.jpeg, randomAccess: true });
  }
}
