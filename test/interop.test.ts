import assert from 'node:assert/strict';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { readSdp, writeSdp } from '../src/wire/sdp.js';
import type { StationFormat } from '../src/wire/station-format.js';
import type { StationInfo } from '../src/wire/station-info.js';
import { makeFilm, sharedStore } from './support/film.js';
import { serve } from './support/msc.js';
import { ownNetwork, withoutNetwork } from './support/network.js';
import { type Ran, run } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { type Tool, without } from './support/tools.js';

const PICTURES = 50;

/** A station on air in a network of its own, and its description in a file that every user may read. */
async function onAir(context: TestContext, format: StationFormat) {
  const folder = scratchFolder(context);
  chmodSync(folder, 0o755);
  const source = join(folder, 'source.mp4');
  makeFilm(source, 3);
  const store = await sharedStore();
  const network = await ownNetwork(context);
  const server = await serve(context, [source, '--store', store.folder, '--format', format], 1, network);
  const [station] = server.stations as [StationInfo];
  const sdp = join(folder, 'station.sdp');
  writeFileSync(sdp, writeSdp(station, { ttl: 1 }));
  const inside = (words: string[], options?: Parameters<typeof run>[3]): Promise<Ran> => {
    const [command, ...rest] = [...network, ...words];
    return run(context, command!, rest, { cwd: folder, env: { HOME: folder }, ...options });
  };
  return { inside, sdp };
}

/** A test that is skipped where it cannot run. Players wait up to a second for the next random access point. */
const interop = (name: string, tools: Tool[], body: (context: TestContext) => Promise<void>) =>
  test(name, { skip: without(...tools) || withoutNetwork(), timeout: 60_000 }, body);

// Concurrent, because players mostly wait.
describe('players', { concurrency: 3 }, () => {
  for (const format of ['h264', 'hevc', 'jpeg'] as const) {
    interop(`ffmpeg plays an ${format} station from its SDP`, ['ffmpeg'], async (context) => {
      const { inside, sdp } = await onAir(context, format);
      const input = ['-protocol_whitelist', 'file,udp,rtp', '-i', sdp, '-map', '0:v', '-frames:v', String(PICTURES)];
      const { exitCode, stdout, stderr } = await inside(['ffmpeg', '-v', 'error', ...input, '-f', 'framemd5', '-']);
      assert.equal(exitCode, 0, stderr);
      const pictures = stdout
        .toString()
        .split('\n')
        .filter((line) => line && !line.startsWith('#'));
      assert.equal(pictures.length, PICTURES);
    });

    const depayloaders = {
      h264: 'rtpmp2tdepay ! tsdemux ! h264parse ! avdec_h264',
      hevc: 'rtpmp2tdepay ! tsdemux ! h265parse ! avdec_h265',
      jpeg: 'rtpjpegdepay ! jpegdec',
    };
    interop(`GStreamer plays an ${format} station from its SDP`, ['gst-launch-1.0'], async (context) => {
      const { inside, sdp } = await onAir(context, format);
      const pipeline = `filesrc location=${sdp} ! sdpdemux ! ${depayloaders[format]} ! identity eos-after=${PICTURES} ! fakesink`;
      const { exitCode, stderr, stdout } = await inside(['gst-launch-1.0', ...pipeline.split(' ')]);
      assert.equal(exitCode, 0, stderr);
      assert.match(stdout.toString(), /Got EOS/);
    });
  }

  interop('mpv plays an h264 station from its SDP', ['mpv'], async (context) => {
    const { inside, sdp } = await onAir(context, 'h264');
    const words = ['--no-config', '--vo=null', '--ao=null', `--frames=${PICTURES}`, '--msg-level=all=warn'];
    const { exitCode, stdout } = await inside([
      'mpv',
      ...words,
      '--demuxer-lavf-o=protocol_whitelist=[file,udp,rtp]',
      sdp,
    ]);
    assert.equal(exitCode, 0, stdout.toString());
  });

  // Debian's VLC reads no SDP files (no live555), only SAP, which turns an SDP into such an address.
  interop('VLC plays an h264 station from the address in its SDP', ['cvlc'], async (context) => {
    const { inside, sdp } = await onAir(context, 'h264');
    const { group, port } = readSdp(readFileSync(sdp, 'utf8')) ?? assert.fail('no SDP');
    // VLC refuses to run as root.
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', 'HOME=/tmp'];
    // It logs its first picture only where that comes while its buffer is filling.
    const words = [
      'cvlc',
      '-vv',
      '--network-caching',
      '3000',
      '--vout',
      'dummy',
      '--aout',
      'dummy',
      `rtp://@${group}:${port}`,
    ];
    const seen = /Received first picture/;
    const { stderr } = await inside([...nobody, ...words], { until: (printed) => seen.test(printed) });
    assert.match(stderr, seen);
  });
});
