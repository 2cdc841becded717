/** Programs that carry a stream over a lossy line, with equal buffers. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTROL_PORT } from '../../src/contract/addresses.js';
import { RTP_HEADER_LENGTH } from '../../src/wire/rtp.js';
import { available } from './benchmark.js';
import { FAR, NAME } from './cable.js';
import { versionOf } from './contestants.js';
import { Program, timeCommand } from './processes.js';
import type { Prepared } from './reels.js';
import { serveStations } from './serve.js';

/** Longest extra delay of a packet because of loss, ms. */
export const BUFFER = 200;
/** Columns and rows of FEC: 50 packets, 105 ms at 5 Mbit/s; 30% more packets. */
const FEC = { columns: 10, rows: 5 };
/** FFmpeg's default. It spreads a block's FEC over the next block: 10 × 5 would exceed the buffer. */
const PROMPEG = { columns: 5, rows: 5 };

export interface Stream {
  reel: Prepared;
  /** Folder of the store. */
  store: string;
  /** For files that the contestant needs. */
  folder: string;
  /** A command that runs another command at the far end of the cable. */
  atFarEnd: readonly string[];
}

/** A contestant at work. */
export interface Carrying {
  programs: Program[];
  /** The output at the far end, and the file of the expected output. */
  source: { port: number } | { command: readonly string[] };
  reference: string;
  /** Whether a station plays the reel, so that the due times of packets are known. */
  isClocked: boolean;
  /** A port at the near end at which repair requests are dropped. */
  deaf?: number;
}

export interface Repairer {
  name: string;
  how: string;
  version: string;
  /** Whether it plays the film once instead of repeating it. */
  isOnce: boolean;
  start(stream: Stream): Promise<Carrying>;
}

const serve = (program: string, { reel, store }: Stream, on: string, flags: readonly string[]) =>
  serveStations({ program, store, sources: [reel.source], flags: ['--interface', on, ...flags] });

/** Port of the repaired stream at the far end. */
const OUTPUT_PORT = 7_100;
const LINE_PORT = 7_000;

function rist(profile: 'simple' | 'main', program: string): Repairer {
  const buffer = `buffer=${BUFFER}`;
  const common = ['-p', profile === 'simple' ? '0' : '1', '-v', '3', '-S', '0'];
  return {
    name: `RIST ${profile} profile`,
    how: `ristsender and ristreceiver -p ${common[1]}, ?${buffer} at both`,
    version: /version: (\S+)/.exec(spawnSync('ristsender', ['--help'], { encoding: 'utf8' }).stderr)?.[1] ?? '?',
    isOnce: false,
    async start(stream) {
      // A station on loopback is the source: the same packets as ours, at the same pace.
      const { server, stations } = await serve(program, stream, 'lo', ['--control-port', '0']);
      const run = (name: string, from: string, to: string, before: readonly string[]) =>
        new Program(name, [...common, '-i', from, '-o', to], { before });
      const output = `udp://127.0.0.1:${OUTPUT_PORT}`;
      const receiver = run('ristreceiver', `rist://@${FAR}:${LINE_PORT}?${buffer}`, output, stream.atFarEnd);
      const { group, port } = stations[0]!;
      const sender = run('ristsender', `rtp://@${group}:${port}?miface=lo`, `rist://${FAR}:${LINE_PORT}?${buffer}`, []);
      return {
        programs: [server, receiver, sender],
        source: { port: OUTPUT_PORT },
        reference: stream.reel.packets,
        isClocked: true,
      };
    },
  };
}

const quiet = ['-nostdin', '-v', 'error', '-y'];
const copying = (packets: string) => ['-i', packets, '-map', '0', '-c', 'copy', '-f', 'rtp_mpegts'];
const rtpUrl = (address: string) => `rtp://${address}:${LINE_PORT}?pkt_size=1328`;

/**
 * FFmpeg multiplexes the stream again: always in the same way, but not as into a file. The reference is a recording from
 * loopback.
 */
