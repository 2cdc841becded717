/** A server's control protocol, repairs and flows, as datagrams from several addresses reach it. */
import assert from 'node:assert/strict';
import type { SocketAddress } from '../../../src/base/socket-address.js';
import { Millis, millisToTicks, PacketNumber, Ticks90k } from '../../../src/base/units.js';
import { AMPLIFICATION_LIMIT, ServerState } from '../../../src/control/server-state.js';
import { emptyBatch } from '../../../src/net/sender.js';
import { Station } from '../../../src/station/station.js';
import { retransmissionMemory, type UnicastSender } from '../../../src/unicast/packet-writer.js';
import { Unicast } from '../../../src/unicast/unicast.js';
import { encodeFeedback } from '../../../src/wire/feedback.js';
import {
  type AnyMessage,
  COOKIE_LENGTH,
  decodeMessage,
  encodeMessage,
  isRequest,
  message,
  NO_COOKIE,
  REQUEST_ID_MODULUS,
} from '../../../src/wire/message.js';
import { fakeReader, fakeReel } from '../../support/fake-reel.js';
import { makeStation } from '../../support/stations.js';
import { type Choices, EVENT_LENGTH, eventsOf, type FuzzTarget, script } from '../target.js';

const controlSocket = { address: '10.0.0.100', port: 5601 };
const NOON = 1_795_000_000_000;
const SSRC = 77;
const BITRATE = 5e6;
/** Bit/s to single viewers. */
const BUDGET = 50e6;
const CAPACITY = 64;
const MOST_EVENTS = 64;
/** Longer than any session, flow or memory of requests. */
const SILENCE = 120_000;
/** Ticks of a script's silence: with nothing to do there are hardly any. */
const MOST_TICKS = 20_000;

/** A packet every 2 ms, 4 s long. */
const times = Array.from({ length: 2_000 }, (_, i) => i * 180);
const reel = fakeReel({ times, duration: 2_000 * 180 });
const secret = Buffer.alloc(32, 3);

interface Peer extends SocketAddress {
  /** As the server gave it; a forged address never gets one. */
  cookie: Buffer;
  requestId: number;
  flow: number;
  /** Whether it has returned its cookie. */
  isProven: boolean;
}

/** The whole server without sockets, and its clients. */
class Scene {
  now = NOON;
  /** Bytes sent to single viewers. */
  bytes = 0;
  readonly peers: Peer[];
  readonly station = new Station({ items: [{ name: 'film', reel }], ssrc: SSRC });
  readonly state: ServerState;
  readonly unicast: Unicast;
  readonly destinations = new Map<number, SocketAddress>();
  readonly stations = [1, 2].map((number) => makeStation(number, { ssrc: SSRC, bitrate: BITRATE }));
  last: { peer: Peer; datagram: Buffer; isFeedback: boolean } | null = null;
  #nextDestination = 0;
  readonly #sender: UnicastSender = {
    batch: emptyBatch({ capacity: CAPACITY, buffer: retransmissionMemory(CAPACITY) }),
    addDestination: (address, port) => {
      this.destinations.set(this.#nextDestination, { address, port });
      return this.#nextDestination++;
    },
    removeDestination: (number) => assert.ok(this.destinations.delete(number), 'an unknown destination is removed'),
    send: () => this.#send(),
  };

  constructor() {
    // Eight addresses, some with several ports.
    this.peers = Array.from({ length: 24 }, (_, i) => ({
      ...{ address: `10.0.0.${1 + (i % 8)}`, port: 40_000 + (i >> 3) },
      ...{ cookie: NO_COOKIE, requestId: 1_000 * i, flow: 0, isProven: false },
    }));
    const time = () => Millis(this.now);
    const directory = {
      stations: () => this.stations,
      position: () => ({ next: PacketNumber(this.station.at(millisToTicks(time())) + 1), time: time() }),
    };
    this.unicast = new Unicast({
      sender: this.#sender,
      reader: fakeReader(),
      bring: () => undefined,
      budget: { total: BUDGET },
      history: Millis(600_000),
      accepts: (from, cookie, now) => this.state.acceptsFeedback(from, cookie, now),
      countWork: (from, packets) => this.state.countWork(from, packets),
      members: (id) => this.state.members(id),
      onReadError: (id, { message: text }) => assert.fail(`${id}: ${text}`),
      onFault: (_id, error) => {
        throw error;
      },
      now: time(),
    });
    this.state = new ServerState({ server: 'projector', controlPort: 5601, directory, flows: this.unicast, secret });
    for (const { id, group, port, bitrate } of this.stations) {
      this.unicast.add({ id, station: this.station, group, port, bitrate, now: time() });
    }
  }

