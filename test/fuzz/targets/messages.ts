/** Control messages, their pages, and session descriptions. */
import assert from 'node:assert/strict';
import { Millis } from '../../../src/base/units.js';
import { StationList } from '../../../src/control/station-list.js';
import {
  type AnyMessage,
  bodyLength,
  decodeMessage,
  encodeMessage,
  isRequest,
  MAX_BODY_LENGTH,
  MAX_MESSAGE_LENGTH,
  type Message,
  message,
  readHeader,
  readRequestHeader,
} from '../../../src/wire/message.js';
import { decodeSap, encodeSap } from '../../../src/wire/sap.js';
import { readSdp, writeSdp } from '../../../src/wire/sdp.js';
import { messageKey, Seals } from '../../../src/wire/seal.js';
import { stationFormats } from '../../../src/wire/station-format.js';
import { readStationInfo, type StationInfo } from '../../../src/wire/station-info.js';
import { fitStation, PageCollector, paginate } from '../../../src/wire/station-pages.js';
import { makeStation, makeStations } from '../../support/stations.js';
import { Choices, type FuzzTarget } from '../target.js';

const seals = new Seals(messageKey(Buffer.from('the secret of this network')));
const server = { address: '10.0.0.1', port: 5601 };

/** JSON of the same value can be longer: 1e9 is written with ten digits. */
function encodedAgain(decoded: AnyMessage, isSealed: boolean): Buffer | null {
  if (bodyLength(decoded.body) <= MAX_BODY_LENGTH) return encodeMessage(decoded, { isSealed });
  assert.throws(() => encodeMessage(decoded), RangeError);
  return null;
}

function checkMessage(datagram: Buffer): AnyMessage | null {
  const header = readRequestHeader(datagram);
  const isSealed = readHeader(datagram)?.isSealed ?? false;
  const decoded = decodeMessage(datagram, { isSealed });
  const reading = seals.read(datagram, server);
  assert.notEqual(reading?.kind, 'message', 'nobody but us has the key');
  if (decoded === null) return null;
  assert.equal(reading?.kind, 'foreign');
  assert.equal(header !== null, isRequest(decoded));
  if (header !== null) assert.deepEqual([header.requestId, header.cookie], [decoded.requestId, decoded.cookie]);
  const again = encodedAgain(decoded, isSealed);
  // By its JSON: a description that is not read yet may have a number that JSON cannot write, which becomes null.
  if (again !== null) assert.equal(JSON.stringify(decodeMessage(again, { isSealed })), JSON.stringify(decoded));
  if (decoded.type === 'stations') {
    for (const described of decoded.body) {
      const station = readStationInfo(described);
      if (!('fault' in station)) checkStation(station);
    }
  }
  return decoded;
}

/** A station that is believed can be listed again, and described. */
function checkStation(station: StationInfo): void {
  const fitted = fitStation(station);
  if (fitted !== null) {
    assert.ok(paginate([fitted, fitted]).every((page) => bodyLength(page) <= MAX_BODY_LENGTH));
    assert.deepEqual(fitStation(fitted), fitted);
  }
  const sdp = writeSdp(station, { ttl: 1 });
  const read = readSdp(sdp);
  assert.ok(read !== null, 'its description is read');
  assert.deepEqual([read.group, read.port], [station.group, station.port]);
  const announced = decodeSap(encodeSap({ sdp, source: station.group }));
  assert.equal(announced?.sdp, sdp);
}

/** Pages of a list, each with the bytes that the mutator chose. */
function checkPages(input: Buffer): void {
  const choices = new Choices(input);
  const collector = new PageCollector();
  for (let i = 0; i < 40 && !choices.isAtEnd; i++) {
    const [revision, page, pages, count] = [choices.uint16(), choices.byte(), choices.uint16(), choices.below(3)];
    const datagram = encodeMessage(message('stations', 1, makeStations(count), { revision, page, pages }));
    const decoded = decodeMessage(datagram);
    if (decoded === null) continue;
    collector.add(decoded as Message<'stations'>);
    assert.ok(collector.firstMissing >= 0 && collector.firstMissing <= 0xffff);
    assert.ok(!collector.isComplete || collector.isAnswered(0));
    collector.isAnswered(page);
  }
  assert.ok(collector.stations.length <= 80);
}

