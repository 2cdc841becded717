/** Attacks of clients with good cookies: one host can have thousands of sessions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PacketNumber } from '../../../src/base/units.js';
import type { AttackTask, Prepare } from './attacks.js';
import { Client, numbersFrom } from './client.js';
import { paced, pacedEach } from './pace.js';

const tuned = async ({ server, from, stations }: AttackTask) => {
  const client = await Client.open(server, from[0]!);
  const { next } = await client.tune(stations[0]!.id);
  const began = performance.now();
  /** The packet that leaves now: 475 a second at 5 Mbit/s. */
  const now = () => next + Math.floor(((performance.now() - began) * stations[0]!.bitrate) / 8 / 1316 / 1000);
  return { client, now, ssrc: stations[0]!.ssrc };
};

/** One session requests packets of the past, others with each datagram. 3.1 Mbit/s. */
const past: Prepare = async (task) => {
  const { client, now, ssrc } = await tuned(task);
  const each = 4_000;
  let oldest = now();
  return (until) =>
    pacedEach(330, until, () => {
      oldest -= each;
      client.feedback(ssrc, { missing: numbersFrom(oldest, each) });
    });
};

/** Packets of the last 20 s, 510 with each request, which comes three times, as if three viewers missed them. 50 kbit/s. */
const copies: Prepare = async (task) => {
  const { client, now, ssrc } = await tuned(task);
  const each = 510;
  let turn = 0;
  return (until) =>
    pacedEach(10, until, () => {
      const missing = numbersFrom(now() - each * (1 + (turn++ % 20)), each);
      for (let times = 0; times < 3; times++) client.feedback(ssrc, { missing });
    });
};

/** One session requests everything that is on the air, and the second before it. */
const everything: Prepare = async (task) => {
  const { client, now, ssrc } = await tuned(task);
  return (until) =>
    paced(50, until, () => client.feedback(ssrc, { missing: numbersFrom(now() - 500, 510), copies: 4 }));
};

/** As many sessions as there are, each with a burst, from one address. */
const sessions: Prepare = async (task) => {
  const { server, from, stations } = task;
  const begin = async () => {
    const client = await Client.open(server, from[0]!);
    await client.tune(stations[0]!.id, { flow: 1 }).catch(() => undefined);
    client.close();
  };
  return (until) => paced(3_500, until, (count) => void Array.from({ length: count }, begin));
};

/** More than the budget of a server has room for: 1 Gbit/s, at the rate of a station each. */
const MOST_REPLAYS = 220;
/** Between two credits of a flow: a silent one ends after 5 s. Milliseconds. */
const CREDIT_PERIOD = 2_000;

/** Replays of the past that take nothing, kept for as long as they may be. 20 kbit/s. */
const replays: Prepare = async ({ server, from, stations }) => {
  const { id, ssrc } = stations[0]!;
  const clients: { client: Client; packet: PacketNumber }[] = [];
  for (let i = 0; i < MOST_REPLAYS; i++) {
    const client = await Client.open(server, from[0]!);
    // A session more than the server allows is not there.
    const tuned = await client.tune(id).catch(() => null);
    if (tuned !== null) clients.push({ client, packet: PacketNumber(tuned.next - 1_000_000) });
  }
  /** The flow stops before the first packet that has not been sent. */
  const hold = ({ client, packet }: (typeof clients)[number]) =>
    client.feedback(ssrc, { flow: { number: 1, credit: packet } });
  const begin = async (each: (typeof clients)[number]) => {
    await each.client.ask('replay', { flow: 1, speed: 1, from: { kind: 'packet', packet: each.packet } });
    hold(each);
  };
  return async (until) => {
    let sent = clients.length;
    await Promise.all(clients.map(begin));
    for (; performance.now() < until; sent += clients.length) {
      for (const each of clients) hold(each);
      await sleep(Math.min(CREDIT_PERIOD, until - performance.now()));
    }
    return sent;
  };
};

export const sessionAttacks: Record<string, Prepare> = { past, copies, everything, sessions, replays };
