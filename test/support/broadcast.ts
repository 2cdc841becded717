/**
 * A station on the air, its server and a receiver, with networks between them that lose and delay packets. Everything is real
 * except sockets, clocks and disks; the test advances the time.
 */
import assert from 'node:assert/strict';
import { Problem } from '../../src/base/problem.js';
import type { SocketAddress } from '../../src/base/socket-address.js';
import { Millis, millisToTicks, PacketNumber, TICKS_PER_SECOND } from '../../src/base/units.js';
import { FEC_PORT_OFFSETS } from '../../src/contract/addresses.js';
import type { Replaying, Tuned } from '../../src/control/client-state.js';
import type { FlowRequest } from '../../src/control/flows.js';
import { Refusal } from '../../src/control/refusal.js';
import type { ReceivedBatch } from '../../src/net/receive-batched.js';
import { emptyBatch } from '../../src/net/sender.js';
import {
  type OpenGroup,
  Receiver,
  type StationReceiverOptions,
  type Target,
} from '../../src/receiver/station-receiver.js';
import type { Cursor, StreamBuffer } from '../../src/receiver/stream-buffer.js';
import type { PayloadReader } from '../../src/reel/payload-reader.js';
import { type FecSource, parityOf } from '../../src/station/fec-source.js';
import { packetsOf } from '../../src/station/packet-source.js';
import { Station } from '../../src/station/station.js';
import { retransmissionMemory } from '../../src/unicast/packet-writer.js';
import { Unicast } from '../../src/unicast/unicast.js';
import type { FecSize } from '../../src/wire/fec.js';
import { encodeFeedback, type Feedback } from '../../src/wire/feedback.js';
import { errorCodes } from '../../src/wire/message.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { Pid, TS_GROUP_LENGTH, TS_PACKET_LENGTH, TS_SYNC_BYTE } from '../../src/wire/ts.js';
import { fakeReel } from './fake-reel.js';
import { HandTimers } from './hand-timers.js';
import { batchOf } from './received-batch.js';
import { type Hazards, Path, randomFrom } from './relay.js';
import { makeStation } from './stations.js';

export const EPOCH = Millis(1_795_000_000_123);
/** Packets a second of a station of 5 Mbit/s. */
export const RATE = 475;
const REEL_SECONDS = 60;
const PAYLOAD = 4 * TS_PACKET_LENGTH;
/** Where a payload has the number of its packet in its reel, and the time at which the reel began. */
const NUMBER_AT = 100;
const START_AT = 104;
/** Second byte of a payload that the station has never sent. */
export const FORGED = 0xa5;
const COOKIE = Buffer.alloc(16, 7);
const CLIENT = { address: '10.0.0.9', port: 40_000 };

/** PAT, PMT, PCR and the beginning of a picture; or nothing of the kind. */
function payloadOf(packet: number, isAccessPoint: boolean): Buffer {
  const payload = Buffer.alloc(PAYLOAD);
  const headers = [
    [TS_SYNC_BYTE, 0x40 | (Pid.pat >> 8), Pid.pat & 0xff, 0x10],
    [TS_SYNC_BYTE, 0x40 | (Pid.pmt >> 8), Pid.pmt & 0xff, 0x10],
    [TS_SYNC_BYTE, Pid.video >> 8, Pid.video & 0xff, 0x20, 7, 0x10],
    [TS_SYNC_BYTE, 0x40 | (Pid.video >> 8), Pid.video & 0xff, 0x30, 1, isAccessPoint ? 0x40 : 0],
  ];
  for (const [i, header] of headers.entries()) payload.set(header, i * TS_PACKET_LENGTH);
  payload.writeUInt32BE(packet, NUMBER_AT);
  return payload;
}