  /** A datagram of the control protocol, and what comes back. */
  request(peer: Peer, datagram: Buffer): void {
    this.last = { peer, datagram, isFeedback: false };
    const request = decodeMessage(datagram);
    if (request !== null && isRequest(request) && this.#isGiven(peer, request.cookie)) peer.isProven = true;
    const hadProof = peer.isProven;
    const replies = this.state.handle(Buffer.from(datagram), peer, Millis(this.now), controlSocket);
    const length = replies.reduce((sum, reply) => sum + reply.length, 0);
    if (!hadProof) assert.ok(length <= AMPLIFICATION_LIMIT * datagram.length, `${length} bytes for ${datagram.length}`);
    for (const reply of replies) {
      const decoded = decodeMessage(reply);
      assert.ok(decoded !== null && !isRequest(decoded), 'a reply is one of the protocol');
      peer.cookie = decoded.cookie;
    }
    this.unicast.tick(Millis(this.now));
  }

  feedback(peer: Peer, datagram: Buffer): void {
    this.last = { peer, datagram, isFeedback: true };
    // Without a tick: the thread takes many datagrams at a time.
    this.unicast.feedback(Buffer.from(datagram), 0, datagram.length, peer, Millis(this.now));
  }

  /** Lets time pass. */
  run(duration: number): void {
    const until = this.now + duration;
    let ticks = 0;
    for (let next = this.unicast.tick(Millis(this.now)); next <= until; next = this.unicast.tick(Millis(this.now))) {
      assert.ok(next > this.now, 'it returns a time that is not later');
      assert.ok(++ticks < MOST_TICKS, 'it has always something to do');
      this.now = next;
      this.state.expire(Millis(this.now));
    }
    this.now = until;
    this.unicast.tick(Millis(this.now));
    this.state.expire(Millis(this.now));
  }

  #isGiven = (peer: Peer, cookie: Buffer): boolean => cookie.equals(peer.cookie) && !cookie.equals(NO_COOKIE);

  #send(): void {
    const { batch } = this.#sender;
    for (let i = 0; i < batch.count; i++) {
      const to = this.destinations.get(batch.destinations[i]!);
      assert.ok(to !== undefined, 'it sends to an unknown destination');
      const peer = this.peers.find(({ address, port }) => address === to.address && port === to.port);
      assert.ok(peer === undefined || peer.isProven, `it sends to ${to.address}, which has not returned its cookie`);
      this.bytes += batch.lengths[i]!;
    }
    batch.count = 0;
  }
}

const playRequest = (scene: Scene, peer: Peer, event: Choices): void => {
  const kind = event.below(8);
  const choice = event.byte();
  // Mostly the next id; the same again, and an older one.
  const step = choice & 0x40 ? 0 : choice & 0x80 ? -3 : 1;
  peer.requestId = (peer.requestId + step + REQUEST_ID_MODULUS) % REQUEST_ID_MODULUS;
  const id = peer.requestId;
  const rest = { cookie: choice & 0x20 ? NO_COOKIE : peer.cookie };
  const station = `station-${1 + (choice % 3)}`;
  const burst = choice & 0x10 ? { flow: ++peer.flow } : undefined;
  const back = event.uint16();
  const live = scene.station.at(millisToTicks(Millis(scene.now)));
  let request: AnyMessage;
  if (kind === 0) request = message('start', id, {}, { ...rest, page: event.byte() });
  else if (kind === 1) request = message('tune', id, { station, burst }, rest);
  else if (kind === 2) request = message('change', id, { station, burst }, rest);
  else if (kind === 3) request = message('pause', id, {}, rest);
  else if (kind === 4) request = message('resume', id, {}, rest);
  else if (kind === 5) request = message('exit', id, {}, rest);
  else if (kind === 6) request = message('keepalive', id, {}, rest);
  else {
    const from = [
      { kind: 'live' },
      { kind: 'packet', packet: Math.max(0, live - back * 8 + 100) },
      { kind: 'time', time: scene.now - back * 10, item: (choice & 8) !== 0 },
    ] as const;
    request = message('replay', id, { flow: ++peer.flow, speed: 1 + event.byte() / 4, from: from[choice % 3]! }, rest);
  }
  scene.request(peer, encodeMessage(request, { minLength: kind === 0 ? 300 : 0 }));
};

const playFeedback = (scene: Scene, peer: Peer, event: Choices): void => {
  const [back, count, choice, credit] = [event.uint16(), event.byte(), event.byte(), event.uint16()];
  const live = scene.station.at(millisToTicks(Millis(scene.now)));
  const stride = 1 + (choice >> 4);
  const first = live - back * (choice & 8 ? 16 : 1) + 50;
  // Several thousand at once, as a hostile session would.
  const amount = choice & 4 ? count * 16 : count;
  const report = {
    ...{ received: credit, lost: back, unrepaired: count, fractionLost: count / 256, highest: PacketNumber(live) },
    ...{ jitter: Ticks90k(back), buffer: Millis(credit), delay: Millis(count) },
  };
  const feedback = {
    ...{ sender: 1, media: SSRC, cookie: peer.cookie, copies: 1 + (choice & 3) },
    missing: Array.from({ length: amount }, (_, i) => PacketNumber(first + i * stride)),
    flow: peer.flow === 0 ? null : { number: peer.flow, credit: PacketNumber(Math.max(0, first + credit)) },
    report: choice & 2 ? report : null,
  };
  for (const datagram of encodeFeedback(feedback)) scene.feedback(peer, datagram);
};

