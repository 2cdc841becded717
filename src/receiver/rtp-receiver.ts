/** From datagrams to a stream: receiving a station, without its sockets and timers. */

import { Millis, millisToTicks, PacketNumber } from '../base/units.js';
import { ServerClock } from '../clock/server-clock.js';
import type { ReceivedBatch } from '../net/receive-batched.js';
import { emptyRetransmission, readRetransmission } from '../wire/retransmission.js';
import type { StationInfo } from '../wire/station-info.js';
import { Doubt, type Doubted } from './doubt.js';
import { type GroupNumbers, packetRate } from './group-numbers.js';
import { Jitter } from './jitter.js';
import type { PathCounts, ReceiverStats } from './receiver-stats.js';
import { NOT_BELIEVED, Recognition } from './recognition.js';
import type { ReorderOptions } from './reorder-buffer.js';
import { SourceFilter } from './source-filter.js';
import type { StreamBuffer } from './stream-buffer.js';
import { StreamSequence } from './stream-sequence.js';

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

/** Packets that came before the flow was known belong to an earlier one if they are this many past the one before. */
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
 * - telling which datagrams of the group, its parity and its repairs count, by address, content, number and time
 * - following the group to other numbers once its server, or time, has borne them out
 * - statistics
 *
 * What is believed becomes the stream in its `sequence`.
 */
export class RtpReceiver {
  readonly sequence: StreamSequence;
  readonly #recognition: Recognition;
  /** Of the group's interfaces, in their order. */
  readonly #sources: readonly SourceFilter[];
  readonly #doubt: Doubt;
  /** Whether the packets in hand have been borne out by time. */
  #isSustained = false;
  #kept: Kept[] | null;
  readonly #mostKept: number;
  /** Of the retransmission in hand that came before its flow was known. */
  readonly #retransmission = emptyRetransmission();
  readonly #paths: PathState[];
  readonly #jitter = new Jitter();
  #bytes = 0;
  #lastArrival: Millis | null = null;

  constructor(options: RtpReceiverOptions) {
    const { station, buffer, reorder, paths = 1, clock = new ServerClock(), waits = false } = options;
    const { latency = Millis(0), isPatient = false, random = Math.random } = options;
    const rate = packetRate(station);
    const recognition = new Recognition(station, clock);
    this.#recognition = recognition;
    this.sequence = new StreamSequence({
      ...{ station, buffer, reorder, latency, isPatient, random },
      isPlausible: (n, packet, into) => recognition.readRecovered(n, packet, into),
    });
    this.#sources = Array.from({ length: paths }, () => new SourceFilter());
    this.#doubt = new Doubt(rate);
    this.#mostKept = Math.max(LEAST_KEPT, rate * KEPT_SECONDS);
    this.#paths = Array.from({ length: paths }, newPath);
    this.#kept = waits ? [] : null;
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

  /**
   * Continues with packet `n`, due at `time`, or with the next packet of the group, into another buffer if one is given.
   * Packets kept until now are taken.
   */
  begin(n: PacketNumber | null, time: Millis | null, now: Millis, buffer?: StreamBuffer): void {
    this.sequence.begin(n, time, buffer);
    const kept = this.#kept;
    this.#kept = null;
    this.#recognition.clock.setTime(now);
    for (const { datagram, path } of kept ?? []) this.#takeGroup(datagram, 0, datagram.length, now, path);
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
    this.sequence.endBatch(now);
  }

  /** Takes parity packets, and settles. */
  takeParity({ buffer, offsets, lengths, sources, count }: ReceivedBatch, now: Millis): void {
    const { sequence } = this;
    const near = this.numbers.highest;
    if (near === null || !sequence.takesParity) return;
    if (count > 0) this.#recognition.clock.setTime(now);
    for (let i = 0; i < count; i++) {
      if (!this.#sources[0]!.accepts(sources[i]!)) this.#recognition.counts.foreign++;
      else sequence.addParity(buffer, offsets[i]!, offsets[i]! + lengths[i]!, near, now);
    }
    sequence.settle(now);
  }

  /** Takes retransmissions to the group, and settles. Returns whether one of them repaired something. */
  takeShared({ buffer, offsets, lengths, sources, count }: ReceivedBatch, now: Millis): boolean {
    let hasRepaired = false;
    if (count > 0) this.#recognition.clock.setTime(now);
    for (let i = 0; i < count; i++) {
      if (!this.#sources[0]!.accepts(sources[i]!)) this.#recognition.counts.foreign++;
      else if (this.#takeRepair(buffer, offsets[i]!, offsets[i]! + lengths[i]!, now)) hasRepaired = true;
    }
    this.sequence.settle(now);
    return hasRepaired;
  }

  /** Others may have asked for it: only what this receiver misses is taken. */
  #takeRepair(buffer: Buffer, start: number, end: number, now: Millis): boolean {
    const recognition = this.#recognition;
    if (!recognition.readRetransmission(buffer, start, end)) return false;
    const { retransmission } = recognition;
    const { n, timestamp } = retransmission;
    if (this.#kept !== null || !this.sequence.isOfInterest(n)) return false;
    if (!recognition.isTimely(n, timestamp, this.sequence.isLive(n))) return false;
    this.#came(end - start, now);
    return this.sequence.addShared(retransmission, buffer, now);
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
    if (this.#kept !== null || !this.sequence.isNear(n)) return 'far';
    if (!recognition.isTimely(n, timestamp, this.sequence.isLive(n))) return 'refused';
    this.#came(datagram.length, now);
    this.sequence.addOwn(retransmission, datagram, now);
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

  report(): ReceiverStats {
    const { counts, repaired, pictures, conflicting } = this.sequence;
    const { foreign, malformed } = this.#recognition.counts;
    const { request, group, parity, path } = repaired;
    return {
      ...counts,
      bytes: this.#bytes,
      foreign,
      malformed: malformed + this.#doubt.dropped,
      conflicting,
      ...pictures,
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
    this.#came(to - from, now);
    if (path === 0) this.#jitter.add(fields.timestamp, now);
    const pathState = this.#paths[path]!;
    countPacket(pathState, n);
    if (this.sequence.addGroup(n, fields, buffer, path, now)) pathState.first++;
    for (const { datagram, path } of borneOut) this.#takeGroup(datagram, 0, datagram.length, now, path);
  }

  /** Whether the stream is near packet `n` of the group, or follows it there. */
  #follows(n: PacketNumber, now: Millis): boolean {
    const { sequence } = this;
    if (sequence.fits(n)) return true;
    const { anchored } = this.numbers;
    if (!this.#isSustained && !this.#hasAnswered(now, BORNE_OUT)) return false;
    // The server says that the station is where the stream is.
    if (!this.#isSustained && anchored !== null && sequence.isNear(anchored.next)) return false;
    // What the server was about to send when it answered is not over.
    sequence.jump(PacketNumber(this.#isSustained || anchored === null ? n : Math.min(n, anchored.next)));
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

  /** A packet of the station came. */
  #came(bytes: number, now: Millis): void {
    this.#bytes += bytes;
    this.#lastArrival = now;
  }
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
