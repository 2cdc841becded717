import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeStation } from '../../test/support/stations.js';
import { readSdp, writeSdp } from './sdp.js';

const news = makeStation(1, { id: 'news', name: 'News', group: '239.255.1.2', port: 5004, schedule: 'abc' });

test('an H.264 station is described in the order of RFC 8866, with CRLF at every end', () => {
  assert.equal(
    writeSdp(news, { ttl: 1 }),
    [
      'v=0',
      'o=- 435921129 3128432319 IN IP4 239.255.1.2',
      's=News',
      'c=IN IP4 239.255.1.2/1',
      't=0 0',
      'm=video 5004 RTP/AVP 33',
      'a=rtpmap:33 MP2T/90000',
      '',
    ].join('\r\n'),
  );
});

test('a JPEG station has payload type 26', () => {
  const lines = writeSdp({ ...news, format: 'jpeg' }, { ttl: 16 }).split('\r\n');
  assert.deepEqual(lines.slice(3), [
    'c=IN IP4 239.255.1.2/16',
    't=0 0',
    'm=video 5004 RTP/AVP 26',
    'a=rtpmap:26 JPEG/90000',
    '',
  ]);
});

test('a source, if requested, precedes the media', () => {
  const lines = writeSdp(news, { ttl: 1, source: '10.0.0.1' }).split('\r\n');
  assert.equal(lines[5]!.replace(': ', ':'), 'a=source-filter:incl IN IP4 239.255.1.2 10.0.0.1');
  assert.ok(lines[6]!.startsWith('m='));
});

test('two servers of a station describe it alike', () => {
  assert.equal(
    writeSdp({ ...news, server: 'a', number: 1 }, { ttl: 1 }),
    writeSdp({ ...news, server: 'b', number: 9 }, { ttl: 1 }),
  );
});

test('another schedule is another version of the same session', () => {
  const before = readSdp(writeSdp(news, { ttl: 1 }));
  const after = readSdp(writeSdp({ ...news, schedule: 'other' }, { ttl: 1 }));
  assert.equal(before?.sessionId, after?.sessionId);
  assert.notEqual(before?.sessionVersion, after?.sessionVersion);
});

test('a name cannot add lines, and is never empty', () => {
  const lines = writeSdp({ ...news, name: 'a\r\nm=audio 1 RTP/AVP 0\0' }, { ttl: 1 }).split('\r\n');
  assert.equal(lines[2], 's=a m=audio 1 RTP/AVP 0');
  assert.equal(lines.length, 8);
  assert.equal(writeSdp({ ...news, name: ' \n' }, { ttl: 1 }).split('\r\n')[2], 's=news');
});

test('any name can be written, and what is written can be read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.integer({ min: 0, max: 255 }), (name, ttl) => {
      const read = readSdp(writeSdp({ ...news, name }, { ttl }));
      assert.equal(read?.group, news.group);
      assert.equal(read?.origin, news.group);
      assert.equal(read?.ttl, ttl);
      assert.equal(read?.port, news.port);
      assert.equal(read?.payloadType, 33);
      assert.equal(read?.source, undefined);
    }),
  );
});

test('random text never throws', () => {
  assert.equal(readSdp(''), null);
  assert.equal(readSdp('v=0\r\nm=audio 1 RTP/AVP 0\r\n'), null);
  assert.equal(readSdp('v=0\r\no=x\r\nm=video 1 RTP/AVP 33\r\nc=IN IP4 1.2.3.4\r\n'), null);
  const line = fc.tuple(fc.constantFrom('v', 'o', 's', 'c', 't', 'm', 'a'), fc.string()).map(([k, v]) => `${k}=${v}`);
  fc.assert(fc.property(fc.array(line), (lines) => void readSdp(lines.join('\r\n'))));
});