async function remultiplex(packets: string, reference: string): Promise<void> {
  const pieces: Buffer[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', (datagram) => pieces.push(datagram.subarray(RTP_HEADER_LENGTH)));
  socket.bind(LINE_PORT, '127.0.0.1');
  await once(socket, 'listening');
  await timeCommand('ffmpeg', [...quiet, '-readrate', '10', ...copying(packets), rtpUrl('127.0.0.1')]);
  await sleep(200); // The socket is read to its end.
  socket.close();
  writeFileSync(reference, Buffer.concat(pieces));
}

function prompeg(): Repairer {
  const { columns, rows } = PROMPEG;
  const pipeline = (port: number) => [
    ...['rtpst2022-1-fecdec', 'name=fec', '!', 'rtpjitterbuffer', `latency=${BUFFER}`, '!', 'rtpmp2tdepay', '!'],
    ...['udpsink', 'host=127.0.0.1', `port=${OUTPUT_PORT}`, 'sync=false'],
    ...['udpsrc', `port=${port}`, 'buffer-size=4000000'],
    ...['caps=application/x-rtp,media=video,clock-rate=90000,encoding-name=MP2T,payload=33', '!', 'fec.sink'],
    ...[port + 2, port + 4].flatMap((fec, i) => [
      ...['udpsrc', `port=${fec}`, 'caps=application/x-rtp,payload=96', '!', `fec.fec_${i}`],
    ]),
  ];
  return {
    name: 'prompeg to GStreamer',
    how: `-f rtp_mpegts -fec prompeg=l=${columns}:d=${rows}, rtpst2022-1-fecdec ! rtpjitterbuffer latency=${BUFFER}`,
    version: `${versionOf('ffmpeg', ['-version'])}, ${versionOf('gst-launch-1.0', ['--version'])}`,
    isOnce: true,
    async start({ reel, folder, atFarEnd }) {
      const reference = join(folder, 'remultiplexed.ts');
      if (!existsSync(reference)) await remultiplex(reel.packets, reference);
      const receiver = new Program('gst-launch-1.0', ['--quiet', ...pipeline(LINE_PORT)], { before: atFarEnd });
      const sender = new Program('ffmpeg', [
        ...[...quiet, '-re', ...copying(reel.packets), '-fec', `prompeg=l=${columns}:d=${rows}`],
        rtpUrl(FAR),
      ]);
      return { programs: [receiver, sender], source: { port: OUTPUT_PORT }, reference, isClocked: false };
    },
  };
}

interface Mode {
  name: string;
  /** Of `msc serve`. */
  flags: readonly string[];
  /** Whether repair requests reach the server. */
  hasRequests: boolean;
}

/** `program`: a build's bin/msc.js. */
function ours(program: string, { name, flags, hasRequests }: Mode): Repairer {
  const how = `${['msc serve', ...flags].join(' ')}, msc record --output -`;
  return {
    name: `msc ${name}`,
    how: hasRequests ? how : `${how}; repair requests are dropped`,
    version: versionOf(process.execPath, [program, '--version']),
    isOnce: false,
    async start(stream) {
      const { server } = await serve(program, stream, NAME, flags);
      return {
        programs: [server],
        source: { command: [process.execPath, program, 'record', '1', '--output', '-', '--quiet'] },
        reference: stream.reel.packets,
        isClocked: true,
        ...(hasRequests ? {} : { deaf: CONTROL_PORT }),
      };
    },
  };
}

/** Ours, and the others that are installed. `program`: a build's bin/msc.js. */
export function repairers(program: string): Repairer[] {
  const fec = ['--fec', `${FEC.columns}x${FEC.rows}`];
  const modes: Mode[] = [
    { name: 'repairing nothing', flags: [], hasRequests: false },
    { name: 'by request', flags: [], hasRequests: true },
    { name: 'by FEC', flags: fec, hasRequests: false },
    { name: 'by FEC and request', flags: fec, hasRequests: true },
  ];
  return available([
    { needs: [], make: () => modes.map((mode) => ours(program, mode)) },
    { needs: ['ristsender'], make: () => [rist('simple', program), rist('main', program)] },
    { needs: ['ffmpeg', 'gst-launch-1.0'], make: () => [prompeg()] },
  ]);
}
