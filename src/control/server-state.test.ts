import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FakeFlows } from '../../test/support/flows.js';
import { makeStation, makeStations } from '../../test/support/stations.js';
import { Millis, PacketNumber } from '../base/units.js';
import {
  type AnyMessage,
  decodeMessage,
  encodeMessage,
  type MessageBody,
  message,
  type RequestType,
  readHeader,
} from '../wire/message.js';
import { type MessageKey, messageKey, Seals } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';
import { COOKIE_SLOT } from './cookie.js';
import { AMPLIFICATION_LIMIT, BURST_SPEED, SESSION_TIMEOUT, ServerState } from './server-state.js';
import { MAX_SESSIONS } from './session-table.js';

const secret = Buffer.alloc(32, 7);
const client = { address: '10.0.0.9', port: 40_000 };
const at = { address: '10.0.0.1', port: 5601 };
const key = messageKey(Buffer.from('the secret of this network'));
const noon = Millis(1_795_000_000_000);

/** `stations` can return another list at any time. */
function makeServer(
  stations: StationInfo[] | (() => StationInfo[]) = makeStations(2),
  server = 'hall',
  flows = new FakeFlows(),
  key?: MessageKey,
): ServerState {
  const directory = {
    stations: typeof stations === 'function' ? stations : () => stations,
    position: (id: string) =>
      id === 'off' ? undefined : { next: PacketNumber(id === 'station-2' ? 1234 : 1), time: noon },
  };
  return new ServerState({ server, controlPort: 5601, directory, flows, secret, key });
}

function ask(server: ServerState, request: AnyMessage, from = client, now: number = noon, minLength = 0): AnyMessage[] {
  return server.handle(encodeMessage(request, { minLength }), from, Millis(now), at).map((datagram) => {
    const reply = decodeMessage(datagram);
    assert.ok(reply, 'a reply that cannot be read');
    return reply;
  });
}

function cookieFor(server: ServerState, from = client, now: number = noon): Buffer {
  const [challenge] = ask(server, message('start', 0, {}), from, now);
  assert.equal(challenge!.type, 'challenge');
  return challenge!.cookie;
}

let ids = 1000;
function requestOf<T extends RequestType>(
  server: ServerState,
  type: T,
  body: MessageBody<T>,
  now: number = noon,
): AnyMessage[] {
  const request = message(type, ids++, body, { cookie: cookieFor(server, client, now) });
  return ask(server, request as AnyMessage, client, now);
}

test('a request of any kind without a cookie is answered with a challenge', () => {
  const server = makeServer();
  for (const request of [
    message('start', 5, {}),
    message('tune', 5, { station: 'station-1' }),
    message('keepalive', 5, {}, { cookie: Buffer.alloc(16, 9) }),
  ] as AnyMessage[]) {
    const [reply, ...more] = ask(server, request, client, noon, 300);
    assert.deepEqual(reply, {
      ...message('challenge', 5, { server: 'hall', controlPort: 5601, stations: 2 }),
      cookie: reply!.cookie,
    });
    assert.deepEqual(more, []);
  }
  assert.deepEqual(server.sessions(), []);
  assert.equal(server.counters.challenged, 3);
});

test('without a cookie no reply is longer than three times its request, for any server name, with a key and without', () => {
  fc.assert(
    fc.property(
      fc.option(fc.constant(key), { nil: undefined }),
      fc.string({ unit: 'binary', maxLength: 300 }),
      fc.constantFrom('start', 'pause', 'keepalive', 'exit'),
      fc.nat(1400),
      (key, name, type, minLength) => {
        const request = encodeMessage(message(type, 1, {}), { minLength });
        const replies = makeServer(undefined, name, undefined, key).handle(request, client, noon, at);
        assert.equal(replies.length, 1);
        assert.ok(replies[0]!.length <= AMPLIFICATION_LIMIT * request.length);
        assert.equal(readHeader(replies[0]!)?.type, 'challenge');
      },
    ),
  );
});

