/** Players of other projects play the addresses of a server. */
import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { fileEnd } from './support/file-end.js';
import { sharedFilm, sharedStore } from './support/film.js';
import { type Server, serve } from './support/msc.js';
import { run } from './support/run.js';
import { type Tool, without } from './support/tools.js';

/** More than two segments. */
const PICTURES = 150;

let served: Promise<Server> | undefined;

/** A server of two stations, which all tests share: players change nothing. */
function onAir(): Promise<Server> {
  served ??= (async () => {
    const film = sharedFilm(7);
    const stations = ['Played', 'Played, "second"'].map((name) => `${name}=${film}`);
    const { folder } = await sharedStore();
    return serve(fileEnd, [...stations, '--store', folder, '--http', '127.0.0.1:0'], 2);
  })();
  return served;
}

/** The address of its first station. */
async function addressOf(suffix: string): Promise<string> {
  const { url, stations } = await onAir();
  return `${url}/stations/${stations[0]!.id}${suffix}`;
}

const addresses = { 'as HLS': '/index.m3u8', 'as HLS, an hour ago': '/index.m3u8?start=-1h', 'as a stream': '.ts' };

/** In parallel: players mostly wait. */
const playing = (player: string, tool: Tool, play: (context: TestContext, address: string) => Promise<void>) =>
  describe(player, { concurrency: true }, () => {
    for (const [how, suffix] of Object.entries(addresses)) {
      test(`${player} plays a station ${how}`, { skip: without(tool), timeout: 90_000 }, async (context) => {
        await play(context, await addressOf(suffix));
      });
    }
  });

playing('FFmpeg', 'ffmpeg', async (context, address) => {
  const words = ['-v', 'warning', '-i', address, '-frames:v', String(PICTURES), '-map', '0', '-f', 'null', '-'];
  const { exitCode, stderr } = await run(context, 'ffmpeg', words);
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
});

playing('mpv', 'mpv', async (context, address) => {
  // Messages about a busy machine are no fault of the stream.
  const messages = '--msg-level=all=warn,cplayer=error,ao=error';
  const words = ['--no-config', '--vo=null', '--ao=null', '--untimed', `--frames=${PICTURES}`, messages];
  const { exitCode, stdout, stderr } = await run(context, 'mpv', [...words, address]);
  assert.equal(exitCode, 0, stderr);
  assert.equal(`${stdout}${stderr}`, '');
});

playing('VLC', 'cvlc', async (context, address) => {
  // VLC refuses to run as root.
  const nobody = ['--reuid', '65534', '--regid', '65534', '--clear-groups', 'env', 'HOME=/tmp'];
  const words = ['cvlc', '-vv', '--vout', 'dummy', '--aout', 'dummy', address];
  const seen = /Received first picture/;
  const [command, ...rest] = process.getuid?.() === 0 ? ['setpriv', ...nobody, ...words] : words;
  const { stderr } = await run(context, command!, rest, { until: (printed) => seen.test(printed) });
  assert.match(stderr, seen);
});

describe('a playlist', { concurrency: true }, () => {
  for (const via of ['http', 'hls']) {
    test(`mpv plays one station after another of the playlist by ${via}`, {
      skip: without('mpv'),
      timeout: 90_000,
    }, async (context) => {
      const { url, stations } = await onAir();
      const { exitCode, stdout } = await run(context, 'mpv', [
        ...['--no-config', '--vo=null', '--ao=null', '--untimed', '--frames=25', '--quiet', '--msg-level=all=info'],
        `${url}/stations.m3u?via=${via}`,
      ]);
      const output = String(stdout);
      assert.equal(exitCode, 0, output);
      for (const { id } of stations) {
        assert.ok(output.includes(`Playing: ${url}/stations/${id}${via === 'hls' ? '/index.m3u8' : '.ts'}\n`), output);
      }
      assert.equal(output.match(/\(\+\) Video/g)?.length, 2, output);
    });
  }
});

test('FFmpeg plays the past from the requested time on', {
  skip: without('ffprobe'),
  timeout: 60_000,
}, async (context) => {
  const moment = Math.floor(Date.now() / 1000) - 3_600;
  const words = ['-v', 'warning', '-select_streams', 'v', '-show_entries', 'packet=pts_time', '-of', 'csv=p=0'];
  const { stdout } = await run(context, 'ffprobe', [
    ...words,
    ...['-read_intervals', '%+#1', await addressOf(`/index.m3u8?start=${moment}`)],
  ]);
  // Time stamps are the picture's own time plus a second, modulo 2^33.
  const wrapsAt = 2 ** 33 / 90_000;
  const began = (moment + 1 - Number.parseFloat(String(stdout)) + wrapsAt * 1e6) % wrapsAt;
  assert.ok(began >= -0.1 && began < 4, `${began} s before`);
});
