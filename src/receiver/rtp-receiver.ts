/** From datagrams to a stream: receiving a station, without its sockets and timers. */

import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import { ServerClock } from '../clock/server-clock.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import { emptyRetransmission, readRetransmission } from '../wire/retransmission.js';
import { emptyRtp, RTP_HEADER_LENGTH, type RtpFields, type RtpPacket, writeRtpHeader } from '../wire/rtp.js';
import { payloadTypeOf, type StationInfo } from '../wire/station-info.js';
import { Doubt, type Doubted } from './doubt.js';
import { FecDecoder } from './fec-decoder.js';
import { type GroupNumbers, packetRate } from './group-numbers.js';
import { Jitter } from './jitter.js';
import { NackGenerator, type NackRequest } from './nack-generator.js';
import { Prints } from './prints.js';
import type { PathCounts, ReceiverStats, RepairCounts } from './receiver-stats.js';
import { NOT_BELIEVED, Recognition } from './recognition.js';
import { ReorderBuffer, type ReorderOptions, type Source } from './reorder-buffer.js';
import { SourceFilter } from './source-filter.js';
import type { StreamBuffer } from './stream-buffer.js';
import { StreamWriter } from './stream-writer.js';

export interface RtpReceiverOptions {
  station: Pick<StationInfo, 'format' | 'ssrc' | 'width' | 'height' | 'bitrate' | 'fec'>;
  /** Where the stream is written, in order. */
  buffer: StreamBuffer;
  /** The server's clock; while it is unknown, times count from the first time stamp. */
  clock?: ServerClock;
  reorder?: ReorderOptions;
  /** Interfaces on which the group is received. */
  paths?: number;
  /** How long datagrams wait in the sockets. */
  latency?: Millis;
  /** Keep packets of the group until `begin`. */
  waits?: boolean;
  /** Whether a stream that the group has left behind waits for what is between, rather than following the group. */
  isPatient?: boolean;
  /** Random numbers from 0 to 1. */
  random?: () => number;
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
/**
 * Packets kept until `begin`, in seconds of the station and at least: a server answers TUNE within 3 s or is given up.
 * Forged ones take the place of others only if there are more than that.
 */
const KEPT_SECONDS = 8;
const LEAST_KEPT = 2_048;
/** A server's answer bears out a jump for this time: nobody else's packets are near what it says for longer. */
const BORNE_OUT = Millis(1_000);
/** A server that answered within this time would have borne out a jump: without its word none is believed. */
const ANSWERED = Millis(3_000);

const NONE: readonly Doubted[] = [];

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
 * - following the group to other numbers once its server, or time, has borne them out
 * - choosing which packets are taken: those of the group when the stream is near it, none while the buffer is full
 * - passing them to the reorder buffer, the NACK generator and the FEC decoder, and in order to the stream writer
 * - statistics
 */
export class RtpReceiver {
  readonly nacks: NackGenerator;
  readonly #recognition: Recognition;
  /** Of the group's interfaces, in their order. */
  readonly #sources: readonly SourceFilter[];
  readonly #doubt: Doubt;
  readonly #prints: Prints;
  #conflicting = 0;
  readonly #order: ReorderBuffer<RtpPacket>;
  readonly #station: RtpReceiverOptions['station'];
  readonly #payloadType: number;
  readonly #paths: PathState[];
  readonly #jitter = new Jitter();
  readonly #repaired: RepairCounts = { request: 0, group: 0, parity: 0, path: 0 };
  readonly #writer: StreamWriter;
  /** Of the retransmission in hand that came before its flow was known. */
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
  #lastArrival: Millis | null = null;
  #kept: Kept[] | null;
  readonly #mostKept: number;
  #isStopped = false;
  /** The first packet taken from the group; null while none is. */
  #base: PacketNumber | null = null;
  readonly #isPatient: boolean;
  /** Whether the server can send what the group has sent before. */
  canFetch = false;
  /** The last packet of the group that is wanted. */
  #last = PacketNumber(Number.POSITIVE_INFINITY);
  /** Whether the numbers of the group can jump; not while a flow determines them. */
  #followsJumps = true;
  /** Whether the packets in hand have been borne out by time. */
  #isSustained = false;
  readonly #leap: number;
  /** The highest packet of the flow; null without one. */
  #flow: PacketNumber | null = null;

