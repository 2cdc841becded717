/** Attacks of clients with good cookies: one host can have thousands of sessions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PacketNumber } from '../../../src/base/units.js';
import type { AttackTask, Prepare } from './attacks.js';
import { Client, numbersFrom } from './client.js';
import { paced } from './pace.js';

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
    paced(330, until, (count) => {
      for (let i = 0; i < count; i++) {
        oldest -= each;
        client.feedback(ssrc, { missing: numbersFrom(oldest, each) });
      }
    });
};

/** Each packet three times, four copies of each: 50 kbit/s. */
const copies: Prepare = async (task) => {
  const { client, now, ssrc } = await tuned(task);
  return (until) =>
    paced(60, until, (count) => {
      const missing = numbersFrom(now() - 9 * count, 8 * count);
      for (const times of [1, 4, 4]) client.feedback(ssrc, { missing, copies: times });
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

/** Replays of the past that take nothing, kept for as long as they may be. */
const replays: Prepare = async (task) => {
  const { server, from, stations } = task;
  const { id, ssrc } = stations[0]!;
  const begin = async () => {
    const client = await Client.open(server, from[0]!);
    const { next } = await client.tune(id);
    const packet = next - 1_000_000;
    await client.ask('replay', { flow: 1, speed: 1, from: { kind: 'packet', packet } });
    return () => client.feedback(ssrc, { flow: { number: 1, credit: PacketNumber(packet) } });
  };
  return async (until) => {
    const keep: (() => void)[] = [];
    for (let i = 0; i < 158 && performance.now() < until; i++) {
      const begun = await begin().catch(() => null);
      if (begun !== null) keep.push(begun);
    }
    let sent = keep.length * 3;
    for (; performance.now() < until; sent += keep.length) {
      for (const one of keep) one();
      await sleep(500);
    }
    return sent;
  };
};

export const sessionAttacks: Record<string, Prepare> = { past, copies, everything, sessions, replays };
