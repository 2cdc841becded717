/** Attacks of a server that is none: it answers searches. */
import { randomBytes } from 'node:crypto';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { DISCOVERY_GROUP, QUERY_PORT } from '../../../src/contract/addresses.js';
import { decodeMessage, encodeMessage, message } from '../../../src/wire/message.js';
import type { StationInfo } from '../../../src/wire/station-info.js';
import { paginate } from '../../../src/wire/station-pages.js';
import type { Attack, AttackTask, Prepare } from './attacks.js';
import { openListener, openSender } from './sockets.js';

/** Pages that answer a request: as many as the buffer of a socket takes. */
const PAGES_PER_ANSWER = 48;
/** A page that was sent is sent again when it is requested this much later, ms: it was lost. */
const LOST_AFTER = 90;
/** Stations whose length is looked at. */
const MOST_ON_PAGE = 20;

interface List {
  revision: number;
  stations: readonly StationInfo[];
  /** Stations of a page. */
  onPage: number;
  /** The first page that has not been sent, and when the one before it was. */
  next: number;
  sentAt: number;
}

/** Answers each search, and each request for pages, with the list of that moment. It gives no sessions. */
async function impostor(address: string, list: () => readonly StationInfo[]): Promise<{ sent: () => number }> {
  const queries = await openListener(DISCOVERY_GROUP, QUERY_PORT, address);
  const control = await openSender(address);
  const cookie = randomBytes(16);
  let sent = 0;
  let revision = 0;
  /** By the searcher and its request's id: a search asks three times. */
  const lists = new Map<string, List>();
  queries.on('message', (datagram, { address: to, port }) => {
    const request = decodeMessage(datagram);
    if (request?.type !== 'start') return;
    const search = `${to} ${port} ${request.requestId}`;
    revision = (revision + 1) % 0x1_0000;
    let found = lists.get(search);
    if (found === undefined) {
      const stations = list();
      // Stations of one list are about as long: as many as on the last page fit every one.
      const [page = []] = paginate(stations.slice(-MOST_ON_PAGE));
      found = { revision, stations, onPage: page.length, next: 0, sentAt: 0 };
      lists.set(search, found);
    }
    const { stations } = found;
    const body = { server: 'AAA', controlPort: control.address().port, stations: stations.length };
    control.send(encodeMessage(message('challenge', request.requestId, body, { cookie })), port, to);
    sent++;
  });
  control.on('message', (datagram, { address: to, port }) => {
    const request = decodeMessage(datagram);
    const found = lists.get(`${to} ${port} ${request?.requestId}`);
    if (request?.type !== 'start' || found === undefined) return;
    const { stations, onPage } = found;
    const pages = Math.ceil(stations.length / onPage);
    // A client that collects a list asks for the next page with each one that comes.
    if (request.page < found.next && performance.now() - found.sentAt < LOST_AFTER) return;
    found.next = Math.min(pages, request.page + PAGES_PER_ANSWER);
    found.sentAt = performance.now();
    for (let { page } = request; page < found.next; page++) {
      const some = stations.slice(onPage * page, onPage * (page + 1));
      const head = { cookie, page, pages, revision: found.revision };
      control.send(encodeMessage(message('stations', request.requestId, some, head)), port, to);
      sent++;
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