function checkAnnouncement(datagram: Buffer): void {
  const decoded = decodeSap(datagram);
  if (decoded !== null) readSdp(decoded.sdp);
}

/** A server's own list, with challenges within the limit of their request. */
function checkList(input: Buffer): void {
  const choices = new Choices(input);
  const stations = Array.from({ length: choices.below(40) }, (_, i) =>
    makeStation(i + 1, { name: 'ü'.repeat(choices.byte()), format: choices.pick(stationFormats) }),
  );
  const name = 'n'.repeat(choices.byte());
  const isSealed = choices.below(2) === 1;
  const list = new StationList({ server: name, controlPort: 5601, isSealed, stations: () => stations });
  for (let i = 0; i < 10 && !choices.isAtEnd; i++) {
    const now = Millis(choices.uint16());
    const limit = choices.uint16() % 5_000;
    const challenge = list.challenge(1, Buffer.alloc(16, 1), limit, now);
    assert.ok(challenge === null || challenge.length <= limit);
    const start = { ...message('start', 1, {}), page: choices.byte() } as Message<'start'>;
    for (const page of list.pages(start, now)) assert.ok(page.length <= MAX_MESSAGE_LENGTH);
  }
}

const checks = [checkMessage, checkAnnouncement, checkPages, checkList, (text: Buffer) => readSdp(text.toString())];
const withCheck = (check: number, rest: Buffer): Buffer => Buffer.concat([Buffer.from([check]), rest]);

function seeds(): Buffer[] {
  const station = makeStation(1, { fec: { columns: 5, rows: 10 }, next: 'later', nowUntil: 1_795_000_000_000 });
  const [flow, from, time] = [4, 950_000_000_000, 1_795_000_000_000.5];
  const at = { next: from, serverTime: time };
  const messages: AnyMessage[] = [
    message('start', 1, {}),
    message('tune', 2, { station: station.id, burst: { flow } }),
    message('replay', 3, { flow, speed: 10, from: { kind: 'time', time, item: true } }),
    message('replay', 3, { flow, speed: 1.5, from: { kind: 'packet', packet: from } }),
    message('challenge', 4, { server: 'projector', controlPort: 5601, stations: 2 }),
    message('stations', 5, [station], { page: 0, pages: 2, revision: 65_535 }),
    message('tuned', 6, { station, ...at, members: 3, burst: { flow, from, time } }),
    message('ok', 7, { serverTime: time }),
    message('error', 8, { code: 'busy', message: 'the server has as many sessions as it allows' }),
    message('replaying', 9, { flow, from, time, ...at, oldest: 0 }),
  ];
  const sdp = writeSdp(station, { ttl: 1, source: '192.0.2.1' });
  return [
    ...messages.map((each) => withCheck(0, encodeMessage(each))),
    ...messages.map((each) => withCheck(0, encodeMessage(each, { isSealed: true }))),
    withCheck(1, encodeSap({ sdp, source: '239.255.0.1' })),
    withCheck(1, encodeSap({ sdp, source: '239.255.0.1', deletion: true })),
    withCheck(2, Buffer.from([0, 1, 0, 0, 3, 2, 0, 1, 1, 0, 3, 1, 0xff, 0xff, 0, 0xff, 0xff, 2])),
    withCheck(3, Buffer.from([5, 9, 0, 200, 1, 3, 7, 200, 0, 0, 1, 44, 0, 0, 100, 3, 132, 1])),
    withCheck(4, Buffer.from(sdp)),
  ];
}

const keys = Object.keys(makeStation(1)).map((key) => `"${key}":`);

export const target: FuzzTarget = {
  ...{ name: 'messages', block: 1, largest: 1_400, seeds },
  tokens: [
    'MSC1',
    ...keys,
    '"fec":{"columns":5,"rows":10}',
    '"\\ud800"',
    '\\u0000',
    '[',
    '{',
    'v=0',
    'a=source-filter: ',
  ],
  mostWork: (length) => 100_000 + 500 * length,
  run: (input) => {
    if (input.length > 0) checks[input[0]! % checks.length]!(input.subarray(1));
  },
};