/** The last datagram with other bytes, shorter, or from another address. */
const playChanged = (scene: Scene, peer: Peer, event: Choices): void => {
  if (scene.last === null) return;
  const { isFeedback } = scene.last;
  const from = event.byte() & 1 ? scene.last.peer : peer;
  const datagram = Buffer.from(scene.last.datagram.subarray(0, scene.last.datagram.length - (event.byte() >> 4)));
  const at = event.uint16();
  if (datagram.length > 0) datagram[at % datagram.length] = event.byte();
  if (isFeedback) scene.feedback(from, datagram);
  else scene.request(from, datagram);
};

const pauses = [0, 1, 5, 20, 100, 400, 2_000, 9_000, 31_000, 300_000];

function run(input: Buffer): void {
  const scene = new Scene();
  for (const event of eventsOf(input.subarray(0, MOST_EVENTS * EVENT_LENGTH))) {
    const kind = event.below(6);
    const peer = scene.peers[event.below(scene.peers.length)]!;
    if (kind <= 1) playRequest(scene, peer, event);
    else if (kind === 2) playFeedback(scene, peer, event);
    else if (kind === 3) playChanged(scene, peer, event);
    else if (kind === 4) {
      const pause = event.pick(pauses);
      // A thread that is busy, or a machine, lets time pass without a tick.
      if (event.byte() & 1) scene.now += pause;
      else scene.run(pause);
    } else {
      const datagram = Buffer.concat([event.rest(), peer.cookie.subarray(0, COOKIE_LENGTH)]);
      scene.request(peer, datagram);
      scene.feedback(peer, datagram);
    }
  }
  const began = scene.now;
  const most = ((began - NOON) / 1000 + 2) * BUDGET;
  assert.ok(scene.bytes * 8 <= most, `${scene.bytes * 8} bits were sent, with a budget of ${most}`);
  for (const { id } of scene.stations) {
    const playing = scene.state.sessions().filter(({ station }) => station === id).length;
    assert.equal(scene.state.members(id).sessions, playing, 'members are sessions');
  }
  scene.run(SILENCE);
  assert.deepEqual(scene.state.sessions(), [], 'silent sessions end');
  assert.equal(scene.destinations.size, scene.stations.length, 'nothing is kept of clients that are gone');
  assert.equal(scene.unicast.tick(Millis(scene.now)), Number.POSITIVE_INFINITY, 'nothing is left to do');
}

/** START, then the same with the cookie, TUNE with a burst. */
const tuned = (peer: number): number[][] => [
  [0, peer, 0, 0x20],
  [0, peer, 1, 0x10],
];

/** A session's requests for 4,080 packets of the past at once, others each time. */
const past = (peer: number): number[][] =>
  Array.from({ length: 12 }, (_, i) => [2, peer, ...[(255 * (i + 1)) >> 8, (255 * (i + 1)) & 0xff], 255, 4 | 8]);

export const target: FuzzTarget = {
  ...{ name: 'server', block: EVENT_LENGTH, largest: MOST_EVENTS * EVENT_LENGTH },
  seeds: () => [
    script(...tuned(1), [2, 1, 0, 200, 9, 0, 1, 0], [4, 0, 4], [0, 1, 6, 0], [0, 1, 5, 0]),
    script(...tuned(1), ...tuned(2), ...tuned(9), [0, 1, 7, 1, 4, 0, 80], [2, 1, 10, 0, 200, 4, 0, 0], [4, 0, 5]),
    script(...tuned(3), [2, 3, 0, 90, 5, 0x13], [2, 3, 0, 90, 5, 3], [3, 3, 1, 0, 0, 40, 9], [5, 3, 1, 2], [4, 0, 8]),
    script(...tuned(1), ...past(1).slice(0, 4), [4, 0, 6, 1], ...past(1).slice(4), ...tuned(2), [0, 2, 6, 0]),
    script([0, 4, 2, 0], [0, 4, 6, 0x40], [0, 4, 6, 0x80], [0, 4, 7, 2, 0, 9], [4, 0, 9], [0, 4, 7, 2, 0, 9]),
  ],
  // Four thousand packets can be named by one event's feedback, each of them sent up to four times.
  mostWork: (length) => 3_000_000 + 100_000 * length,
  run,
};