/** A station that repeats one reel, with a random access point every `interval` seconds. */
function broadcastStation(interval: number): { station: Station; reader: PayloadReader } {
  const count = REEL_SECONDS * RATE;
  const spacing = TICKS_PER_SECOND / RATE;
  const times = Array.from({ length: count }, (_, packet) => Math.floor(packet * spacing));
  const group = interval * RATE;
  const reel = {
    ...fakeReel({ times, duration: REEL_SECONDS * TICKS_PER_SECOND }),
    largestPayload: PAYLOAD,
    position: (packet: number) => packet * PAYLOAD,
    randomAccessBefore: (packet: number) => packet - (packet % group),
    shift: (out: Buffer, offset: number, shift: number) => {
      out.writeDoubleBE(shift, offset + START_AT);
    },
  };
  const reader: PayloadReader = {
    waits: false,
    read(_descriptor, position, slots, first, count, header) {
      for (let i = 0; i < count; i++) {
        const packet = position / PAYLOAD + i;
        payloadOf(packet, packet % group === 0).copy(slots.buffer, slots.offsets[first + i]! + header);
      }
      return count;
    },
  };
  return { station: new Station({ items: [{ name: 'film', reel }], ssrc: 77 }), reader };
}

export interface BroadcastOptions {
  /** Hazards on the way to each of the receiver's interfaces. */
  group?: Hazards[];
  toServer?: Hazards;
  fromServer?: Hazards;
  /** Seconds from one random access point to the next. */
  interval?: number;
  /** Parity on the air. */
  fec?: FecSize;
  /** Period in which the receiver reads its sockets. */
  latency?: Millis;
  /** Bit/s that the server sends to single viewers. */
  budget?: number;
  /** How far the station reaches back. */
  history?: Millis;
  /** Address that the server's packets come from. */
  source?: SocketAddress;
  receiver?: Partial<StationReceiverOptions>;
}

/** A datagram on its way, and where it says it is from. */
interface Sent {
  bytes: Buffer;
  from: SocketAddress;
}

interface Look {
  path: Path<Buffer>;
  /** Forged datagrams, which arrive with the next look. */
  forged: Sent[];
  offset: number;
  take: (batch: ReceivedBatch) => void;
}

export class Broadcast {
  readonly timers = new HandTimers();
  readonly info: StationInfo;
  readonly station: Station;
  readonly receiver: Receiver;
  readonly toServer: Path<Buffer>;
  readonly fromServer: Path<Buffer>;
  readonly groups: Path<Buffer>[];
  /** Errors of the receiver, and its checks whether the server is there. */
  readonly troubles: Error[] = [];
  checks = 0;
  /** Feedback datagrams and retransmissions that were sent. */
  readonly sent = { feedback: 0, retransmissions: 0 };
  /** Whether the server answers, and whether the group is sent to. */
  isServing = true;
  isOnAir = true;
  /** Whether the network forwards the group; it does again when all of the receiver's sockets have left, and one joins. */
  isForwarded = true;
  unicast!: Unicast;
  readonly #options: BroadcastOptions;
  readonly #reader: PayloadReader;
  readonly #latency: Millis;
  readonly #looks: Look[] = [];
  readonly #left = new Set<Look>();
  readonly #repairs = new Path<Buffer>({ delay: Millis(1) });
  /** Columns and rows, each with its number to come. */
  #parity: { source: FecSource; next: PacketNumber; path: Path<Buffer> }[] = [];
  #lookedAt = 0;
  #next: PacketNumber;
  /** Packets by which the numbers are ahead of those that the time gives. */
  #shift = 0;
  readonly #source: SocketAddress;
  #soon: (() => void)[] = [];
  #unicastAt = 0;
  /** Replies of the server on their way. */
  #answers: { at: Millis; give: () => void }[] = [];

