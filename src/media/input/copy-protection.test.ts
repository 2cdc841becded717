import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FormatContext, type Packet } from 'node-av/lib';
import { ffmpeg } from '../../../test/support/ffmpeg.js';
import { makeSource } from '../../../test/support/sources.js';
import { sharedFolder } from '../../../test/support/spool.js';
import { without } from '../../../test/support/tools.js';
import { defaultMediaSettings } from '../settings.js';
import { spoolMedia } from '../spool-media.js';

const folder = sharedFolder();
const at = (name: string) => join(folder, name);

const spool = (source: string) =>
  spoolMedia({ source, folder: mkdtempSync(at('spool-')), settings: defaultMediaSettings, onProgress() {} });

test('an MP4 that begins without encryption is refused at its first encrypted picture', (context) => {
  const muxer = {
    encryption_scheme: 'cenc-aes-ctr',
    encryption_key: '76a6c65c5ea762046bd749a2e632ccbb',
    encryption_kid: 'a7e61c373e219033c21091fa607bf3b8',
  };
  const bytes = readFileSync(makeSource({ path: at('encrypted.mp4'), seconds: 2, muxer }));
  // The sample entries are those of films without protection.
  for (const [tag, plain] of [
    ['encv', 'avc1'],
    ['enca', 'mp4a'],
  ] as const) {
    bytes.write(plain, bytes.indexOf(tag), 'latin1');
  }
  writeFileSync(at('later.mp4'), bytes);
  const { readFrameSync } = FormatContext.prototype;
  let packets = 0;
  context.mock.method(FormatContext.prototype, 'readFrameSync', function (this: FormatContext, packet: Packet) {
    const result = readFrameSync.call(this, packet);
    if (result >= 0 && packets++ < 30) packet.freeSideData();
    return result;
  });
  assert.throws(() => spool(at('later.mp4')), /later\.mp4: is encrypted/);
  assert.ok(packets > 30);
});

/** ASF specification, 3.14: the Content Encryption Object. */
function contentEncryption(): Buffer {
  const field = (bytes: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    return Buffer.concat([length, bytes]);
  };
  const guid = Buffer.from('fbb3112223bdd211b4b700a0c955fc6e', 'hex');
  const fields = ['secret', 'DRM\0', 'AAAAAAAAAAA=\0', 'http://drm.example/\0'].map((text) => field(Buffer.from(text)));
  const size = Buffer.alloc(8);
  const body = Buffer.concat(fields);
  size.writeBigUInt64LE(BigInt(guid.length + size.length + body.length));
  return Buffer.concat([guid, size, body]);
}

test('an ASF file with an object for its licence is refused', { skip: without('ffmpeg') }, () => {
  ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=320x180:r=25', '-t', '1', '-c:v', 'wmv2', at('film.wmv'));
  const plain = readFileSync(at('film.wmv'));
  assert.equal(spool(at('film.wmv')).properties.video, 'encoded');
  // Header Object, 3.1: GUID, size, number of objects, two reserved bytes.
  const [sizeAt, countAt, objects] = [16, 24, 30];
  const added = contentEncryption();
  const header = Buffer.from(plain.subarray(0, objects));
  header.writeBigUInt64LE(header.readBigUInt64LE(sizeAt) + BigInt(added.length), sizeAt);
  header.writeUInt32LE(header.readUInt32LE(countAt) + 1, countAt);
  writeFileSync(at('protected.wmv'), Buffer.concat([header, added, plain.subarray(objects)]));
  assert.throws(() => spool(at('protected.wmv')), /protected\.wmv: is encrypted/);
});
