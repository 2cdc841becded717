/** What strangers answer to a search: it stays bounded, and keeps the others' stations. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { Millis } from '../base/units.js';
import { encodeMessage, message } from '../wire/message.js';
import type { StationInfo } from '../wire/station-info.js';
import { PAGES_PER_REQUEST, paginate } from '../wire/station-pages.js';
import { FindState, type FoundStation, MOST_STATIONS } from './find-state.js';
import { leftOutLines } from './left-out.js';

const localAddress = '10.0.0.9';
const cookie = Buffer.alloc(16, 5);
const challenge = encodeMessage(
  message('challenge', 42, { server: 'x', controlPort: 5601, stations: 65_535 }, { cookie }),
);

const makeSearch = (before: readonly FoundStation[] = []): FindState =>
  new FindState({
    localAddresses: [localAddress],
    query: { address: '239.255.255.240', port: 5600 },
    requestId: 42,
    now: Millis(0),
    before,
    isOnNetwork: (address) => address.startsWith('10.0.0.'),
  });

type Pages = readonly Buffer[];
const pagesOf = (stations: readonly unknown[], length?: number): Pages => {
  const pages = paginate(stations as StationInfo[]);
  return pages.map((body, page) =>
    encodeMessage(message('stations', 42, body, { page, pages: length ?? pages.length, revision: 1 })),
  );
};

/** A server that answers each request with its pages; returns the number of its datagrams. */
function answer(search: FindState, address: string, pages: Pages, port = 5601): number {
  const from = { address, port };
  let datagrams = 1;
  const requests = search.receive(challenge, from, localAddress, Millis(1));
  for (let page = 0; requests.pop() !== undefined; page += PAGES_PER_REQUEST) {
    for (const each of pages.slice(page, page + PAGES_PER_REQUEST)) {
      datagrams++;
      requests.push(...search.receive(each, from, localAddress, Millis(2)));
    }
  }
  return datagrams;
}

const own = (count: number): StationInfo[] => makeStations(count).map((info) => ({ ...info, server: 'hall' }));
const rogue = (count: number, salt = ''): StationInfo[] =>
  makeStations(count).map((info) => ({ ...info, id: `${salt}x${info.number}`, server: '!', schedule: salt }));
const ofHall = (search: FindState): number => search.found.filter(({ info }) => info.server === 'hall').length;
/** Addresses outside this network. */
const elsewhere = (i: number): string => `172.16.${i >> 8}.${i & 0xff}`;

test('a server with more stations than a list has room for leaves others theirs, in any order of answers', () => {
  const many = pagesOf(rogue(6_000));
  for (const isFirst of [true, false]) {
    const search = makeSearch();
    if (isFirst) answer(search, '10.0.0.1', pagesOf(own(20)));
    const datagrams = answer(search, '10.0.0.66', many);
    if (!isFirst) answer(search, '10.0.0.1', pagesOf(own(20)));
    assert.ok(datagrams < MOST_STATIONS, `${datagrams} datagrams were asked for`);
    assert.equal(ofHall(search), 20);
    assert.ok(search.found.length <= MOST_STATIONS);
    assert.ok(search.isSettled(Millis(1_000)));
    assert.deepEqual(
      search.leftOut.cut.map(({ server }) => server.address),
      ['10.0.0.66'],
    );
  }
});

test('ten thousand addresses elsewhere displace no server of this network, of this machine, or of the search before', () => {
  const first = makeSearch();
  answer(first, '192.168.9.9', pagesOf([makeStation(300, { server: 'known' })]));
  const search = makeSearch(first.found);
  const pages = pagesOf(rogue(40));
  for (let i = 0; i < 10_000; i++) answer(search, elsewhere(i), pages);
  answer(search, '192.168.9.9', pagesOf([makeStation(300, { server: 'known' })]));
  answer(search, localAddress, pagesOf([makeStation(301, { server: 'here' })]));
  for (let i = 10; i < 264; i++) answer(search, `10.0.0.${i}`, pagesOf(i === 100 ? own(16) : rogue(1)));
  const servers = search.found.map(({ info }) => info.server);
  assert.ok(servers.includes('known') && servers.includes('here'));
  assert.equal(ofHall(search), 16);
  assert.ok(search.found.length <= MOST_STATIONS);
  assert.equal(search.leftOut.servers, 1_000);
  assert.match(leftOutLines(search.leftOut).join(' '), /1,000 servers or more/);
});

test('servers of one address have room for several processes, and no more', () => {
  const search = makeSearch();
  for (let port = 1; port <= 5_000; port++) answer(search, '10.0.0.66', pagesOf(rogue(3, `p${port}`)), port);
  answer(search, '10.0.0.1', pagesOf(own(20)));
  assert.equal(ofHall(search), 20);
  assert.equal(search.found.length, 20 + 3 * 16);
});

test('eleven thousand stations are taken and listed with a bounded number of requests', () => {
  const search = makeSearch();
  const datagrams = answer(search, '10.0.0.66', pagesOf(rogue(11_000)));
  assert.ok(datagrams <= 1 + MOST_STATIONS);
  assert.equal(search.found.length, MOST_STATIONS);
  assert.equal(search.found, search.found, 'the list is made once');
});

