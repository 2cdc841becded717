/** Attacks with forged media, sent to a station's group; and floods of the control port. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PacketNumber } from '../../../src/base/units.js';
import { FEC_PORT_OFFSETS, REPAIR_PORT_OFFSET } from '../../../src/contract/addresses.js';
import { emptyFec, FEC_PARITY_AT, writeFecHeaders } from '../../../src/wire/fec.js';
import { encodeMessage, message, START_LENGTH } from '../../../src/wire/message.js';
import { RETRANSMISSION_OVERHEAD, writeRetransmission } from '../../../src/wire/retransmission.js';
import { emptyRtp, RTP_HEADER_LENGTH, readRtp, writeRtpHeader } from '../../../src/wire/rtp.js';
import { payloadTypeOf } from '../../../src/wire/station-format.js';
import type { StationInfo } from '../../../src/wire/station-info.js';
import { TS_GROUP_LENGTH, TS_PACKET_LENGTH } from '../../../src/wire/ts.js';
import type { AttackTask, Prepare } from './attacks.js';
import { Client } from './client.js';
import { flooder, pacedEach } from './pace.js';
import { openListener, openSender } from './sockets.js';

/** Random bytes that look like a transport stream. */
function noise(): Buffer {
  const payload = randomBytes(TS_GROUP_LENGTH);
  for (let at = 0; at < payload.length; at += TS_PACKET_LENGTH) payload.set([0x47, 0x01, 0x00, 0x10], at);
  return payload;
}

interface Heard {
  sequenceNumber: number;
  timestamp: number;
}

/** Listens to a station's group, and sends to it from `address`. */
async function onAir({ group, port, ssrc }: StationInfo, address: string) {
  const socket = await openListener(group, port, address);
  const sender = await openSender(address);
  const heard: Heard = { sequenceNumber: 0, timestamp: 0 };
  const fields = emptyRtp();
  socket.on('message', (datagram, from) => {
    if (from.port === sender.address().port || !readRtp(datagram, 0, datagram.length, fields)) return;
    if (fields.ssrc === ssrc) Object.assign(heard, { ...fields });
  });
  await once(socket, 'message');
  const send = (datagram: Buffer, offset = 0) => sender.send(datagram, port + offset, group);
  return { heard, send };
}

/** `count` forged packets a second, `ahead` of what is on the air. */
const forging =
  (options: { rate: number; ahead: () => number; payload: () => Buffer }): Prepare =>
  async ({ stations, from }) => {
    const station = stations[0]!;
    const { heard, send } = await onAir(station, from[0]!);
    const forge = () => {
      const payload = options.payload();
      const out = Buffer.alloc(RTP_HEADER_LENGTH + payload.length);
      const sequence = heard.sequenceNumber + options.ahead();
      payload.copy(
        out,
        writeRtpHeader(out, 0, false, payloadTypeOf(station.format), sequence, heard.timestamp, station.ssrc),
      );
      send(out);
    };
    return (until) => pacedEach(options.rate, until, forge);
  };

const soon = () => 1 + Math.floor(Math.random() * 30);
const far = forging({ rate: 1, ahead: () => 8_000, payload: noise });
const near = forging({ rate: 2_000, ahead: soon, payload: noise });
const empty = forging({ rate: 2_000, ahead: soon, payload: () => Buffer.alloc(0) });

/** Parity that fits nothing, of packets on the air. */
const parity: Prepare = async ({ stations, from }) => {
  const { heard, send } = await onAir(stations[0]!, from[0]!);
  const forge = () => {
    const out = Buffer.concat([Buffer.alloc(FEC_PARITY_AT), noise()]);
    const base = (heard.sequenceNumber + 20 - Math.floor(Math.random() * 60)) & 0xffff;
    const fields = { base, step: 5, count: 10, lengths: TS_GROUP_LENGTH, second: 33, timestamps: 7 };
    writeFecHeaders(out, 0, { ...emptyFec(), ...fields });
    send(out, FEC_PORT_OFFSETS.columns);
  };
  return (until) => pacedEach(2_000, until, forge);
};

/** Repairs to the group, of packets that have not left. */
const repairs: Prepare = async (task: AttackTask) => {
  const station = task.stations[0]!;
  const { heard, send } = await onAir(station, task.from[0]!);
  const client = await Client.open(task.server, task.from[0]!);
  const { next } = await client.tune(station.id);
  client.close();
  const base = next - (next & 0xffff);
  const forge = () => {
    const payload = noise();
    const out = Buffer.alloc(RETRANSMISSION_OVERHEAD + RTP_HEADER_LENGTH + payload.length);
    const n = PacketNumber(base + heard.sequenceNumber + soon());
    payload.copy(out, writeRtpHeader(out, RETRANSMISSION_OVERHEAD, false, 33, n, heard.timestamp, station.ssrc));
    writeRetransmission(out, RETRANSMISSION_OVERHEAD, n, n);
    send(out, REPAIR_PORT_OFFSET);
  };
  return (until) => pacedEach(2_000, until, forge);
};

/** The same datagrams to the control port, at the full rate. */
const flooding =
  (make: (task: AttackTask) => Buffer): Prepare =>
  (task) =>
    flooder({
      datagrams: Array.from({ length: 512 }, () => make(task)),
      ...{ from: task.from.slice(0, 1), sockets: 256, to: task.server, rate: task.rate },
    });

const id = () => Math.floor(Math.random() * 2 ** 32);
const random = flooding(() => randomBytes(200));
const starts = flooding(() => encodeMessage(message('start', id(), {}), { minLength: START_LENGTH }));
const malformed = flooding(({ stations }) => {
  const request = message('tune', id(), { station: stations[0]!.id }, { cookie: randomBytes(16) });
  const datagram = encodeMessage(request);
  datagram[datagram.length - 1 - Math.floor(Math.random() * 20)] = 0x7b; // "{" where no object begins
  return datagram;
});

export const forgeries: Record<string, Prepare> = {
  ...{ far, near, empty, 'far-spoofed': far, 'near-spoofed': near, parity, repairs },
  ...{ random, starts, malformed },
};