test('a cookie is valid at one address and port only', () => {
  const server = makeServer();
  const cookie = cookieFor(server);
  const start = message('start', 1, {}, { cookie });
  assert.equal(ask(server, start)[0]!.type, 'stations');
  assert.equal(ask(server, start, { ...client, port: 40_001 })[0]!.type, 'challenge');
  assert.equal(ask(server, start, { ...client, address: '10.0.0.8' })[0]!.type, 'challenge');
});

test('a cookie is valid in its time slot and the next, and every reply brings the newest', () => {
  const server = makeServer();
  const begin = Math.floor(noon / COOKIE_SLOT) * COOKIE_SLOT;
  const cookie = cookieFor(server, client, begin);
  const start = message('start', 1, {}, { cookie });
  const [later] = ask(server, start, client, begin + 2 * COOKIE_SLOT - 1);
  assert.equal(later!.type, 'stations');
  assert.notDeepEqual(later!.cookie, cookie);
  assert.equal(ask(server, start, client, begin + 2 * COOKIE_SLOT)[0]!.type, 'challenge');
  assert.equal(ask(server, { ...start, cookie: later!.cookie }, client, begin + 2 * COOKIE_SLOT)[0]!.type, 'stations');
});

test('a long list comes in pages of one revision from the requested page on, and is kept for a while', () => {
  let stations = makeStations(80);
  const server = makeServer(() => stations);
  const cookie = cookieFor(server);
  const first = ask(server, message('start', 1, {}, { cookie }));
  stations = stations.with(79, makeStation(80, { nowPlaying: 'another' }));
  const rest = ask(server, message('start', 2, {}, { cookie, page: first.length }), client, noon + 100);
  const all = [...first, ...rest];
  assert.equal(first.length, 16);
  assert.deepEqual(
    all.map(({ page }) => page),
    all.map((_, index) => index),
  );
  assert.equal(new Set(all.map(({ revision, pages }) => `${revision} ${pages}`)).size, 1);
  assert.deepEqual(
    all.flatMap((each) => (each.type === 'stations' ? each.body : [])),
    makeStations(80),
  );
});

test('the list is made again when it is old, and at once when a station comes or goes', () => {
  let stations = makeStations(3);
  const server = makeServer(() => stations);
  const cookie = cookieFor(server);
  const list = (now: number): AnyMessage => ask(server, message('start', 1, {}, { cookie }), client, now)[0]!;
  const first = list(noon);
  stations = stations.with(0, makeStation(1, { nowPlaying: 'another' }));
  assert.deepEqual(list(noon + 1_999), first);
  const second = list(noon + 2_000);
  assert.deepEqual(second.body, stations);
  stations = stations.slice(0, -1);
  const third = list(noon + 2_001);
  assert.deepEqual(third.body, stations);
  assert.equal(new Set([first, second, third].map(({ revision }) => revision)).size, 3);
  assert.deepEqual(ask(server, message('start', 4, {}, { cookie, page: 1 })), []);
});

test('a session is tuned, paused, resumed, changed and left', () => {
  const server = makeServer();
  const [tuned] = requestOf(server, 'tune', { station: 'station-2' });
  assert.equal(tuned!.type, 'tuned');
  assert.deepEqual(tuned!.body, { station: makeStation(2), next: 1234, serverTime: noon, members: 1, burst: null });
  const view = () => server.sessions().map(({ station, state }) => `${station} ${state}`);
  assert.deepEqual(view(), ['station-2 playing']);
  assert.equal(requestOf(server, 'pause', {})[0]!.type, 'ok');
  assert.deepEqual(view(), ['station-2 paused']);
  assert.equal(requestOf(server, 'resume', {})[0]!.type, 'ok');
  assert.deepEqual(view(), ['station-2 playing']);
  requestOf(server, 'pause', {});
  assert.equal(requestOf(server, 'change', { station: 'station-1' })[0]!.type, 'tuned');
  assert.deepEqual(view(), ['station-1 playing']);
  assert.deepEqual(requestOf(server, 'keepalive', {})[0]!.body, { serverTime: noon, next: 1 });
  assert.equal(requestOf(server, 'exit', {})[0]!.type, 'ok');
  assert.deepEqual(view(), []);
  assert.equal(requestOf(server, 'exit', {})[0]!.type, 'ok');
  assert.equal(server.counters.begun, 1);
  assert.equal(server.counters.left, 1);
});