  constructor(options: RtpReceiverOptions) {
    const { station, reorder, paths = 1, clock = new ServerClock(), latency = Millis(0), waits = false } = options;
    const rate = packetRate(station);
    const { fec } = station;
    this.#station = station;
    this.#recognition = new Recognition(station, clock);
    this.#sources = Array.from({ length: paths }, () => new SourceFilter());
    this.#doubt = new Doubt(rate);
    this.#order = new ReorderBuffer(reorder);
    this.#prints = new Prints(this.#order.window, options.random ?? Math.random);
    // Parity of columns leaves a row after its block, and each may just have missed a look at the sockets.
    const blockTime = fec === undefined ? 0 : (1000 * fec.columns) / Math.max(1, rate);
    const parityDelay = Millis(2 * latency + blockTime);
    this.nacks = new NackGenerator({ deadline: reorder?.deadline ?? Millis(100), parityDelay });
    this.#order.onMissing = (from, to, waited) => this.#addMissing(from, to, waited);
    this.#longestLook = Millis(2 * latency + LONGEST_TURN);
    this.#fec = fec === undefined ? null : this.#decoder(TWO_BLOCKS + (rate * 2 * latency) / 1000);
    this.#isPatient = options.isPatient ?? false;
    this.#leap = Math.ceil(rate * FLOW_LEAP);
    this.#mostKept = Math.max(LEAST_KEPT, rate * KEPT_SECONDS);
    this.#payloadType = payloadTypeOf(station.format);
    this.#paths = Array.from({ length: paths }, newPath);
    this.#writer = new StreamWriter(station, options.buffer);
    this.#kept = waits ? [] : null;
  }

  /** Where the stream is written. */
  get buffer(): StreamBuffer {
    return this.#writer.buffer;
  }

  /** Numbers of the group. */
  get numbers(): GroupNumbers {
    return this.#recognition.numbers;
  }

  /** Whether packets of the group are not believed, and the server should be asked where the station is. */
  get isInDoubt(): boolean {
    return this.#doubt.since !== null;
  }

