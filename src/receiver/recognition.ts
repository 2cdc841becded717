/** Which datagrams are a station's packets, and which of them are believed. No socket, no timer. */
import {
  type Millis,
  millisToTicks,
  PacketNumber,
  RTP_TIME_MODULUS,
  TICKS_PER_SECOND,
  wrappedDistance,
} from '../base/units.js';
import type { ServerClock } from '../clock/server-clock.js';
import { FLOW_AHEAD } from '../contract/flow.js';
import { emptyRetransmission, type RetransmissionFields, readRetransmission } from '../wire/retransmission.js';
import { emptyRtp, type RtpFields, readRtp } from '../wire/rtp.js';
import { jpegScanStart } from '../wire/rtp-jpeg.js';
import { isTransport, payloadTypeOf } from '../wire/station-format.js';
import type { StationInfo } from '../wire/station-info.js';
import { areWholePackets } from '../wire/ts.js';
import { GroupNumbers, packetRate } from './group-numbers.js';
import { StreamClock } from './stream-clock.js';

/** First byte of the station's packets: version 2, and neither padding, extension nor contributing sources. */
const PLAIN_RTP = 0x80;
/** Packets of a flow leave up to FLOW_AHEAD early; the second is for the estimate of the clock. */
const MOST_AHEAD = millisToTicks(FLOW_AHEAD) + TICKS_PER_SECOND;
/** Within this time a 32-bit time stamp is unambiguous. */
const UNAMBIGUOUS_SECONDS = 3_600;

export const NOT_BELIEVED = PacketNumber(-1);

type RecognisedStation = Pick<StationInfo, 'format' | 'ssrc' | 'bitrate'>;

/**
 * Responsible for:
 * - telling the station's packets from those of others, and from what no server of it sends
 * - their absolute numbers, and the time of the stream
 */
export class Recognition {
  readonly numbers: GroupNumbers;
  /** The datagram read last. */
  readonly fields: RtpFields = emptyRtp();
  readonly retransmission: RetransmissionFields = emptyRetransmission();
  /** Datagrams that are not this station's; its own that no server can have sent. */
  readonly counts = { foreign: 0, malformed: 0 };
  readonly clock: StreamClock;
  readonly #station: RecognisedStation;
  readonly #payloadType: number;
  readonly #rate: number;

  constructor(station: RecognisedStation, server: ServerClock) {
    this.#station = station;
    this.#payloadType = payloadTypeOf(station.format);
    this.#rate = packetRate(station);
    this.numbers = new GroupNumbers(this.#rate);
    this.clock = new StreamClock(server);
  }

  /** Reads a packet of the group into `fields`. Returns false, and counts it, if it cannot be the station's. */
  read(buffer: Buffer, start: number, end: number): boolean {
    const { fields } = this;
    if (!readRtp(buffer, start, end, fields) || fields.ssrc !== this.#station.ssrc) {
      this.counts.foreign++;
      return false;
    }
    return this.#check(buffer[start] === PLAIN_RTP && fields.payloadType === this.#payloadType, fields, buffer);
  }

  /** Reads a retransmission into `retransmission`, likewise. */
  readRetransmission(buffer: Buffer, start: number, end: number): boolean {
    const { retransmission } = this;
    const isOurs = readRetransmission(buffer, start, end, retransmission);
    if (!isOurs || retransmission.ssrc !== this.#station.ssrc) {
      this.counts.foreign++;
      return false;
    }
    return this.#check(true, retransmission, buffer);
  }

  /** Whether a packet that parity gave can be the station's. `into` is filled. */
  readRecovered(n: PacketNumber, packet: Buffer, into: RtpFields): boolean {
    const isPlain = readRtp(packet, 0, packet.length, into) && packet[0] === PLAIN_RTP;
    if (!this.#check(isPlain && into.payloadType === this.#payloadType, into, packet)) return false;
    return this.isTimely(n, into.timestamp, true);
  }

  /**
   * The number of the packet in `fields`, which arrived at local time `now`, or NOT_BELIEVED: its number, as far as it can
   * be told, is then `numbers.doubted`.
   */
  number(now: Millis): PacketNumber {
    const { numbers, clock, fields } = this;
    const time = clock.timeOf(fields.timestamp);
    const n = numbers.take(fields.sequenceNumber, time, clock.latest ?? time, now);
    if (n >= 0) clock.follow(time, now);
    return n;
  }

  /** Whether packet `n`, repeated or recovered, can have this time stamp. Live: within a minute; else it is of a flow. */
  isTimely(n: PacketNumber, timestamp: number, isLive: boolean): boolean {
    const { clock, numbers } = this;
    const present = clock.latest;
    if (present === null) return true;
    if (isLive) {
      const time = clock.timeOf(timestamp);
      return this.#count(!Number.isNaN(time) && numbers.agrees(n, time));
    }
    const { highest } = numbers;
    const isRecent = highest !== null && highest - n < this.#rate * UNAMBIGUOUS_SECONDS;
    return this.#count(!isRecent || wrappedDistance(present, timestamp, RTP_TIME_MODULUS) <= MOST_AHEAD);
  }

  #check(isRight: boolean, { start, end }: RtpFields, buffer: Buffer): boolean {
    if (isTransport(this.#station.format)) return this.#count(isRight && areWholePackets(buffer, start, end));
    const scan = jpegScanStart(buffer, start, end);
    return this.#count(isRight && scan >= 0 && scan < end);
  }

  #count(isGood: boolean): boolean {
    if (!isGood) this.counts.malformed++;
    return isGood;
  }
}
