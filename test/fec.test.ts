import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Millis, millisToTicks, PacketNumber, unwrap } from '../src/base/units.js';
import { FEC_PORT_OFFSETS } from '../src/contract/addresses.js';
import { FecDecoder } from '../src/receiver/fec-decoder.js';
import { parityOf } from '../src/station/fec-source.js';
import { packetsOf } from '../src/station/packet-source.js';
import { Station } from '../src/station/station.js';
import { parseRtp } from '../src/wire/rtp.js';
import type { StationFormat } from '../src/wire/station-format.js';
import { capture } from './support/capture.js';
import { reelOf, sharedFilm, sharedStore } from './support/film.js';
import { serve } from './support/msc.js';
import { framed, unframed } from './support/rtp-stream.js';
import { run } from './support/run.js';
import { scratchFolder } from './support/spool.js';
import { without } from './support/tools.js';

const sequenceOf = (packet: Buffer) => packet.readUInt16BE(2);

for (const format of ['h264', 'jpeg'] as const) {
  for (const mode of ['columns', 'both'] as const) {
    test(`${format}: lost packets of a station on the air are recovered from parity of ${mode}`, {
      timeout: 60_000,
    }, async (context) => {
      const source = `Parity ${format} ${mode}=${sharedFilm(3)}`;
      const store = await sharedStore();
      const option = mode === 'columns' ? '10x5:columns' : '10x5';
      const words = [source, '--store', store.folder, '--format', format, '--fec', option];
      const server = await serve(context, words, 1);
      const { group, port, ssrc, fec } = server.stations[0]!;
      assert.deepEqual(fec, { columns: 10, rows: 5 });
      const open = (offset: number) => capture(context, { group, port: port + offset });
      const [media, columns, rows] = [
        await open(0),
        await open(FEC_PORT_OFFSETS.columns),
        await open(FEC_PORT_OFFSETS.rows),
      ];
      // The first parity of columns may protect packets from before.
      await columns.until(() => [...columns.bySender.values()].some(({ length }) => length >= 40));
      assert.equal(await server.stop(), 0);
      const of = ({ bySender }: typeof media) => [...bySender.values()].flat();
      assert.equal(rows.bySender.size > 0, mode === 'both');

      const first = sequenceOf(of(media)[0]!) + 65_536;
      const sent = new Map(of(media).map((packet) => [unwrap(sequenceOf(packet), first, 65_536), packet]));
      const near = Math.max(...sent.keys());
      // One packet of each column; or two of each tenth column, which only their rows recover. From the second block on:
      // some rows of the first may have left before the socket was open.
      const lost = of(columns)
        .map((packet) => unwrap(packet.readUInt16BE(12), near, 65_536))
        .filter((base) => base >= first + 50)
        .flatMap((base, i) => (mode === 'columns' ? [base + 10 * (i % 5)] : i % 10 === 0 ? [base, base + 10] : []));
      assert.ok(lost.length >= 4);
      const back = new Map<number, Buffer>();
      const decoder = new FecDecoder({ onRecovered: (n, packet) => back.set(n, Buffer.from(packet)), window: 4_096 });
      const isLost = new Set(lost);
      for (const [n, packet] of sent) if (!isLost.has(n)) decoder.media(PacketNumber(n), packet, 0, packet.length);
      for (const packet of [...of(columns), ...of(rows)]) decoder.parity(packet, 0, packet.length, PacketNumber(near));
      for (const n of lost) assert.deepEqual(back.get(n), sent.get(n), `packet ${n - first}`);
      assert.equal(parseRtp(back.get(lost[0]!)!)?.ssrc, ssrc);
    });
  }
}