test('a burst begins with the session, and ends with it or with another station', () => {
  const flows = new FakeFlows();
  const server = makeServer(undefined, undefined, flows);
  const [tuned] = requestOf(server, 'tune', { station: 'station-2', burst: { flow: 9 } });
  assert.ok(tuned!.type === 'tuned');
  assert.deepEqual(tuned.body.burst, { flow: 9, from: 100, time: 5 });
  const running = () => [...flows.running].map(([client, { station, request }]) => [client, station, request]);
  const request = { flow: 9, speed: BURST_SPEED, from: { kind: 'live' } };
  assert.deepEqual(running(), [['10.0.0.9:40000', 'station-2', request]]);
  requestOf(server, 'change', { station: 'station-1' });
  assert.deepEqual(running(), []);
  requestOf(server, 'change', { station: 'station-1', burst: { flow: 10 } });
  requestOf(server, 'exit', {});
  assert.deepEqual(running(), []);
  requestOf(server, 'tune', { station: 'station-1', burst: { flow: 11 } });
  server.expire(Millis(noon + SESSION_TIMEOUT));
  assert.deepEqual(running(), []);
});

test('a refused burst leaves the session tuned', () => {
  const flows = new FakeFlows();
  flows.answer = 'over-budget';
  const [tuned] = requestOf(makeServer(undefined, undefined, flows), 'tune', {
    station: 'station-2',
    burst: { flow: 9 },
  });
  assert.ok(tuned!.type === 'tuned');
  assert.equal(tuned.body.burst, null);
});

test('a replay is of the session’s station, and its refusal is passed on', () => {
  const flows = new FakeFlows();
  const server = makeServer(undefined, undefined, flows);
  const request = { flow: 2, speed: 4, from: { kind: 'packet', packet: 70 } } as const;
  const [unknown] = requestOf(server, 'replay', request);
  assert.ok(unknown!.type === 'error' && unknown.body.code === 'no-session');
  requestOf(server, 'tune', { station: 'station-2' });
  const [replaying] = requestOf(server, 'replay', request);
  assert.ok(replaying!.type === 'replaying');
  assert.deepEqual(replaying.body, { flow: 2, from: 100, time: 5, oldest: 0, next: 1234, serverTime: noon });
  assert.deepEqual([...flows.running.values()], [{ station: 'station-2', request }]);
  flows.answer = 'too-early';
  const [refused] = requestOf(server, 'replay', request);
  assert.ok(refused!.type === 'error' && refused.body.code === 'too-early');
});

test('members are the sessions of a station', () => {
  const server = makeServer();
  const tune = (port: number, station: string, now: number = noon) => {
    const from = { address: '10.0.0.9', port };
    const [reply] = ask(
      server,
      message('tune', ids++, { station }, { cookie: cookieFor(server, from, now) }),
      from,
      now,
    );
    return reply!.type === 'tuned' ? reply.body.members : 0;
  };
  assert.deepEqual([tune(1, 'station-1'), tune(2, 'station-1'), tune(3, 'station-2')], [1, 2, 1]);
  assert.deepEqual([tune(1, 'station-2'), tune(1, 'station-2')], [2, 2]);
  assert.deepEqual(server.members('station-1'), { sessions: 1, addresses: 1 });
  server.expire(Millis(noon + SESSION_TIMEOUT));
  assert.deepEqual(
    [server.members('station-1'), server.members('station-2')].map(({ sessions }) => sessions),
    [0, 0],
  );
});