  /** The last address whose datagrams were refused as another's; null: none were. */
  get stranger(): string | null {
    return this.#sources.find(({ stranger }) => stranger !== null)?.stranger ?? null;
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

  /** The addresses whose datagrams count, on an interface of the group; null: any. */
  setSources(path: number, addresses: readonly string[] | null): void {
    this.#sources[path]!.addresses = addresses;
  }

  /** The server was about to send packet `next` when its clock was at `serverTime`. Call after that is in its clock. */
  anchor(next: PacketNumber, serverTime: Millis, now: Millis): void {
    const { clock, numbers } = this.#recognition;
    clock.trustServer();
    clock.setTime(now);
    numbers.anchor(next, millisToTicks(serverTime), now);
    for (const { datagram, path } of this.#doubt.take()) this.#takeGroup(datagram, 0, datagram.length, now, path);
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
    this.#followsJumps = true;
    if (time !== null) this.#writer.setTime(time);
    if (buffer !== undefined) this.#writer.open(buffer);
    const kept = this.#kept;
    this.#kept = null;
    this.#recognition.clock.setTime(now);
    for (const { datagram, path } of kept ?? []) this.#takeGroup(datagram, 0, datagram.length, now, path);
  }

  /** A flow begins with packet `from`: packets before it are missing. */
  expectFlow(from: PacketNumber, now: Millis): void {
    if (this.#order.next !== null) this.#order.markMissing(this.#order.next, from, this.#waited(now));
    this.#flow = PacketNumber(from - 1);
    this.#order.flowFrom(from);
    this.#followsJumps = false;
  }

  /** The flow has ended: its packets that did not come are missing as of `now`. */
  endFlow(now: Millis): void {
    if (this.#flow !== null && this.#base !== null) {
      this.#order.markMissing(PacketNumber(this.#flow + 1), this.#base, this.#waited(now));
      if (this.#isPatient) this.#order.remind(this.#order.next ?? this.#base, this.#base, this.#waited(now));
    }
    this.#flow = null;
    this.#followsJumps = true;
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
  take({ buffer, offsets, lengths, sources, count }: ReceivedBatch, now: Millis, path = 0): void {
    const filter = this.#sources[path]!;
    if (count > 0) this.#recognition.clock.setTime(now);
    for (let i = 0; i < count; i++) {
      if (filter.accepts(sources[i]!)) this.#takeGroup(buffer, offsets[i]!, offsets[i]! + lengths[i]!, now, path);
      else this.#recognition.counts.foreign++;
    }
    if (this.#doubt.isSustained(now) && !this.#hasAnswered(now, ANSWERED)) this.#goOn(now);
    this.nacks.setHighest(this.#order.highestNumber, this.#waited(now));
    this.settle(now);
  }

  /** Takes parity packets, and settles. */
  takeParity({ buffer, offsets, lengths, sources, count }: ReceivedBatch, now: Millis): void {
    const near = this.numbers.highest;
    if (this.#fec === null || near === null || this.#base === null) return;
    this.#now = now;
    if (count > 0) this.#recognition.clock.setTime(now);
    for (let i = 0; i < count; i++) {
      if (!this.#sources[0]!.accepts(sources[i]!)) this.#recognition.counts.foreign++;
      else if (this.#fec.parity(buffer, offsets[i]!, offsets[i]! + lengths[i]!, near)) this.#parityAt = now;
    }
    this.settle(now);
  }

  /** Takes retransmissions to the group, and settles. Returns whether one of them repaired something. */
  takeShared({ buffer, offsets, lengths, sources, count }: ReceivedBatch, now: Millis): boolean {
    let hasRepaired = false;
    if (count > 0) this.#recognition.clock.setTime(now);
    for (let i = 0; i < count; i++) {
      if (!this.#sources[0]!.accepts(sources[i]!)) this.#recognition.counts.foreign++;
      else if (this.#takeRepair(buffer, offsets[i]!, offsets[i]! + lengths[i]!, now)) hasRepaired = true;
    }
    this.settle(now);
    return hasRepaired;
  }

  /** Others may have asked for it: only what this receiver misses is taken. */
  #takeRepair(buffer: Buffer, start: number, end: number, now: Millis): boolean {
    const recognition = this.#recognition;
    if (!recognition.readRetransmission(buffer, start, end)) return false;
    const { retransmission } = recognition;
    const { n, timestamp } = retransmission;
    if (this.#kept !== null || this.#isStopped) return false;
    const isMissing = this.#order.isMissing(n);
    if (!isMissing && !this.#order.has(n)) return false;
    if (!recognition.isTimely(n, timestamp, this.#isLive(n))) return false;
    this.#came(end - start, now);
    if (this.nacks.fill(n)) this.#repaired.group++;
    this.#protect(n, retransmission, buffer);
    this.#add(n, retransmission, buffer, now, 'repair');
    return isMissing;
  }

  /**
   * Takes a retransmission to this receiver alone; `settle` delivers it. Returns whether it is the station's, and near the
   * stream's position.
   */
  takeOwn(datagram: Buffer, now: Millis): 'taken' | 'far' | 'refused' {
    const recognition = this.#recognition;
    recognition.clock.setTime(now);
    if (!recognition.readRetransmission(datagram, 0, datagram.length)) return 'refused';
    const { retransmission } = recognition;
    const { n, timestamp } = retransmission;
    if (this.#kept !== null || !this.#order.isNear(n)) return 'far';
    if (!recognition.isTimely(n, timestamp, this.#isLive(n))) return 'refused';
    this.#came(datagram.length, now);
    if (this.#isStopped) return 'taken';
    const flow = this.#flow;
    const isOfFlow = flow !== null && n > flow && n <= flow + this.#leap && (this.#base === null || n < this.#base);
    if (isOfFlow && this.#isPatient && this.#order.isMissing(n)) this.#repaired.request++;
    if (isOfFlow) this.#flow = n;
    else if (this.nacks.addAnswer(n, this.#waited(now))) this.#repaired.request++;
    this.#protect(n, retransmission, datagram);
    this.#add(n, retransmission, datagram, now, isOfFlow ? 'flow' : 'repair');
    return 'taken';
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
    const { foreign, malformed } = this.#recognition.counts;
    const { request, group, parity, path } = this.#repaired;
    return {
      ...counts,
      bytes: this.#bytes,
      foreign,
      malformed: malformed + this.#doubt.dropped,
      conflicting: this.#conflicting,
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
    const recognition = this.#recognition;
    if (!recognition.read(buffer, from, to)) return;
    if (this.#kept !== null) {
      if (this.#kept.length < this.#mostKept) {
        this.#kept.push({ datagram: Buffer.from(buffer.subarray(from, to)), path });
      }
      return;
    }
    const { fields, numbers } = recognition;
    const n = recognition.number(now);
    if (n === NOT_BELIEVED || !this.#follows(n, now)) {
      const { timestamp } = fields;
      const datagram = Buffer.from(buffer.subarray(from, to));
      this.#doubt.add({ n: n === NOT_BELIEVED ? numbers.doubted : n, timestamp, datagram, path }, now);
      return;
    }
    const borneOut = this.#doubt.isContinuedBy(n) ? this.#doubt.take() : NONE;
    this.#doubt.clear();
    this.#takeBelieved(n, buffer, from, to, now, path);
    for (const { datagram, path } of borneOut) this.#takeGroup(datagram, 0, datagram.length, now, path);
  }

  #takeBelieved(n: PacketNumber, buffer: Buffer, from: number, to: number, now: Millis, path: number): void {
    const { fields } = this.#recognition;
    this.#came(to - from, now);
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

  /** Whether the stream is near packet `n` of the group, or follows it there. */
  #follows(n: PacketNumber, now: Millis): boolean {
    const order = this.#order;
    if (!this.#followsJumps || this.#base === null || order.next === null || order.isNear(n)) return true;
    if (this.#isPatient && n > order.next) return true; // It waits for what is between.
    const { anchored } = this.numbers;
    if (!this.#isSustained && !this.#hasAnswered(now, BORNE_OUT)) return false;
    // The server says that the station is where the stream is.
    if (!this.#isSustained && anchored !== null && order.isNear(anchored.next)) return false;
    // What the server was about to send when it answered is not over.
    const first = PacketNumber(this.#isSustained || anchored === null ? n : Math.min(n, anchored.next));
    order.jump(first);
    this.nacks.clear();
    this.#base = first;
    return true;
  }

  /** The group goes on elsewhere, and no server says otherwise. */
  #goOn(now: Millis): void {
    const { clock, numbers } = this.#recognition;
    const since = this.#doubt.since ?? now;
    const run = this.#doubt.take();
    const first = run[0]!;
    numbers.jump(first.n, clock.goOn(first.timestamp, since));
    clock.setTime(now);
    this.#isSustained = true;
    for (const { datagram, path } of run) this.#takeGroup(datagram, 0, datagram.length, now, path);
    this.#isSustained = false;
  }

  #hasAnswered(now: Millis, within: Millis): boolean {
    const { anchored } = this.numbers;
    return anchored !== null && now - anchored.at < within;
  }

  #isLive(n: PacketNumber): boolean {
    return this.#base !== null && n >= this.#base;
  }

  /** A packet of the station came. */
  #came(bytes: number, now: Millis): void {
    this.#bytes += bytes;
    this.#lastArrival = now;
    this.#now = now;
  }

  /** A decoder that keeps at least `size` packets. */
  #decoder(size: number): FecDecoder {
    const window = 2 ** Math.ceil(Math.log2(Math.min(LARGEST_FEC_WINDOW, size)));
    const onRecovered = (n: PacketNumber, packet: Buffer): void => {
      if (this.#isStopped || !this.#order.isNear(n)) return;
      if (!this.#recognition.readRecovered(n, packet, this.#recovered)) return;
      if (this.nacks.fill(n)) this.#repaired.parity++;
      this.#add(n, this.#recovered, packet, this.#now, 'repair');
    };
    const isPlausible = (n: PacketNumber, packet: Buffer) =>
      this.#recognition.readRecovered(n, packet, this.#recovered);
    return new FecDecoder({ window, onRecovered, isPlausible, size: this.#station.fec });
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
      if (!this.#prints.isKept(n, print)) this.#conflicting++;
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