test('a station has no parity by default, announces none and sends none', {
  timeout: 60_000,
}, async (context) => {
  const source = `No parity=${sharedFilm(3)}`;
  const store = await sharedStore();
  for (const words of [[], ['--fec', 'none']]) {
    const server = await serve(context, [source, '--store', store.folder, ...words], 1);
    const { group, port, fec } = server.stations[0]!;
    assert.equal(fec, undefined);
    const captures = [];
    for (const offset of [0, ...Object.values(FEC_PORT_OFFSETS)]) {
      captures.push(await capture(context, { group, port: port + offset }));
    }
    const [media, ...parity] = captures;
    await media!.until(() => [...media!.bySender.values()].some(({ length }) => length >= 60));
    assert.equal(await server.stop(), 0);
    assert.deepEqual(
      parity.map(({ bySender }) => bySender.size),
      [0, 0],
    );
    for (const { close } of captures) close();
  }
});

interface Sent {
  media: Buffer[];
  columns: Buffer[];
  rows: Buffer[];
}

/** The packets and the parity of twenty blocks of a station. */
async function sentBy(context: TestContext, format: StationFormat): Promise<Sent> {
  const source = sharedFilm(5);
  const reel = await reelOf(context, source, { format });
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 0x1234_5678 });
  const { columns, rows } = parityOf(station, { columns: 10, rows: 5 });
  // The sequence numbers wrap on the way.
  const block = Math.floor(station.at(millisToTicks(Millis(Date.UTC(2026, 0)))) / 65_536 / 50) * 65_536 - 10;
  return {
    media: station.packets(PacketNumber(block * 50), PacketNumber((block + 20) * 50)),
    columns: packetsOf(columns, PacketNumber(block * 10), PacketNumber((block + 20) * 10)),
    rows: packetsOf(rows, PacketNumber(block * 5), PacketNumber((block + 20) * 5)),
  };
}

const withoutDecoder = (): string | false =>
  without('gst-launch-1.0', 'gst-inspect-1.0') ||
  (spawnSync('gst-inspect-1.0', ['rtpst2022-1-fecdec'], { stdio: 'ignore' }).status === 0
    ? false
    : 'needs the element rtpst2022-1-fecdec (apt-get install gstreamer1.0-plugins-good, 1.20 or later)');

const bySequence = (stream: Buffer) => new Map(unframed(stream).map((packet) => [sequenceOf(packet), packet]));

/**
 * The packets that GStreamer's decoder returns for packets and parity, by sequence number, `wanted` in all. Standard input
 * stays open until they are out: at its end GStreamer does not wait for parity. Each stream begins with a packet twice:
 * unlike the others, GStreamer gives the first a time, and so forgets it at once.
 */
async function throughGStreamer(
  context: TestContext,
  { media, columns, rows }: Sent,
  wanted: number,
): Promise<Map<number, Buffer>> {
  const folder = scratchFolder(context);
  const stream = 'application/x-rtp-stream,media=video,clock-rate=90000,encoding-name=MP2T';
  const parity = Object.entries({ columns, rows }).filter(([, packets]) => packets.length > 0);
  const branches = parity.map(([name, packets], i) => {
    writeFileSync(join(folder, name), framed([packets[0]!, ...packets]));
    return `filesrc location=${join(folder, name)} ! ${stream} ! rtpstreamdepay ! dec.fec_${i}`;
  });
  const pipeline = [
    'rtpst2022-1-fecdec name=dec size-time=3600000000000 ! rtpstreampay ! fdsink fd=1',
    `fdsrc fd=0 ! ${stream} ! rtpstreamdepay ! dec.sink`,
    ...branches,
  ].join(' ');
  const child = spawn('gst-launch-1.0', ['-q', ...pipeline.split(' ')], { stdio: ['pipe', 'pipe', 'inherit'] });
  context.after(() => child.kill('SIGKILL'));
  let out = Buffer.alloc(0);
  child.stdin.write(framed([media[0]!, ...media]));
  for await (const chunk of child.stdout) {
    out = Buffer.concat([out, chunk]);
    if (bySequence(out).size === wanted) child.stdin.end();
  }
  return bySequence(out);
}

/** GStreamer gives recovered packets an SSRC of 0, and those too that arrive by themselves a moment later. */
const withoutSsrc = (packet: Buffer): Buffer => Buffer.from(packet).fill(0, 8, 12);

