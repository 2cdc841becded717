import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FormatContext, type Packet } from 'node-av/lib';
import { makeSource } from '../../test/support/sources.js';
import { Problem, systemCode } from '../base/problem.js';
import { defaultMediaSettings } from './settings.js';
import type { Spool } from './spool.js';
import { spoolMedia } from './spool-media.js';

const folder = mkdtempSync(join(tmpdir(), 'msc-bad-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const at = (name: string) => join(folder, name);

function write(name: string, content: string | Buffer): string {
  writeFileSync(at(name), content);
  return at(name);
}

const spool = (source: string, into = mkdtempSync(join(folder, 'spool-'))): Spool =>
  spoolMedia({ source, folder: into, settings: defaultMediaSettings, onProgress() {} });

/** The first `share` of a file made for the test. */
function cut(name: string, share: number, muxer: Record<string, string> = {}): string {
  const whole = readFileSync(makeSource({ path: at(`whole-${name}`), seconds: 6, muxer }));
  return write(name, whole.subarray(0, Math.floor(whole.length * share)));
}

const playlist = '#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nother.ts\n#EXT-X-ENDLIST\n';
const encryption = {
  encryption_scheme: 'cenc-aes-ctr',
  encryption_key: '76a6c65c5ea762046bd749a2e632ccbb',
  encryption_kid: 'a7e61c373e219033c21091fa607bf3b8',
};

const bad: [what: string, make: () => string, message: RegExp][] = [
  ['a missing file', () => at('none.mp4'), /no such file/],
  ['a folder', () => folder, /is a folder/],
  ['an empty file', () => write('empty.mp4', ''), /the file is empty/],
  ['a text file', () => write('text.mp4', 'hello world\n'.repeat(999)), /not a file of video or sound of a known kind/],
  ['a playlist, which would open other files', () => write('list.mp4', playlist), /is a list of other files/],
  [
    'a list of FFmpeg',
    () => write('list.mkv', "ffconcat version 1.0\nfile '/etc/passwd'\n"),
    /is a list of other files/,
  ],
  ['a DASH manifest', () => write('dash.mp4', '<?xml version="1.0"?>\n<MPD xmlns="…">'), /is a list of other files/],
  ['an MP4 without its index', () => cut('unfinished.mp4', 0.6), /cut off or not finished/],
  ['an encrypted file', () => makeSource({ path: at('drm.mp4'), seconds: 1, muxer: encryption }), /is encrypted/],
];

for (const [what, make, message] of bad) {
  test(`${what} is refused by name, with the cause and a next step`, () => {
    const source = make();
    assert.throws(
      () => spool(source),
      (error) => {
        assert.ok(error instanceof Problem);
        assert.equal(error.code, 'source');
        assert.ok(error.message.startsWith(`${source}: `));
        assert.match(error.message, message);
        assert.match(error.next, /^[A-Z].*\.$/);
        return true;
      },
    );
  });
}

test('a file without permission to read is refused', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, () => {
  const source = write('secret.mp4', 'x');
  chmodSync(source, 0);
  assert.throws(() => spool(source), /may not be read/);
});

test('an MP4 that is cut off behind its index is used up to its end, with a note', () => {
  const { properties } = spool(cut('cut.mp4', 0.6, { movflags: '+faststart' }));
  assert.equal(properties.video, 'copied');
  assert.match(properties.notes.join(), /^the file is cut off: 3\.\d s of 6\.0 s can be played$/);
});

test('a recording that begins in the middle of a group starts with its first key picture', () => {
  const whole = readFileSync(makeSource({ path: at('whole.ts'), seconds: 6 }));
  const start = Math.floor((whole.length * 0.3) / 188) * 188;
  const result = spool(write('middle.ts', whole.subarray(start)));
  assert.equal(result.format, 'h264');
  assert.equal(result.properties.video, 'copied');
  assert.equal(result.video.randomAccess[0], 1);
  assert.equal(result.video.sizes.length, 100, 'four whole groups');
  assert.ok(result.audio.start < 0 && result.audio.start > -90_000);
});

test('a full disk is the system error ENOSPC', { skip: !existsSync('/dev/full') && 'needs /dev/full' }, () => {
  const source = makeSource({ path: at('fine.mp4'), seconds: 1 });
  const full = at('full');
  mkdirSync(full);
  symlinkSync('/dev/full', join(full, 'audio.aac'));
  assert.throws(
    () => spool(source, full),
    (error) => systemCode(error) === 'ENOSPC',
  );
});

test('a source whose disk fails is a problem, not a film that ends there', (context) => {
  const source = makeSource({ path: at('on-a-bad-disk.mp4'), seconds: 2 });
  const { readFrameSync } = FormatContext.prototype;
  let packets = 0;
  context.mock.method(FormatContext.prototype, 'readFrameSync', function (this: FormatContext, packet: Packet) {
    return ++packets > 60 ? -constants.errno.EIO : readFrameSync.call(this, packet);
  });
  assert.throws(
    () => spool(source),
    (error) => error instanceof Problem && error.code === 'source' && /on-a-bad-disk.*EIO/.test(error.message),
  );
});