test('feedback is accepted with a valid cookie from a session only', () => {
  const server = makeServer();
  const cookie = cookieFor(server);
  assert.equal(server.acceptsFeedback(client, cookie, noon), null);
  requestOf(server, 'tune', { station: 'station-2' });
  assert.equal(server.acceptsFeedback(client, cookie, noon)?.station, 'station-2');
  assert.equal(server.acceptsFeedback(client, Buffer.alloc(16, 1), noon), null);
  assert.equal(server.acceptsFeedback(client, cookie, noon)?.station, 'station-2');
  assert.equal(server.acceptsFeedback({ ...client, port: 1 }, cookie, noon), null);
  const slotBegin = Math.floor(noon / COOKIE_SLOT) * COOKIE_SLOT;
  const lastMoment = slotBegin + 2 * COOKIE_SLOT - 1;
  assert.equal(server.acceptsFeedback(client, cookie, Millis(lastMoment))?.station, 'station-2');
  assert.equal(server.acceptsFeedback(client, cookie, Millis(lastMoment + 1)), null);
  requestOf(server, 'exit', {});
  assert.equal(server.acceptsFeedback(client, cookie, noon), null);
});

test('refusals have codes', () => {
  const server = makeServer([makeStation(1), makeStation(2, { id: 'off' })]);
  const codes = (replies: AnyMessage[]): string[] =>
    replies.map((each) => (each.type === 'error' ? each.body.code : ''));
  for (const type of ['pause', 'resume', 'keepalive'] as const) {
    assert.deepEqual(codes(requestOf(server, type, {})), ['no-session']);
  }
  assert.deepEqual(codes(requestOf(server, 'change', { station: 'station-1' })), ['no-session']);
  assert.deepEqual(codes(requestOf(server, 'tune', { station: 'none' })), ['unknown-station']);
  assert.deepEqual(codes(requestOf(server, 'tune', { station: 'off' })), ['off-air']);
  requestOf(server, 'tune', { station: 'station-1' });
  assert.deepEqual(codes(requestOf(server, 'change', { station: 'none' })), ['unknown-station']);
  assert.equal(server.sessions()[0]!.station, 'station-1');
  assert.equal(server.counters.refused, 7);
});

test('a repeated request is answered as before, and does nothing a second time', () => {
  const server = makeServer();
  const cookie = cookieFor(server);
  const tune = message('tune', 1, { station: 'station-2' }, { cookie });
  const first = ask(server, tune);
  assert.deepEqual(ask(server, tune, client, noon + 500), first);
  ask(server, message('exit', 2, {}, { cookie }));
  assert.deepEqual(ask(server, message('exit', 2, {}, { cookie }))[0]!.type, 'ok');
  assert.equal(server.counters.repeated, 2);
  assert.equal(server.counters.begun, 1);
});

test('a delayed copy changes nothing, not even after leaving', () => {
  const server = makeServer();
  const cookie = cookieFor(server);
  const tune = message('tune', 0xffff_ffff, { station: 'station-2' }, { cookie });
  ask(server, tune);
  ask(server, message('change', 0, { station: 'station-1' }, { cookie })); // the id has wrapped
  assert.deepEqual(ask(server, tune), []);
  assert.equal(server.sessions()[0]!.station, 'station-1');
  ask(server, message('exit', 1, {}, { cookie }));
  assert.deepEqual(ask(server, tune), []);
  assert.deepEqual(server.sessions(), []);
  assert.equal(server.counters.stale, 2);
});

test('a session ends after 30 s of silence; a keep-alive puts that off', () => {
  const server = makeServer();
  requestOf(server, 'tune', { station: 'station-1' });
  requestOf(server, 'keepalive', {}, noon + 20_000);
  server.expire(Millis(noon + 20_000 + SESSION_TIMEOUT - 1));
  assert.equal(server.sessions().length, 1);
  server.expire(Millis(noon + 20_000 + SESSION_TIMEOUT));
  assert.equal(server.sessions().length, 0);
  assert.equal(server.counters.expired, 1);
});

test('the number of sessions is limited; existing ones go on', () => {
  const server = makeServer();
  const types: string[] = [];
  for (let n = 0; n <= MAX_SESSIONS; n++) {
    const from = { address: `10.1.${n >> 8}.${n & 255}`, port: 5000 };
    const cookie = cookieFor(server, from);
    types.push(ask(server, message('tune', 1, { station: 'station-1' }, { cookie }), from, noon + n)[0]!.type);
  }
  assert.equal(types.pop(), 'error');
  assert.ok(types.every((type) => type === 'tuned'));
  const from = { address: '10.1.0.0', port: 5000 };
  assert.equal(ask(server, message('pause', 2, {}, { cookie: cookieFor(server, from) }), from)[0]!.type, 'ok');
});