test('a silent server is asked five times and waited for half a second', () => {
  const search = makeSearch();
  answer(search, '10.0.0.1', pagesOf(own(1)));
  let asked = search.receive(challenge, { address: '10.0.0.66', port: 5601 }, localAddress, Millis(0)).length;
  for (let now = 0; now < 1_000; now += 25) {
    asked += search.due(Millis(now)).filter(({ to }) => to.address === '10.0.0.66').length;
    assert.equal(search.isSettled(Millis(now)), now >= 500, `at ${now} ms`);
  }
  assert.equal(asked, 5);
});

test('stations that no server can have are said: server, field, number', () => {
  const search = makeSearch();
  answer(
    search,
    '10.0.0.66',
    pagesOf([makeStation(1), makeStation(2, { bitrate: 1e12 }), makeStation(3, { bitrate: 0 })]),
  );
  assert.equal(search.found.length, 1);
  assert.deepEqual(leftOutLines(search.leftOut), [
    'The server 10.0.0.66:5601 describes 2 stations wrongly (bitrate): left out of the list.',
  ]);
});

test('a server that describes another stream under the same id and schedule is no second server of the station', () => {
  const search = makeSearch();
  answer(search, '10.0.0.1', pagesOf([makeStation(1)]));
  answer(search, '10.0.0.2', pagesOf([makeStation(1, { number: 9, nowPlaying: 'another' })]));
  for (const [i, changes] of [{ ssrc: 9 }, { bitrate: 9 }, { width: 9 }, { format: 'jpeg' as const }].entries()) {
    answer(search, `10.0.0.${20 + i}`, pagesOf([makeStation(1, changes)]));
  }
  const [real, ...others] = search.found;
  assert.deepEqual(
    real?.servers.map(({ address }) => address),
    ['10.0.0.1', '10.0.0.2'],
  );
  assert.deepEqual(
    others.map(({ servers }) => servers.length),
    [1, 1, 1, 1],
  );
  assert.equal(new Set(search.found.map(({ key }) => key)).size, 5);
});

test('a station keeps its key when another server claims its group and id, and after a change of its schedule', () => {
  const first = makeSearch();
  answer(first, '10.0.0.50', pagesOf([makeStation(1)]));
  const second = makeSearch(first.found);
  answer(second, '10.0.0.1', pagesOf([makeStation(1, { schedule: 'claimed', server: '!' })]));
  answer(second, '10.0.0.50', pagesOf([makeStation(1, { schedule: 'skipped' })]));
  const [held] = first.found;
  const again = second.found.find(({ key }) => key === held?.key);
  assert.equal(again?.info.schedule, 'skipped');
  assert.equal(second.found.length, 2);
});

test('of a hundred servers of a station sixteen are kept, those known before among them', () => {
  const station = pagesOf([makeStation(1)]);
  const first = makeSearch();
  answer(first, '10.0.0.250', station);
  const search = makeSearch(first.found);
  for (let i = 1; i <= 100; i++) answer(search, `10.0.0.${i}`, station);
  answer(search, '10.0.0.250', station);
  assert.equal(search.found.length, 1);
  assert.equal(search.found[0]?.servers.length, 16);
  assert.ok(search.found[0]?.servers.some(({ address }) => address === '10.0.0.250'));
});

test('any replies lead to bounded lists, and to at most one request each besides those that are due', () => {
  const description = fc
    .record({
      id: fc.constantFrom('a', 'b', 'c'),
      number: fc.nat(70_000),
      bitrate: fc.constantFrom(1, 6e6, 1e12),
      port: fc.constantFrom(5004, 65_535),
      schedule: fc.constantFrom('1', '2'),
    })
    .map((changes) => ({ ...makeStation(1), ...changes }));
  const reply = fc.record({
    host: fc.nat(700),
    port: fc.constantFrom(5601, 5602),
    isChallenge: fc.boolean(),
    page: fc.nat(65_534),
    pages: fc.constantFrom(1, 2, 65_535),
    revision: fc.nat(65_535),
    body: fc.array(fc.oneof(description, fc.jsonValue({ maxDepth: 1 })), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 300 }), (replies) => {
      const search = makeSearch();
      let requests = 0;
      for (const [at, { host, port, isChallenge, page, pages, revision, body }] of replies.entries()) {
        const from = { address: `10.0.${host >> 8}.${host & 0xff}`, port };
        const stations = message('stations', 42, body, { page: page % pages, pages, revision });
        const bytes = Buffer.byteLength(JSON.stringify(body));
        const datagram = isChallenge || bytes > 1_300 ? challenge : encodeMessage(stations);
        requests += search.receive(datagram, from, localAddress, Millis(at)).length;
        assert.ok(requests <= at + 1);
      }
      const { found } = search;
      assert.ok(found.length <= MOST_STATIONS);
      assert.equal(new Set(found.map(({ key }) => key)).size, found.length);
      assert.ok(search.due(Millis(0)).length <= 257);
      assert.ok(leftOutLines(search.leftOut).length <= 9);
    }),
    { numRuns: 60 },
  );
});
