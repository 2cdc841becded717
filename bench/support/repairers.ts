/** Programs that bring a stream over a bad line, each with a buffer of the same length. */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CONTROL_PORT } from '../../src/contract/addresses.js';
import { RTP_HEADER_LENGTH } from '../../src/wire/rtp.js';
import { isInstalled, msc, seconds } from '../support.js';
import { FAR, NAME } from './cable.js';
import { versionOf } from './contestants.js';
import { Program } from './processes.js';
import type { Prepared } from './reels.js';
import { serveStations } from './serve.js';

/** Milliseconds that a packet may take longer than it would without loss. */
export const BUFFER = 200;
/** Columns and rows of FEC: 50 packets, 105 ms at 5 Mbit/s; 30% more packets. */
export const FEC = { columns: 10, rows: 5 };
/** FFmpeg's default. It sends a block's FEC spread over the next block, so 10 × 5 would take longer than the buffer. */
const PROMPEG = { columns: 5, rows: 5 };

export interface Stream {
  reel: Prepared;
  /** Folder of the store. */
  store: string;
  /** For files that the contestant needs. */
  folder: string;
  /** Words that, before a command, run it at the far end of the cable. */
  atFarEnd: readonly string[];
}

/** A contestant at work. */
export interface Carrying {
  programs: Program[];
  /** What comes out at the far end, and what should. */
  source: { port: number } | { command: readonly string[] };
  reference: string;
  /** Whether a station plays the reel, so that it is known when packets are due. */
  isClocked: boolean;
  /** A port at the near end at which requests for repair are not to be heard. */
  deaf?: number;
}

export interface Repairer {
  name: string;
  how: string;
  version: string;
  /** Whether it plays the film once, or else for ever. */
  isOnce: boolean;
  start(stream: Stream): Promise<Carrying>;
}

/** Puts the film on the air on that interface. */
const serve = (program: string, { reel, store }: Stream, on: string, more: readonly string[]) =>
  serveStations(program, [reel.source], ['--interface', on, '--store', store, ...more]);

/** Where contestants deliver what they have repaired, at the far end. */
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
      // What is to be carried comes from a station on loopback: the same packets as ours, at the same pace.
      const { server, stations } = await serve(program, stream, 'lo', ['--control-port', '0']);
      const [command, ...words] = [
        ...stream.atFarEnd,
        ...['ristreceiver', ...common],
        ...['-i', `rist://@${FAR}:${LINE_PORT}?${buffer}`, '-o', `udp://127.0.0.1:${OUTPUT_PORT}`],
      ];
      const receiver = new Program(command!, words);
      const sender = new Program('ristsender', [
        ...common,
        ...[
          '-i',
          `rtp://@${stations[0]!.group}:${stations[0]!.port}?miface=lo`,
          '-o',
          `rist://${FAR}:${LINE_PORT}?${buffer}`,
        ],
      ]);
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
 * FFmpeg makes a transport stream of its own, the same each time, but not the one that it makes into a file: the
 * reference is what it sends over loopback.
 */
async function remultiplex(packets: string, reference: string): Promise<void> {
  const pieces: Buffer[] = [];
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  socket.on('message', (datagram) => pieces.push(datagram.subarray(RTP_HEADER_LENGTH)));
  socket.bind(LINE_PORT, '127.0.0.1');
  await once(socket, 'listening');
  await seconds('ffmpeg', [...quiet, '-readrate', '10', ...copying(packets), rtpUrl('127.0.0.1')]);
  await sleep(200); // what is still in the socket
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
      const [command, ...words] = [...atFarEnd, 'gst-launch-1.0', '--quiet', ...pipeline(LINE_PORT)];
      const receiver = new Program(command!, words);
      const sender = new Program('ffmpeg', [
        ...[...quiet, '-re', ...copying(reel.packets), '-fec', `prompeg=l=${columns}:d=${rows}`],
        rtpUrl(FAR),
      ]);
      return { programs: [receiver, sender], source: { port: OUTPUT_PORT }, reference, isClocked: false };
    },
  };
}

interface OurWay {
  name: string;
  /** Of `msc serve`. */
  flags: readonly string[];
  /** Whether what receivers ask for is heard. */
  isHeard: boolean;
}

/** `program` is the file that Node.js runs: `bin/msc.js`, or another build's. */
function ours(program: string, { name, flags, isHeard }: OurWay): Repairer {
  const how = `${['msc serve', ...flags].join(' ')}, msc record --output -`;
  return {
    name: `msc ${name}`,
    how: isHeard ? how : `${how}; its requests for repair are not let through`,
    version: spawnSync(process.execPath, [program, '--version'], { encoding: 'utf8' }).stdout.trim(),
    isOnce: false,
    async start(stream) {
      const { server } = await serve(program, stream, NAME, flags);
      return {
        programs: [server],
        source: { command: [process.execPath, program, 'record', '1', '--output', '-', '--quiet'] },
        reference: stream.reel.packets,
        isClocked: true,
        ...(isHeard ? {} : { deaf: CONTROL_PORT }),
      };
    },
  };
}

function allOurs(program: string): Repairer[] {
  const flags = ['--fec', `${FEC.columns}x${FEC.rows}`];
  const ways: OurWay[] = [
    { name: 'repairing nothing', flags: [], isHeard: false },
    { name: 'by request', flags: [], isHeard: true },
    { name: 'by FEC', flags, isHeard: false },
    { name: 'by FEC and request', flags, isHeard: true },
  ];
  return ways.map((way) => ours(program, way));
}

/** Ours, those of the others that are installed, and the names of what is missing. */
export function repairers(program = msc): { found: Repairer[]; missing: string[] } {
  const peers: { needs: [program: string, debian: string][]; make: () => Repairer }[] = [
    { needs: [['ristsender', 'rist-tools']], make: () => rist('simple', program) },
    { needs: [['ristsender', 'rist-tools']], make: () => rist('main', program) },
    {
      needs: [
        ['ffmpeg', 'ffmpeg'],
        ['gst-launch-1.0', 'gstreamer1.0-tools gstreamer1.0-plugins-good'],
      ],
      make: prompeg,
    },
  ];
  const isThere = ({ needs }: (typeof peers)[number]) => needs.every(([name]) => isInstalled(name));
  const missing = peers.filter((peer) => !isThere(peer)).flatMap(({ needs }) => needs);
  return {
    found: [...allOurs(program), ...peers.filter(isThere).map(({ make }) => make())],
    missing: [...new Set(missing.map(([name, debian]) => `${name} (apt-get install ${debian})`))],
  };
}
