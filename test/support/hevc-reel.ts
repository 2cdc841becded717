/** Reels of HEVC, multiplexed from what x265 encodes: an oracle for all that receives them. Needs ffmpeg. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Ticks90k } from '../../src/base/units.js';
import type { Ratio } from '../../src/media/settings.js';
import type { SpooledAudio, SpooledVideo } from '../../src/media/spool.js';
import { SpoolReader } from '../../src/media/spool-reader.js';
import { multiplex } from '../../src/reel/multiplex.js';
import { readIndex } from '../../src/reel/read-reel.js';
import type { Reel } from '../../src/reel/reel.js';
import { TsReel, writeTsIndex } from '../../src/reel/ts-reel.js';
import { TS_GROUP_LENGTH } from '../../src/wire/ts.js';
import { fakeReel } from './fake-reel.js';
import { ffmpeg } from './ffmpeg.js';
import { NUMBERED_RATE, numberedSource } from './numbered-film.js';
import { scratchFolder } from './spool.js';

/** Pictures between random access points. */
const GROUP = NUMBERED_RATE;
/** Main profile, level 2.1 (640 × 360), progressive. */
export const HEVC_CODECS = 'hvc1.1.6.L63.90,mp4a.40.2';

interface HevcOptions {
  /** 25 pictures each, with their numbers (see numbered-film.ts). */
  seconds?: number;
}

/** Its file is open until the test ends. */
export async function hevcReel(context: TestContext, { seconds = 3 }: HevcOptions = {}): Promise<Reel> {
  const folder = scratchFolder(context);
  const video = spoolVideo(folder, seconds);
  const audio = spoolAudio(folder, seconds);
  const path = join(folder, 'packets.ts');
  const chunks: Buffer[] = [];
  const result = multiplex({ format: 'hevc', video, audio, write: (packets) => chunks.push(Buffer.from(packets)) });
  writeTsIndex(folder, result);
  writeFileSync(path, Buffer.concat(chunks));
  const { manifest: made } = fakeReel({ times: [0], duration: result.duration, format: 'hevc' }).data;
  const facts = { width: 640, height: 360, frameRate: [NUMBERED_RATE, 1] as Ratio };
  const manifest = {
    ...made,
    packets: result.groups,
    bytes: result.groups * TS_GROUP_LENGTH,
    bitrate: (result.groups * TS_GROUP_LENGTH * 8 * 90_000) / result.duration,
    randomAccessInterval: Ticks90k((GROUP / NUMBERED_RATE) * 90_000),
    properties: { ...made.properties, ...facts, videoCodec: 'H.265 Main 2.1', codecs: HEVC_CODECS },
    layout: { ...made.layout, ...facts, reorderDelay: video.reorderDelay },
  };
  const descriptor = openSync(path, 'r');
  context.after(() => closeSync(descriptor));
  return new TsReel({ manifest, descriptor, index: await readIndex(folder, manifest) });
}

interface ProbedPacket {
  /** Ticks. */
  pts: number;
  size: string;
  flags: string;
}

function spoolVideo(folder: string, seconds: number): SpooledVideo {
  const [film, path] = [join(folder, 'film.nut'), join(folder, 'video.hevc')];
  const parameters =
    `keyint=${GROUP}:min-keyint=${GROUP}:scenecut=0:open-gop=0:bframes=3:aud=1:repeat-headers=1:info=0:` +
    'pools=none:frame-threads=1:log-level=error';
  const encoder = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', parameters, '-pix_fmt', 'yuv420p'];
  const pictures = ['-f', 'lavfi', '-i', numberedSource(), '-t', String(seconds)];
  ffmpeg(...pictures, ...encoder, film, '-y');
  ffmpeg('-i', film, '-c', 'copy', '-f', 'hevc', path);
  const entries = ['-show_entries', 'packet=pts,size,flags:stream=time_base', '-of', 'json'];
  const probe = JSON.parse(String(execFileSync('ffprobe', ['-v', 'error', ...entries, film])));
  const [numerator, denominator] = (probe.streams[0].time_base as string).split('/').map(Number);
  const packets = probe.packets as ProbedPacket[];
  const first = Math.min(...packets.map(({ pts }) => pts));
  const pts = Float64Array.from(packets, (each) => ((each.pts - first) * numerator! * 90_000) / denominator!);
  const sorted = pts.toSorted();
  return {
    open: () => new SpoolReader(path),
    sizes: Uint32Array.from(packets, ({ size }) => Number(size)),
    pts,
    randomAccess: Uint8Array.from(packets, ({ flags }) => (flags.startsWith('K') ? 1 : 0)),
    duration: Ticks90k(seconds * 90_000),
    reorderDelay: Ticks90k(Math.max(...sorted.map((time, i) => time - pts[i]!))),
  };
}

function spoolAudio(folder: string, seconds: number): SpooledAudio {
  const path = join(folder, 'audio.adts');
  ffmpeg('-f', 'lavfi', '-i', 'sine=440:r=48000', '-t', String(seconds), '-ac', '2', '-c:a', 'aac', '-f', 'adts', path);
  const frames = readFileSync(path);
  const sizes: number[] = [];
  // frame_length, 13 bits from bit 30 of the ADTS header on (ISO/IEC 13818-7, 6.2).
  for (let at = 0; at < frames.length; at += sizes.at(-1)!) sizes.push((frames.readUInt32BE(at + 3) >>> 13) & 0x1fff);
  return { path, sizes: Uint32Array.from(sizes), start: Ticks90k(0), silence: frames.subarray(0, sizes[0]) };
}
