/** A client's control protocol and its search for stations, with servers of every kind. */
import assert from 'node:assert/strict';
import { Millis } from '../../../src/base/units.js';
import { ClientState, type Command, type Step } from '../../../src/control/client-state.js';
import { FindState, type Outgoing } from '../../../src/discovery/find-state.js';
import {
  type AnyMessage,
  decodeMessage,
  encodeMessage,
  isRequest,
  MAX_MESSAGE_LENGTH,
  type Message,
  message,
} from '../../../src/wire/message.js';
import type { StationInfo } from '../../../src/wire/station-info.js';
import { makeStation } from '../../support/stations.js';
import { type Choices, EVENT_LENGTH, eventsOf, type FuzzTarget, script } from '../target.js';

const MOST_EVENTS = 96;
const errors = ['no-session', 'busy', 'off-air', 'unknown-station', 'over-budget', 'of the future'];
const pauses = [0, 1, 50, 200, 400, 1_000, 2_000, 11_000];

/** A list with the stations that an event chooses. */
function listed(event: Choices): Message<'stations'> {
  const [revision, page, pages, count] = [event.byte(), event.byte(), event.byte(), event.below(3)];
  const changes = [{}, { group: '239.1.1.1' }, { schedule: 'other' }, { server: 'ü' }];
  const stations: StationInfo[] = Array.from({ length: count }, (_, i) =>
    makeStation(1 + ((page + i) % 5), changes[(page + revision) % changes.length]),
  );
  return message('stations', 0, stations, { revision: revision * 257, page, pages: pages === 255 ? 65_535 : pages });
}

/** Bytes of an encoded message that an event changes. */
function changed(datagram: Buffer, event: Choices): Buffer {
  const at = event.uint16();
  const out = Buffer.from(datagram.subarray(0, datagram.length - event.below(4)));
  if (out.length > 0) out[at % out.length] = event.byte();
  return out;
}

/** A session: commands, and a server that answers as it likes. */
class Session {
  now = 0;
  readonly state = new ClientState({ server: { address: '10.0.0.1', port: 5601 }, firstId: 0xffff_fff0 });
  /** Tickets of commands without an outcome. */
  readonly open = new Set<number>();
  #tickets = 0;
  #request: AnyMessage | null = null;
  #last: Buffer | null = null;

  get time(): Millis {
    return Millis(this.now);
  }

