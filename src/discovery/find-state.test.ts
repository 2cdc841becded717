import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundAt } from '../../test/support/found.js';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { Millis } from '../base/units.js';
import { type AnyMessage, decodeMessage, encodeMessage, message, START_LENGTH } from '../wire/message.js';
import { type MessageKey, messageKey, Seals } from '../wire/seal.js';
import { PAGES_PER_REQUEST, paginate } from '../wire/station-pages.js';
import { FindState, type Outgoing, serverNames } from './find-state.js';

const query = { address: '239.255.255.240', port: 5600 };
const hall = { address: '10.0.0.1', port: 5601 };
const cookie = Buffer.alloc(16, 5);

const makeSearch = (...localAddresses: string[]): FindState =>
  new FindState({ localAddresses, query, requestId: 42, now: Millis(0) });
const read = (outgoing: Outgoing): AnyMessage | null => decodeMessage(outgoing.datagram);

const challenge = encodeMessage(
  message('challenge', 42, { server: 'hall', controlPort: 5601, stations: 2 }, { cookie }),
);
const pagesOf = (count: number): Buffer[] => {
  const pages = paginate(makeStations(count));
  return pages.map((body, page) =>
    encodeMessage(message('stations', 42, body, { page, pages: pages.length, revision: 1 })),
  );
};

test('the query goes out on every interface, three times, long enough for a challenge', () => {
  const search = makeSearch('10.0.0.9', '127.0.0.1');
  assert.deepEqual(
    [0, 50, 100, 200, 300, 900].map((now) => search.due(Millis(now)).length),
    [2, 0, 2, 0, 2, 0],
  );
  const [first, second] = makeSearch('10.0.0.9', '127.0.0.1').due(Millis(0));
  assert.deepEqual([first!.localAddress, second!.localAddress], ['10.0.0.9', '127.0.0.1']);
  assert.deepEqual(first!.to, query);
  assert.equal(first!.datagram.length, START_LENGTH);
  assert.deepEqual(read(first!), message('start', 42, {}));
});

test('a server that challenges is asked for its list with its cookie, at its source address', () => {
  const search = makeSearch('10.0.0.9');
  const [ask, ...more] = search.receive(challenge, hall, '10.0.0.9', Millis(5));
  assert.deepEqual(more, []);
  assert.deepEqual(ask!.to, hall);
  assert.equal(ask!.localAddress, '10.0.0.9');
  assert.deepEqual(read(ask!), message('start', 42, {}, { cookie }));
  assert.deepEqual(search.receive(challenge, hall, '10.0.0.9', Millis(6)), []);
  search.receive(pagesOf(2)[0]!, hall, '10.0.0.9', Millis(7));
  assert.deepEqual(
    search.found,
    makeStations(2).map((info) => ({
      key: `${info.group}:5004/${info.id}`,
      info,
      servers: [{ name: 'projector', address: '10.0.0.1', port: 5601, localAddress: '10.0.0.9' }],
    })),
  );
});

test('it settles 150 ms after the latest news, once all lists are complete', () => {
  const search = makeSearch('10.0.0.9');
  assert.equal(search.isSettled(Millis(999)), false);
  search.receive(challenge, hall, '10.0.0.9', Millis(10));
  assert.equal(search.isSettled(Millis(999)), false);
  search.receive(pagesOf(2)[0]!, hall, '10.0.0.9', Millis(20));
  assert.equal(search.isSettled(Millis(169)), false);
  assert.equal(search.isSettled(Millis(170)), true);
  search.receive(challenge, { ...hall, port: 5602 }, '10.0.0.9', Millis(160));
  assert.equal(search.isSettled(Millis(170)), false);
});

test('a lost page is requested again, and further pages once the earlier ones are there', () => {
  const search = makeSearch('10.0.0.9');
  const pages = pagesOf(80);
  search.due(Millis(300));
  search.receive(challenge, hall, '10.0.0.9', Millis(310));
  for (const [index, page] of pages.slice(0, PAGES_PER_REQUEST).entries()) {
    if (index !== 3) assert.deepEqual(search.receive(page, hall, '10.0.0.9', Millis(312)), []);
  }
  assert.deepEqual(search.due(Millis(400)), []);
  assert.deepEqual(search.due(Millis(410)).map(read), [message('start', 42, {}, { cookie, page: 3 })]);
  search.receive(pages[3]!, hall, '10.0.0.9', Millis(411));
  for (const page of pages.slice(PAGES_PER_REQUEST, 18)) search.receive(page, hall, '10.0.0.9', Millis(412));
  const wanted = search.receive(pages[18]!, hall, '10.0.0.9', Millis(413));
  assert.deepEqual(wanted.map(read), [message('start', 42, {}, { cookie, page: 19 })]);
  for (const page of pages.slice(19)) search.receive(page, hall, '10.0.0.9', Millis(414));
  assert.deepEqual(
    search.found.map(({ info }) => info),
    makeStations(80),
  );
});

test('answers to others, datagrams from strangers and malformed ones are ignored', () => {
  const search = makeSearch('10.0.0.9');
  const other = encodeMessage(message('challenge', 41, { server: 'x', controlPort: 1, stations: 1 }, { cookie }));
  assert.deepEqual(search.receive(other, hall, '10.0.0.9', Millis(1)), []);
  assert.deepEqual(search.receive(pagesOf(1)[0]!, hall, '10.0.0.9', Millis(1)), []);
  assert.deepEqual(search.receive(Buffer.from('hello'), hall, '10.0.0.9', Millis(1)), []);
  assert.deepEqual(search.found, []);
});