test('ten thousand sessions of one address leave room for the others, and end for them', () => {
  const server = makeServer();
  const tune = (from: typeof client, now: number) =>
    ask(server, message('tune', 1, { station: 'station-1' }, { cookie: cookieFor(server, from, now) }), from, now)[0];
  let now: number = noon;
  for (let port = 1; server.sessions().length < MAX_SESSIONS; now += 1_000) {
    while (tune({ address: '10.0.0.66', port }, now)?.type === 'tuned') port++;
    const alive = { address: '10.0.0.66', port: 1 };
    ask(server, message('keepalive', 2, {}, { cookie: cookieFor(server, alive, now) }), alive, now);
  }
  for (let i = 1; i <= 200; i++) {
    const from = { address: `10.0.1.${i}`, port: 5000 };
    assert.equal(tune(from, now)?.type, 'tuned');
  }
  assert.equal(server.counters.displaced, 200);
  assert.equal(server.sessions().length, MAX_SESSIONS);
  assert.deepEqual(server.members('station-1'), { sessions: MAX_SESSIONS, addresses: 201 });
});

test('a session that floods with good requests is answered as far as its share goes; others are always answered', () => {
  const server = makeServer(makeStations(80));
  const [flooder, neighbour, other] = [
    { address: '10.0.0.66', port: 1 },
    { address: '10.0.0.66', port: 2 },
    { address: '10.0.0.9', port: 1 },
  ];
  const cookies = [flooder, neighbour, other].map((from) => cookieFor(server, from));
  let answered = 0;
  for (let ms = 0; ms < 2_000; ms++) {
    for (let i = 0; i < 50; i++) {
      answered += ask(server, message('start', i, {}, { cookie: cookies[0] }), flooder, noon + ms).length > 0 ? 1 : 0;
    }
    if (ms % 20 !== 0) continue;
    for (const [i, from] of [neighbour, other].entries()) {
      const replies = ask(server, message('start', ms, {}, { cookie: cookies[i + 1] }), from, noon + ms);
      assert.equal(replies.length, 16);
    }
  }
  assert.ok(answered < 25_000, `${answered} of 100,000`);
  assert.equal(server.counters.excess, 100_000 - answered);
});

test('feedback of a session that causes more work than its share is not accepted; that of others is', () => {
  const server = makeServer();
  const cookie = cookieFor(server);
  requestOf(server, 'tune', { station: 'station-2' });
  const other = { ...client, port: 2 };
  const itsCookie = cookieFor(server, other);
  ask(server, message('tune', 1, { station: 'station-2' }, { cookie: itsCookie }), other);
  let accepted = 0;
  for (; server.acceptsFeedback(client, cookie, noon); accepted++) server.countWork(client, 500);
  assert.ok(accepted > 10 && accepted < 50, `${accepted}`);
  assert.ok(server.acceptsFeedback(other, itsCookie, noon));
  assert.ok(server.acceptsFeedback(client, cookie, Millis(noon + 200)));
});

test('anything malformed is counted and dropped, replies included', () => {
  const server = makeServer();
  const reply = encodeMessage(message('ok', 1, {}));
  assert.deepEqual(server.handle(reply, client, noon, at), []);
  assert.deepEqual(server.handle(Buffer.from('hello'), client, noon, at), []);
  assert.equal(server.counters.malformed, 2);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1500 }), (bytes) => {
      assert.deepEqual(server.handle(Buffer.from(bytes), client, noon, at), []);
    }),
  );
  assert.equal(server.counters.malformed, server.counters.received);
});

/** A server with our key, and its cookie for `from`, which anybody gets at an own address. */
function keyedServer(from = client) {
  const server = makeServer(undefined, undefined, undefined, key);
  const [challenge] = server.handle(encodeMessage(message('start', 1, {}), { minLength: 300 }), from, noon, at);
  return { server, challenge: challenge!, cookie: Buffer.from(readHeader(challenge!)!.cookie) };
}