  #take({ send, outcomes, events }: Step, most: number): void {
    assert.ok(send.length <= most, `${send.length} datagrams at once`);
    for (const datagram of send) {
      const request = decodeMessage(datagram);
      assert.ok(request !== null && isRequest(request) && datagram.length <= MAX_MESSAGE_LENGTH);
      this.#request = request;
    }
    for (const { ticket } of outcomes) assert.ok(this.open.delete(ticket), 'a command ends once');
    assert.ok(events.length <= 2);
  }

  command(event: Choices): void {
    const kind = event.below(7);
    const [choice, flow] = [event.byte(), 1 + event.uint16()];
    const burst = choice & 0x10 ? { flow } : undefined;
    const station = `station-${1 + (choice % 3)}`;
    const commands: Command[] = [
      { kind: 'stations' },
      { kind: 'tune', station, burst },
      { kind: 'change', station, burst },
      { kind: 'replay', request: { flow, speed: 2, from: { kind: 'live' } } },
      { kind: 'pause' },
      { kind: 'resume' },
      { kind: 'exit' },
    ];
    this.open.add(++this.#tickets);
    this.#take(this.state.command(commands[kind]!, this.#tickets, this.time), 1);
  }

  /** An answer to the request under way: the right one, or any. */
  answer(event: Choices): void {
    const choice = event.byte();
    const request = this.#request;
    const id = ((request?.requestId ?? 0) + (choice & 0x80 ? 1 : 0)) >>> 0;
    const cookie = Buffer.alloc(16, 1 + (choice >> 6));
    const next = 950_000_000_000 + event.byte();
    const at = { next, serverTime: 1_795_000_000_000 + event.byte() };
    const asked = request !== null && (request.type === 'tune' || request.type === 'change') ? request.body : null;
    const flow = request?.type === 'replay' ? request.body.flow : (asked?.burst?.flow ?? 9);
    const start = { flow, from: next - 100, time: at.serverTime - 1_000 };
    const station = makeStation(1, { id: asked?.station ?? 'station-9' });
    const replies: AnyMessage[] = [
      message('challenge', id, { server: 'a', controlPort: 5601, stations: 2 }),
      message('tuned', id, { station, ...at, members: 1, burst: choice & 0x20 ? start : null }),
      message('ok', id, choice & 0x20 ? { serverTime: at.serverTime } : {}),
      message('replaying', id, { ...start, ...at, oldest: 0 }),
      message('error', id, { code: errors[event.below(errors.length)]!, message: 'it says' }),
      { ...listed(event), requestId: id },
    ];
    const reply = replies[choice % replies.length]!;
    this.receive(encodeMessage({ ...reply, cookie }));
  }

  receive(datagram: Buffer): void {
    this.#last = datagram;
    this.#take(this.state.receive(datagram, this.time), 1);
  }

  again(event: Choices): void {
    if (this.#last !== null) this.receive(changed(this.#last, event));
  }

  /** Lets time pass. */
  run(duration: number): void {
    const until = this.now + duration;
    let turns = 0;
    for (let at = this.state.wakeAt; at !== undefined && at <= until; at = this.state.wakeAt) {
      assert.ok(++turns <= 20 + duration / 50, 'it is always due');
      this.now = Math.max(this.now, at);
      this.#take(this.state.advance(this.time), 1);
    }
    this.now = until;
    this.#take(this.state.advance(this.time), 1);
  }
}

/** A search, which any number of servers answers. */
class Search {
  now = 0;
  /** Rows that were sent, in all. */
  rows = 0;
  readonly state = new FindState({
    localAddresses: ['192.0.2.1'],
    query: { address: '239.255.255.251', port: 5600 },
    requestId: 1,
    now: Millis(0),
  });
  #last: Buffer | null = null;

  #take(outgoing: readonly Outgoing[], most: number): void {
    assert.ok(outgoing.length <= most, `${outgoing.length} datagrams at once`);
    for (const { datagram } of outgoing) assert.ok(decodeMessage(datagram) !== null);
  }

  answer(event: Choices): void {
    const server = event.byte();
    const cookie = Buffer.alloc(16, 1 + server);
    if (server & 0x80) this.receive(server, encodeMessage({ ...listed(event), requestId: 1 }));
    else {
      const body = { server: `server ${server}`, controlPort: 5601, stations: event.byte() };
      this.receive(server, encodeMessage(message('challenge', 1, body, { cookie })));
    }
  }

  receive(server: number, datagram: Buffer): void {
    this.#last = datagram;
    const reply = decodeMessage(datagram);
    if (reply?.type === 'stations') this.rows += reply.body.length;
    const from = { address: `10.0.0.${server % 16}`, port: 5601 };
    this.#take(this.state.receive(datagram, from, '192.0.2.1', Millis(this.now)), 1);
  }

  again(event: Choices): void {
    if (this.#last !== null) this.receive(event.byte(), changed(this.#last, event));
  }

  run(duration: number): void {
    this.now += duration;
    // Queries, and a missing page of each server.
    this.#take(this.state.due(Millis(this.now)), 3 + 16);
    this.state.isSettled(Millis(this.now));
    const { found } = this.state;
    assert.ok(found.length <= this.rows);
    assert.equal(new Set(found.map(({ key }) => key)).size, found.length, 'keys are unique');
  }
}

function run(input: Buffer): void {
  const session = new Session();
  const search = new Search();
  for (const event of eventsOf(input.subarray(0, MOST_EVENTS * EVENT_LENGTH))) {
    const kind = event.below(8);
    if (kind === 0) session.command(event);
    else if (kind <= 2) session.answer(event);
    else if (kind === 3) session.again(event);
    else if (kind === 4) session.run(event.pick(pauses));
    else if (kind === 5) search.answer(event);
    else if (kind === 6) search.again(event);
    else search.run(event.pick(pauses));
  }
  // Each waits for a few seconds, one after another.
  session.run(10_000 * (1 + session.open.size));
  assert.deepEqual([...session.open], [], 'every command ends');
}

export const target: FuzzTarget = {
  ...{ name: 'client', block: EVENT_LENGTH, largest: MOST_EVENTS * EVENT_LENGTH },
  seeds: () => [
    script([0, 1, 0x10], [1, 0], [1, 1 + 0x20], [0, 3, 0, 7], [1, 3], [4, 7], [1, 2 + 0x20], [0, 6], [1, 2]),
    script([0, 1, 0], [1, 1], [0, 4], [4, 6], [4, 7], [1, 4], [1, 1], [1, 2], [0, 2, 1], [1, 1 + 0x80], [4, 6]),
    script([0, 0], [1, 0], [1, 5, 0, 0, 0, 0, 2, 2], [1, 5, 0, 0, 0, 1, 2, 2], [3, 0, 9, 1, 2]),
    script(
      [7, 0],
      [5, 1, 9],
      [5, 0x81, 0, 0, 1, 2],
      [5, 2, 9],
      [5, 0x82, 1, 0, 2, 2],
      [7, 3],
      [6, 1, 0, 9, 1, 1],
      [7, 4],
    ),
  ],
  mostWork: (length) => 300_000 + 20_000 * length,
  run,
};