test('stations are sorted by server and then by number, not as text', () => {
  const search = makeSearch('10.0.0.9');
  for (const [port, server] of [
    [5602, 'b'],
    [5601, 'a'],
  ] as const) {
    const from = { ...hall, port };
    search.receive(challenge, from, '10.0.0.9', Millis(1));
    const body = [10, 9].map((number) => makeStation(number, { server, id: `${server}${number}` }));
    search.receive(
      encodeMessage(message('stations', 42, body, { pages: 1, revision: 1 })),
      from,
      '10.0.0.9',
      Millis(2),
    );
  }
  assert.deepEqual(
    search.found.map(({ info }) => `${info.server}${info.number}`),
    ['a9', 'a10', 'b9', 'b10'],
  );
});

test('a station that two servers send is one station with both; another schedule or group is another station', () => {
  const info = makeStation(1, { server: 'a' });
  const found = foundAt([
    { address: '10.0.0.1', stations: [info] },
    { address: '10.0.0.2', stations: [{ ...info, number: 2, server: 'b' }] },
    { address: '10.0.0.3', stations: [{ ...info, schedule: 'other', server: 'c' }] },
    { address: '10.0.0.4', stations: [{ ...info, group: '239.255.9.9', server: 'd' }] },
  ]);
  assert.deepEqual(found.map(serverNames), ['a, b', 'c', 'd']);
  assert.deepEqual(found[0]?.servers, [
    { name: 'a', address: '10.0.0.1', port: 5601, localAddress: '192.0.2.200' },
    { name: 'b', address: '10.0.0.2', port: 5601, localAddress: '192.0.2.200' },
  ]);
  assert.equal(new Set(found.map(({ key }) => key)).size, 3);
});

test('a station keeps its key when one of its servers ends', () => {
  const both = [
    { address: '10.0.0.1', stations: [makeStation(1, { server: 'a' })] },
    { address: '10.0.0.2', stations: [makeStation(1, { server: 'b' })] },
  ];
  const keys = [both, both.slice(0, 1), both.slice(1)].map((answers) => foundAt(answers).map(({ key }) => key));
  assert.deepEqual(keys, [keys[0], keys[0], keys[0]]);
  assert.equal(keys[0]?.length, 1);
});

const ours = messageKey(Buffer.from('the secret of this network'));
const attic = { address: '10.0.0.2', port: 5601 };

/** A search with this key, and the answers of a server with that one: its challenge and its only page. */
function searchWith(key: MessageKey | undefined, serverKey: MessageKey | null, from = hall) {
  const search = new FindState({ localAddresses: ['10.0.0.9'], query, requestId: 42, now: Millis(0), key });
  const seals = new Seals(serverKey);
  const answers = [
    message('challenge', 42, { server: 'hall', controlPort: 5601, stations: 2 }, { cookie }),
    message('stations', 42, makeStations(2), { pages: 1, revision: 1 }),
  ].map((each) => seals.encode(each as AnyMessage, from));
  const receive = (at = from) => answers.flatMap((each) => search.receive(each, at, '10.0.0.9', Millis(5)));
  return { search, seals, receive };
}

test('with a key the query is not sealed, the request for the list is, and a sealed list is believed', () => {
  const { search, seals, receive } = searchWith(ours, ours);
  assert.deepEqual(read(search.due(Millis(0))[0]!), message('start', 42, {}));
  const [ask, ...more] = receive();
  assert.deepEqual(more, []);
  assert.deepEqual(seals.read(ask!.datagram, hall), { kind: 'message', message: message('start', 42, {}, { cookie }) });
  assert.deepEqual(
    search.found.map(({ info }) => info),
    makeStations(2),
  );
  assert.deepEqual(search.leftOut.foreign, []);
});

test('servers without our key, or with one that we have not, are left out with the reason, and asked nothing', () => {
  const theirs = messageKey(Buffer.from('the secret of that network'));
  for (const [key, serverKey, mismatch] of [
    [ours, null, 'it-has-no-key'],
    [ours, theirs, 'other-key'],
    [undefined, ours, 'we-have-no-key'],
  ] as const) {
    const { search, receive } = searchWith(key, serverKey);
    assert.deepEqual(receive(), []);
    assert.deepEqual(search.found, []);
    assert.deepEqual(search.leftOut.foreign, [{ ...hall, mismatch }]);
  }
});

test('what another machine passes on as its own is not believed', () => {
  const { search, receive } = searchWith(ours, ours);
  assert.deepEqual(receive(attic), []);
  assert.deepEqual(search.found, []);
  assert.deepEqual(search.leftOut.foreign, [{ ...attic, mismatch: 'other-key' }]);
});

test('a forged answer in the name of a server neither lists anything nor leaves that server out', () => {
  const { search, receive } = searchWith(ours, ours);
  const forge = () => {
    search.receive(challenge, hall, '10.0.0.9', Millis(5));
    search.receive(pagesOf(1)[0]!, hall, '10.0.0.9', Millis(5));
  };
  forge();
  assert.deepEqual(search.found, []);
  receive();
  forge();
  assert.equal(search.found.length, 2);
  assert.deepEqual(search.leftOut.foreign, []);
});

test('of a flood of forged answers a bounded number is remembered', () => {
  const { search } = searchWith(ours, ours);
  for (let n = 0; n < 1_000; n++) {
    search.receive(challenge, { address: '10.0.0.3', port: 1 + n }, '10.0.0.9', Millis(5));
  }
  assert.equal(search.leftOut.foreign.length, 100);
});
