/** Attacks of a server that is none: it answers searches. */
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DISCOVERY_GROUP, QUERY_PORT } from '../../../src/contract/addresses.js';
import { type AnyMessage, decodeMessage, encodeMessage, message } from '../../../src/wire/message.js';
import type { StationInfo } from '../../../src/wire/station-info.js';
import type { Attack, AttackTask, Prepare } from './attacks.js';

/** Stations on a page, and pages sent at once: a receiver's buffer takes these. */
const ON_PAGE = 3;
const AT_ONCE = 64;

/** Answers each search with the list of that moment, all of it, without being asked for pages. */
async function impostor(address: string, list: () => readonly StationInfo[]): Promise<{ sent: () => number }> {
  const queries = createSocket({ type: 'udp4', reuseAddr: true });
  queries.bind(QUERY_PORT, DISCOVERY_GROUP);
  await once(queries, 'listening');
  queries.addMembership(DISCOVERY_GROUP, address);
  const control = createSocket('udp4');
  control.bind(0, address);
  await once(control, 'listening');
  const cookie = randomBytes(16);
  let sent = 0;
  let revision = 0;
  /** Searches that have been answered, by the sender and the id: a search asks three times. */
  const answered = new Set<string>();
  queries.on('message', async (datagram, { address: to, port }) => {
    const request = decodeMessage(datagram);
    const search = `${to} ${port} ${request?.requestId}`;
    if (request?.type !== 'start' || answered.has(search)) return;
    answered.add(search);
    const stations = list();
    const send = (answer: AnyMessage) => {
      control.send(encodeMessage(answer), port, to);
      sent++;
    };
    revision = (revision + 1) % 0x1_0000;
    const { requestId } = request;
    const body = { server: 'AAA', controlPort: control.address().port, stations: stations.length };
    send(message('challenge', requestId, body, { cookie }));
    const pages = Math.ceil(stations.length / ON_PAGE);
    for (let page = 0; page < pages; page++) {
      const some = stations.slice(ON_PAGE * page, ON_PAGE * (page + 1));
      send(message('stations', requestId, some, { cookie, page, pages, revision }));
      if (page % AT_ONCE === AT_ONCE - 1) await sleep(5);
    }
  });
  return { sent: () => sent };
}

const answering = async (
  { from }: AttackTask,
  list: () => readonly StationInfo[],
  meanwhile: () => unknown = () => undefined,
): Promise<Attack> => {
  return async (until) => {
    const { sent } = await impostor(from[0]!, list);
    while (performance.now() < until) {
      meanwhile();
      await sleep(500);
    }
    return sent();
  };
};

const rogueStation = (base: StationInfo, i: number): StationInfo => ({
  ...base,
  ...{ number: 1 + (i % 60_000), id: `rogue-${i}`, name: `Rogue ${i}`, server: 'AAA', schedule: 'rogue' },
  ...{ nowPlaying: '', videoCodec: '', audioCodec: null, aspectRatio: '' },
  group: `239.66.${(i >> 8) & 0xff}.${i & 0xff}`,
});

/** A station whose rate is beyond all reason, and a viewer of it at a gateway. */
const bitrate: Prepare = (task) => {
  const rogue = { ...rogueStation(task.stations[0]!, 1), bitrate: 1e12 };
  const { address, port } = task.gateway;
  return answering(
    task,
    () => [rogue],
    () => get(`http://${address}:${port}/stations/${rogue.id}.ts`).on('error', () => undefined),
  );
};

/** Eleven thousand stations, others with each search. */
const list: Prepare = (task) => {
  let first = 0;
  return answering(task, () => {
    first += 11_000;
    return Array.from({ length: 11_000 }, (_, i) => rogueStation(task.stations[0]!, first + i));
  });
};

/** The same stations, which it claims to send as well; it repairs nothing. */
const twin: Prepare = (task) => answering(task, () => task.stations.map((station) => ({ ...station, server: 'AAA' })));

/** Other stations on the same groups. */
const claim: Prepare = (task) =>
  answering(task, () =>
    task.stations.map((station) => ({ ...station, server: 'AAA', schedule: 'claimed', id: `${station.id}-claimed` })),
  );

export const impostors: Record<string, Prepare> = { bitrate, list, twin, claim };
