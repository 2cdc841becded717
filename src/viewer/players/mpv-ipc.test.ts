import assert from 'node:assert/strict';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { MpvClosed, type MpvEvent, MpvIpc } from './mpv-ipc.js';

/** A connection whose other end is the test. */
function connection(): {
  ipc: MpvIpc;
  written: string[];
  events: MpvEvent[];
  receive: (text: string) => void;
  stream: Duplex;
} {
  const written: string[] = [];
  const events: MpvEvent[] = [];
  const stream = new Duplex({
    read: () => undefined,
    write(chunk, _encoding, done) {
      written.push(String(chunk));
      done();
    },
  });
  const ipc = new MpvIpc(stream, (event) => events.push(event));
  return { ipc, written, events, stream, receive: (text) => stream.push(text) };
}

test('answers are matched to their commands in any order and in any pieces', async () => {
  const { ipc, written, receive } = connection();
  const answers = Promise.all([ipc.command(['get_property', 'a']), ipc.command(['get_property', 'b'])]);
  assert.equal(written[1], '{"command":["get_property","b"],"request_id":2}\n');
  receive('{"request_id":2,"error":"success","data":"b');
  receive('"}\n{"request_id":1,"error":"success","data":"a"}\n');
  assert.deepEqual(await answers, ['a', 'b']);
});

test('a refusal has mpv’s message, and events are reported separately', async () => {
  const { ipc, events, receive } = connection();
  const answer = ipc.command(['nonsense']);
  receive('{"event":"client-message","args":["msc-key","p"]}\n{"request_id":1,"error":"invalid parameter"}\n');
  await assert.rejects(answer, /mpv: invalid parameter/);
  assert.deepEqual(events, [{ event: 'client-message', args: ['msc-key', 'p'] }]);
});

for (const failure of [undefined, new Error('read ECONNRESET')]) {
  const how = failure ? `by ${failure.message}` : 'in good order';
  test(`commands pending when mpv ends ${how} are rejected alike, and so are later ones`, async () => {
    const { ipc, stream } = connection();
    const answer = ipc.command(['quit']);
    stream.destroy(failure);
    await assert.rejects(answer, MpvClosed);
    await assert.rejects(ipc.command(['quit']), MpvClosed);
  });
}