/** One row of each block; or four packets of each block that only both kinds of parity together recover. */
const losses: Record<'columns' | 'both', (inBlock: number, block: number) => boolean> = {
  columns: (inBlock, block) => Math.floor(inBlock / 10) === block % 5,
  both: (inBlock) => [3, 4, 13, 25].includes(inBlock),
};

for (const format of ['h264', 'jpeg'] as const) {
  for (const mode of ['columns', 'both'] as const) {
    test(`${format}: GStreamer recovers a station’s lost packets from parity of ${mode}`, {
      skip: withoutDecoder(),
      timeout: 60_000,
    }, async (context) => {
      const sent = await sentBy(context, format);
      const media = sent.media.filter((_, i) => !losses[mode](i % 50, Math.floor(i / 50)));
      const rows = mode === 'both' ? sent.rows : [];
      const got = await throughGStreamer(context, { ...sent, media, rows }, sent.media.length);
      assert.equal(got.size, sent.media.length);
      for (const packet of sent.media) {
        assert.deepEqual(withoutSsrc(got.get(sequenceOf(packet))!), withoutSsrc(packet));
      }
    });
  }
}

test('lost packets of FFmpeg’s stream are recovered from its parity (prompeg)', {
  skip: without('ffmpeg'),
  timeout: 60_000,
}, async (context) => {
  const [media, columns, rows]: [Buffer[], Buffer[], Buffer[]] = [[], [], []];
  const port = await freePorts(context, [media, columns, rows]);
  // In real time, so that no socket's buffer overflows; a picture with enough in it for some blocks.
  const words = '-v error -re -f lavfi -i mandelbrot=size=320x240:rate=25,trim=duration=2 -q:v 1 -c:v mpeg2video';
  const target = ['-f', 'rtp_mpegts', '-fec', 'prompeg=l=10:d=5', `rtp://127.0.0.1:${port}`];
  const { exitCode, stderr } = await run(context, 'ffmpeg', [...words.split(' '), ...target]);
  assert.equal(exitCode, 0, stderr);

  const first = sequenceOf(media[0]!) + 65_536;
  const numbers = media.map((packet) => unwrap(sequenceOf(packet), first, 65_536));
  // Blocks begin with the first packet. Each loses a row, and one packet of another row.
  const whole = Math.floor(columns.length / 10) * 50;
  const isLost = (i: number) => i < whole && (Math.floor(i / 10) % 5 === 2 || i % 50 === 41);
  const back = new Map<number, Buffer>();
  const decoder = new FecDecoder({ onRecovered: (n, packet) => back.set(n, Buffer.from(packet)), window: 4_096 });
  media.forEach((packet, i) => {
    if (!isLost(i)) decoder.media(PacketNumber(numbers[i]!), packet, 0, packet.length);
  });
  for (const packet of [...columns, ...rows]) decoder.parity(packet, 0, packet.length, PacketNumber(numbers.at(-1)!));
  const lost = media.filter((_, i) => isLost(i));
  assert.ok(lost.length >= 11);
  assert.deepEqual(
    [...back.keys()].sort((a, b) => a - b),
    numbers.filter((_, i) => isLost(i)),
  );
  assert.deepEqual(
    [...back.entries()].sort(([a], [b]) => a - b).map(([, packet]) => packet),
    lost,
  );
  assert.equal(decoder.counts.refused, 0);
});

/** Opens sockets for FFmpeg's packets and parity, which add their datagrams to `kept`. Returns the first port. */
async function freePorts(context: TestContext, kept: readonly Buffer[][]): Promise<number> {
  for (let port = 42_000; ; port += 8) {
    const sockets = kept.map((into) =>
      createSocket({ type: 'udp4', recvBufferSize: 4 << 20 }).on('message', (packet) => into.push(packet)),
    );
    try {
      for (const [i, socket] of sockets.entries()) {
        socket.bind(port + 2 * i, '127.0.0.1');
        await once(socket, 'listening');
      }
      context.after(() => {
        for (const socket of sockets) socket.close();
      });
      return port;
    } catch (error) {
      for (const socket of sockets) socket.close();
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE' || port > 60_000) throw error;
    }
  }
}
