/** A page's connection: its messages, and the frames that it is sent. */
import assert from 'node:assert/strict';
import { MOST_CHANNELS } from '../../../src/contract/live.js';
import { mediaHead } from '../../../src/gateway/live/web-socket-frame.js';
import { FrameKind, LIVE_HEADER_LENGTH, readFrameHeader } from '../../../src/wire/live-frame.js';
import { chunk, sessionWith, settled, stationOf } from '../../support/live-session.js';
import type { FuzzTarget } from '../target.js';

/** A frame's header is written as it was read. */
function checkFrame(frame: Buffer): void {
  const header = readFrameHeader(new DataView(frame.buffer, frame.byteOffset, frame.length));
  if (header === null) return;
  const length = frame.length < 100 ? frame.length : frame.length * 97;
  const head = mediaHead(header, length);
  const at = head.length - LIVE_HEADER_LENGTH;
  assert.deepEqual(readFrameHeader(new DataView(head.buffer, head.byteOffset + at, LIVE_HEADER_LENGTH)), header);
  const extended = at - 2;
  const size = extended === 0 ? head[1]! : extended === 2 ? head.readUInt16BE(2) : head.readUInt32BE(6);
  assert.equal(size, LIVE_HEADER_LENGTH + length);
}

/** Lines, each a message of the page, or a moment that passes where it begins with a digit. */
async function checkSession(input: Buffer): Promise<void> {
  const stations = [1, 2].map((number) => stationOf(number));
  const { session, transport, timers, viewers, catalogue } = sessionWith(...stations);
  const listeners = catalogue.listeners.size;
  let at = 0;
  for (const line of input.toString('utf8').split('\n').slice(0, 60)) {
    if (transport.closed.length > 0) break;
    const moment = /^\d/.exec(line)?.[0];
    if (moment === undefined) session.receive(line);
    else {
      transport.isStuck = moment === '9';
      if (moment === '8') catalogue.changed();
      if (moment === '7') transport.queued = 0;
      if (moment === '7') session.drained();
      for (let i = 0; i < Number(moment); i++) stations[i % 2]!.put(chunk(at++));
      timers.advance(Number(moment) * 100);
    }
    await settled();
    const open = stations.reduce((sum, { readers }) => sum + readers.size, 0);
    assert.ok(open <= 2 * MOST_CHANNELS, `${open} readers of one page`);
  }
  session.closed();
  timers.advance(60_000);
  await settled();
  assert.deepEqual(
    stations.map(({ readers }) => readers.size),
    [0, 0],
    'readers are closed with the page',
  );
  assert.equal(viewers.list.length, 0, 'the page is no viewer any more');
  assert.equal(catalogue.listeners.size, listeners, 'nothing listens for a page that is gone');
}

const lines = [
  '{"type":"tune","channel":1,"station":"station-1"}',
  '{"type":"tune","channel":2,"station":"station-2","at":1000000,"until":1000500}',
  '{"type":"until","channel":1,"time":null}',
  '{"type":"stop","channel":1}',
  '{"type":"thumbnails","stations":["station-1","station-2"]}',
  '{"type":"ping","id":7}',
  '{"type":"report","channel":1,"delay":200,"buffer":300,"droppedFrames":0,"stalls":0,"offset":null}',
];

function seeds(): Buffer[] {
  const frame = Buffer.alloc(40);
  frame.set([FrameKind.jpeg, 3, 0, 9]);
  frame.writeDoubleBE(1_795_000_000_000.5, 8);
  return [
    Buffer.concat([Buffer.from([0]), frame]),
    Buffer.from(`1${[...lines, '4', '7', '8', '9', ...lines, '2'].join('\n')}`),
  ];
}

export const target: FuzzTarget = {
  ...{ name: 'page', block: 1, largest: 3_000, seeds },
  tokens: [
    ...lines.map((line) => `\n${line}\n`),
    '\n1\n',
    '\n4\n',
    '\n7\n',
    '\n8\n',
    '\n9\n',
    '65535',
    '"station-3"',
    '-1',
  ],
  mostWork: (length) => 30_000 + 1_000 * length,
  run: (input) => {
    if (input.length === 0) return;
    const rest = input.subarray(1);
    return input[0]! % 2 === 0 ? checkFrame(rest) : checkSession(rest);
  },
};