test('with a key every reply is sealed for the socket that it leaves from', () => {
  const { server, challenge, cookie } = keyedServer();
  const seals = new Seals(key);
  const typeOf = (reply: Buffer | undefined, from = at) => {
    const reading = seals.read(reply!, from);
    return reading?.kind === 'message' ? reading.message.type : reading?.mismatch;
  };
  assert.equal(typeOf(challenge), 'challenge');
  const tune = seals.encode(message('tune', 2, { station: 'station-1' }, { cookie }), at);
  const replies = server.handle(tune, client, noon, at);
  assert.equal(typeOf(replies[0]), 'tuned');
  assert.equal(typeOf(replies[0], { ...at, address: '10.0.0.66' }), 'other-key');
  const start = seals.encode(message('start', 3, {}, { cookie }), at);
  assert.deepEqual(
    server.handle(start, client, noon, at).map((reply) => typeOf(reply)),
    ['stations'],
  );
  assert.equal(server.sessions().length, 1);
  assert.equal(server.counters.foreign, 0);
});

test('with a key nothing else is answered, and no session begins, although the cookie is valid', () => {
  const { server, cookie } = keyedServer();
  const tune = message('tune', 2, { station: 'station-1' }, { cookie });
  const requests = {
    'not sealed': encodeMessage(tune),
    'with another key': new Seals(messageKey(Buffer.from('the secret of no network'))).encode(tune, at),
    'with no seal in its room': encodeMessage(tune, { isSealed: true }),
    'sealed for another server, which passed it on': new Seals(key).encode(tune, { ...at, address: '10.0.0.66' }),
    'a list, not sealed': encodeMessage(message('start', 2, {}, { cookie })),
  };
  for (const [name, request] of Object.entries(requests)) {
    assert.deepEqual(server.handle(request, client, noon, at), [], name);
  }
  assert.equal(server.counters.foreign, Object.keys(requests).length);
  assert.deepEqual(server.sessions(), []);
  assert.equal(server.acceptsFeedback(client, cookie, noon), null);
});

test('a sealed request that is sent again from another address, or much later, is challenged', () => {
  const { server, cookie } = keyedServer();
  const tune = new Seals(key).encode(message('tune', 2, { station: 'station-1' }, { cookie }), at);
  const replay = (from: typeof client, now: number) =>
    server.handle(tune, from, Millis(now), at).map((reply) => readHeader(reply)?.type);
  assert.deepEqual(replay({ ...client, address: '10.0.0.66' }, noon), ['challenge']);
  assert.deepEqual(replay({ ...client, port: 1 }, noon), ['challenge']);
  assert.deepEqual(replay(client, noon + 2 * COOKIE_SLOT), ['challenge']);
  assert.deepEqual(server.sessions(), []);
  assert.deepEqual(replay(client, noon), ['tuned']);
});

test('a server without a key challenges a sealed request, which explains to its sender why it is not answered', () => {
  const server = makeServer();
  const seals = new Seals(key);
  const tune = (cookie: Buffer) => seals.encode(message('tune', 2, { station: 'station-1' }, { cookie }), at);
  const [challenge] = server.handle(tune(Buffer.alloc(16, 1)), client, noon, at);
  assert.deepEqual(seals.read(challenge!, at), {
    kind: 'foreign',
    type: 'challenge',
    requestId: 2,
    mismatch: 'it-has-no-key',
  });
  assert.deepEqual(server.handle(tune(cookieFor(server)), client, noon, at), []);
  assert.equal(server.counters.foreign, 1);
});

test('with a key no request that is not sealed with it changes anything', () => {
  const { server, cookie } = keyedServer();
  const sealed = new Seals(key).encode(message('tune', 2, { station: 'station-1' }, { cookie }), at);
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(sealed.length - 1), fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
      (flips) => {
        const bent = Buffer.from(sealed);
        for (const [where, bits] of flips) bent[where]! ^= bits;
        if (bent.equals(sealed)) return;
        server.handle(bent, client, noon, at);
        assert.deepEqual(server.sessions(), []);
      },
    ),
  );
});