  constructor(options: BroadcastOptions = {}) {
    this.#options = options;
    const { group = [{}], toServer = {}, fromServer = {}, interval = 2, latency = Millis(20), fec } = options;
    this.#latency = latency;
    this.#source = options.source ?? { address: '127.0.0.1', port: 5004 };
    const { station, reader } = broadcastStation(interval);
    this.station = station;
    this.#reader = reader;
    this.groups = group.map((hazards, i) => new Path<Buffer>({ delay: Millis(1), seed: 10 + i, ...hazards }));
    this.toServer = new Path<Buffer>({ delay: Millis(1), seed: 20, ...toServer });
    this.fromServer = new Path<Buffer>({ delay: Millis(1), seed: 21, ...fromServer });
    this.info = makeStation(1, { ssrc: 77, bitrate: RATE * 8 * TS_GROUP_LENGTH, randomAccessInterval: interval, fec });
    if (fec !== undefined) {
      const { columns, rows } = parityOf(station, fec);
      this.#parity = [columns, rows].map((source, i) => ({
        source,
        next: source.at(millisToTicks(EPOCH)),
        path: new Path<Buffer>({ delay: Millis(1), ...group[0], seed: 30 + i }),
      }));
    }
    this.#next = station.at(millisToTicks(EPOCH));
    this.startServer();
    this.receiver = new Receiver({
      station: this.info,
      localAddress: 'path 0',
      also: group.slice(1).map((_, i) => `path ${i + 1}`),
      openGroup: this.#openGroup,
      latency,
      timers: this.timers,
      soon: (run) => this.#soon.push(run),
      random: randomFrom(5),
      onError: (error) => this.troubles.push(error),
      ...options.receiver,
    });
  }

  /** Starts a server without the state of the one before. */
  startServer(): void {
    const memory = retransmissionMemory(256);
    const batch = emptyBatch({ capacity: 256, buffer: memory });
    const destinations: string[] = [];
    this.unicast = new Unicast({
      sender: {
        batch,
        addDestination: (address) => destinations.push(address) - 1,
        removeDestination: () => undefined,
        send: () => {
          for (let i = 0; i < batch.count; i++) {
            const datagram = Buffer.from(memory.subarray(batch.offsets[i], batch.offsets[i]! + batch.lengths[i]!));
            this.sent.retransmissions++;
            const isOwn = destinations[batch.destinations[i]!] === CLIENT.address;
            (isOwn ? this.fromServer : this.#repairs).enter(datagram, this.timers.now());
          }
          batch.count = 0;
        },
      },
      reader: this.#reader,
      bring: () => undefined,
      onReadError: (id, { message }) => assert.fail(`${id}: ${message}`),
      budget: { total: this.#options.budget ?? 1e9 },
      history: this.#options.history,
      accepts: (_, cookie) => (cookie.equals(COOKIE) ? { station: this.info.id } : null),
      countWork: () => undefined,
      members: () => ({ sessions: 1, addresses: 1 }),
      onFault: (_id, error) => {
        throw error;
      },
      now: this.serverNow,
    });
    const { id, group, port, bitrate } = this.info;
    this.unicast.add({ id, station: this.station, group, port, bitrate, now: this.serverNow });
  }

  /** Somebody sends a datagram to the group, to the station's port or one above it. */
  inject(offset: number, bytes: Buffer, from: SocketAddress): void {
    this.#looks.find((look) => look.offset === offset)?.forged.push({ bytes, from });
  }

  /** The station goes on with packets this much later, at the same time. */
  jump(packets: number): void {
    this.#shift += packets;
  }

  get serverNow(): Millis {
    return Millis(EPOCH + this.timers.now());
  }

  /** Number of the next packet to leave. */
  get next(): PacketNumber {
    return PacketNumber(this.station.at(millisToTicks(this.serverNow)) + 1 + this.#shift);
  }

  /** Joins the group and sends the server's request at the same moment, like a viewer. Resolves with the reply. */
  async tune(options: { burst?: boolean; start?: Target } = {}): Promise<void> {
    const { burst = true, start } = options;
    const { receiver } = this;
    const joining = receiver.join();
    const flow = burst && start === undefined ? receiver.burst() : undefined;
    const tuned = await this.#during(this.#tune(flow?.flow));
    await joining;
    await this.#during(receiver.begin(tuned, this.#link, start));
  }

  async seek(target: Target): Promise<StreamBuffer> {
    return this.#during(this.receiver.seek(target));
  }

  /** Advances the time. */
  async run(duration: number): Promise<void> {
    for (const end = this.timers.now() + duration; this.timers.now() < end; ) {
      this.timers.advance(Millis(1));
      this.#step(this.timers.now());
      for (let turn = 0; turn < 6; turn++) await null;
    }
  }

  /** Advances the time without anything being sent or read. */
  skip(duration: number): void {
    this.timers.advance(Millis(duration));
    this.#next = this.next;
    const now = millisToTicks(this.serverNow);
    for (const parity of this.#parity) parity.next = PacketNumber(parity.source.at(now) + 1);
    this.#lookedAt = this.timers.now();
  }

  async #during<T>(doing: Promise<T>): Promise<T> {
    let isDone = false;
    const settled = doing.finally(() => {
      isDone = true;
    });
    settled.catch(() => undefined);
    for (let steps = 0; !isDone; steps++) {
      assert.ok(steps < 10_000, 'it never settles');
      await this.run(1);
    }
    return settled;
  }

  #step(now: Millis): void {
    if (now % 9 === 0) this.#play(now);
    for (const datagram of this.toServer.leave(now)) {
      if (!this.isServing) continue;
      this.unicast.feedback(datagram, 0, datagram.length, CLIENT, this.serverNow);
      this.#unicastAt = now;
    }
    if (this.isServing && this.#unicastAt <= now) this.#unicastAt = this.unicast.tick(this.serverNow) - EPOCH;
    for (const { at, give } of this.#answers) if (at <= now) give();
    this.#answers = this.#answers.filter(({ at }) => at > now);
    for (const datagram of this.fromServer.leave(now)) this.receiver.media(datagram);
    for (const run of this.#soon.splice(0)) run();
    if (now - this.#lookedAt < this.#latency) return;
    this.#lookedAt = now;
    for (const look of this.#looks) {
      const honest = look.path.leave(now).map((bytes) => ({ bytes, from: this.#source }));
      const sent = [...look.forged.splice(0), ...honest];
      look.take(
        batchOf(
          sent.map(({ bytes }) => bytes),
          sent.map(({ from }) => from),
        ),
      );
    }
  }

  /** As playout does: every 9 ms what is due until 4.9 ms later. */
  #play(now: Millis): void {
    const limit = millisToTicks(Millis(EPOCH + now + 4.9));
    const end = PacketNumber(this.station.at(limit) + 1);
    if (this.isOnAir && end > this.#next) {
      for (const packet of this.station.packets(this.#next, end, this.#reader)) {
        if (this.#shift > 0) packet.writeUInt16BE((packet.readUInt16BE(2) + this.#shift) & 0xffff, 2);
        if (this.isForwarded) for (const group of this.groups) group.enter(packet, now);
      }
    }
    this.#next = PacketNumber(Math.max(end, this.#next));
    for (const parity of this.#parity) {
      const last = PacketNumber(parity.source.at(limit) + 1);
      if (last <= parity.next) continue;
      for (const packet of packetsOf(parity.source, parity.next, last, this.#reader)) parity.path.enter(packet, now);
      parity.next = last;
    }
  }

  readonly #openGroup: OpenGroup = async ({ port, localAddress, onDatagrams }) => {
    const path = this.#pathTo(port - this.info.port, localAddress);
    path.leave(this.timers.now()); // Packets from before it was joined.
    const look: Look = { path, forged: [], offset: port - this.info.port, take: onDatagrams };
    this.#looks.push(look);
    return {
      leave: () => void this.#left.add(look),
      setSources: () => {
        if (this.#left.size === this.#looks.length) this.isForwarded = true;
        this.#left.delete(look);
      },
      close: async () => void this.#looks.splice(this.#looks.indexOf(look), 1),
    };
  };

  #pathTo(offset: number, localAddress: string): Path<Buffer> {
    if (offset === 0) return this.groups[Number(localAddress.slice(5))]!;
    if (offset === FEC_PORT_OFFSETS.columns) return this.#parity[0]!.path;
    return offset === FEC_PORT_OFFSETS.rows ? this.#parity[1]!.path : this.#repairs;
  }

  readonly #link = {
    feedback: (feedback: Omit<Feedback, 'cookie'>) => {
      for (const datagram of encodeFeedback({ ...feedback, cookie: COOKIE })) {
        this.sent.feedback++;
        this.toServer.enter(datagram, this.timers.now());
      }
    },
    replay: (request: FlowRequest) => this.#replay(request),
    check: () => {
      this.checks++;
      this.#ask((roundTrip) => ({ serverTime: this.serverNow, next: this.next, roundTrip })).then(
        (answer) => this.receiver.addClock(answer),
        () => undefined, // A silence, which the session notices.
      );
    },
  };

  #tune(flow: number | undefined): Promise<Tuned> {
    return this.#ask((roundTrip) => {
      const request = flow && ({ flow, speed: 10, from: { kind: 'live' } } as const);
      const start = request && this.unicast.begin(CLIENT, this.info.id, request, this.serverNow);
      const burst = typeof start === 'object' && flow ? { flow, from: start.from, time: start.time } : null;
      return { station: this.info, next: this.next, serverTime: this.serverNow, members: 1, burst, roundTrip };
    });
  }

  #replay(request: FlowRequest): Promise<Replaying> {
    return this.#ask((roundTrip) => {
      const start = this.unicast.begin(CLIENT, this.info.id, request, this.serverNow);
      if (typeof start === 'string') throw new Refusal({ code: start, message: errorCodes[start] });
      return { flow: request.flow, ...start, next: this.next, serverTime: this.serverNow, roundTrip };
    });
  }

  /** A reply after a round trip, or a silence of 3 s. */
  #ask<T>(answer: (roundTrip: Millis) => T): Promise<T> {
    const there = this.#options.toServer?.delay ?? 1;
    const back = this.#options.fromServer?.delay ?? 1;
    const now = this.timers.now();
    return new Promise<T>((resolve, reject) => {
      const give = (): void => {
        if (!this.isServing) return;
        try {
          const value = answer(Millis(there + back));
          this.#unicastAt = this.timers.now();
          this.#answers.push({ at: Millis(this.timers.now() + back), give: () => resolve(value) });
        } catch (error) {
          this.#answers.push({ at: Millis(this.timers.now() + back), give: () => reject(error) });
        }
      };
      const silence = (): void => reject(new Problem('server', 'The server does not answer', 'Wait.'));
      this.#answers.push({ at: Millis(now + there), give }, { at: Millis(now + 3_000), give: silence });
    });
  }
}

/** Reads a stream, and fails where a packet is repeated or out of order. */
export class StreamReader {
  /** The first packet that was read, and the one after the last. */
  first: PacketNumber | null = null;
  next: PacketNumber | null = null;
  /** Positions at which packets are missing. */
  readonly gaps: { at: PacketNumber; missing: number }[] = [];
  /** Packets that the station has never sent. */
  forged = 0;
  #cursor: Cursor | null = null;

  readonly #broadcast: Broadcast;
  readonly #buffer: StreamBuffer;
  readonly #skipsForged: boolean;

  constructor(broadcast: Broadcast, buffer: StreamBuffer = broadcast.receiver.buffer, { skipsForged = false } = {}) {
    this.#broadcast = broadcast;
    this.#buffer = buffer;
    this.#skipsForged = skipsForged;
  }

  /** Reads at most `most` bytes of what is there. Returns the number of packets. */
  read(most = Number.POSITIVE_INFINITY): number {
    this.#cursor ??= this.#buffer.openAtFirstRandomAccess();
    if (this.#cursor === null) return 0;
    const units = this.#buffer.read(this.#cursor, most);
    assert.ok(units !== null, 'the position was lost');
    let packets = 0;
    for (const { data } of units) {
      for (let at = 0; at < data.length; at += PAYLOAD) {
        this.#take(data, at);
        packets++;
      }
    }
    return packets;
  }

  /** Reads everything as it arrives, for the given time. */
  async watch(duration: number): Promise<void> {
    for (let time = 0; time < duration; time += 20) {
      await this.#broadcast.run(20);
      this.read();
    }
  }

  /** The same at the station's own rate: it does not catch up. */
  async play(duration: number): Promise<void> {
    let packets = 0;
    for (let time = 0; time < duration; time += 20) {
      await this.#broadcast.run(20);
      while (packets < (time * RATE) / 1000) {
        const read = this.read(1);
        if (read === 0) break;
        packets += read;
      }
    }
  }

  #take(data: Buffer, at: number): void {
    if (this.#skipsForged && data[at + 1] === FORGED) {
      this.forged++;
      if (this.next !== null) this.next++;
      return;
    }
    const { station } = this.#broadcast;
    const cycle = data.readDoubleBE(at + START_AT) / station.cycleDuration;
    const n = PacketNumber(cycle * station.cyclePackets + data.readUInt32BE(at + NUMBER_AT));
    this.first ??= n;
    const next = this.next ?? n;
    assert.ok(n >= next, `packet ${n} after ${next - 1}`);
    if (n > next) this.gaps.push({ at: next, missing: n - next });
    this.next = PacketNumber(n + 1);
  }
}
