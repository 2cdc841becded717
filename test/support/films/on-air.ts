/** What is on the air of a file: a reel is made of it, and a station plays it three times. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PacketNumber, TICKS_PER_SECOND, Ticks90k } from '../../../src/base/units.js';
import { defaultMediaSettings, type MediaProperties, type MediaSettings } from '../../../src/media/settings.js';
import { JpegAssembler } from '../../../src/receiver/jpeg-assembler.js';
import { makeReel } from '../../../src/reel/child/make-reel.js';
import type { ReelManifest } from '../../../src/reel/manifest.js';
import { reelOf } from '../../../src/reel/open-reel.js';
import { readIndex } from '../../../src/reel/read-reel.js';
import { type Reel, ReelFile } from '../../../src/reel/reel.js';
import { Station } from '../../../src/station/station.js';
import { parseRtp, RTP_HEADER_LENGTH } from '../../../src/wire/rtp.js';
import { findClicks } from './clicks.js';
import { HD_HEIGHT, type LookOptions, look, type ProbedStream, type Shown, type ShownPicture } from './look.js';

export const LOOPS = 3;

export interface OnAir {
  /** The first loop. */
  shown: Shown;
  /** Seconds of a loop. */
  duration: number;
  /** What differs from the first loop in one that follows. */
  loopFaults: string[];
  properties: MediaProperties;
}

/** Makes the reel in this process, in `folder`, which is removed. Throws a Problem where the source is refused. */
export async function putOnAir(source: string, settings: Partial<MediaSettings>, folder: string): Promise<OnAir> {
  mkdirSync(folder);
  try {
    makeReel({ source, settings: { ...defaultMediaSettings, ...settings }, folder }, () => undefined);
    const manifest = { ...JSON.parse(readFileSync(join(folder, ReelFile.manifest), 'utf8')), id: '' } as ReelManifest;
    const descriptor = openSync(join(folder, ReelFile.packets[manifest.format]), 'r');
    try {
      const reel = reelOf({ manifest, descriptor, index: await readIndex(folder, manifest) });
      return await lookAtReel(reel, folder);
    } finally {
      closeSync(descriptor);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Looks at three loops of a station with this one reel, or at the first one where three last more than `longest` seconds, and no
 * longer than that. `folder`: for a file of its packets.
 */
export async function lookAtReel(reel: Reel, folder: string, longest = Number.POSITIVE_INFINITY): Promise<OnAir> {
  const { properties, format } = reel.data.manifest;
  const station = new Station({ items: [{ name: 'film', reel }], ssrc: 1 });
  const duration = reel.duration / TICKS_PER_SECOND;
  const isLooped = LOOPS * duration <= longest;
  const cycles = (isLooped ? LOOPS : 1) * station.cyclePackets;
  // Pictures and sound of a moment leave up to two seconds later.
  const last = isLooped ? cycles : Math.min(cycles, station.at(Ticks90k((longest + 2) * TICKS_PER_SECOND)));
  const packets = station.packets(PacketNumber(0), PacketNumber(last));
  const bound = isLooped ? {} : { longest };
  const seen = await (format !== 'jpeg'
    ? lookAtStream(packets, folder, { ...bound, streams: streamsOf(properties) })
    : lookAtJpeg(packets, folder, properties));
  if (typeof seen === 'string') throw new Error(`nothing on the air: ${seen}`);
  if (isLooped) return { ...splitLoops(seen, duration), duration, properties };
  return { shown: seen, loopFaults: messageFault(seen), duration, properties };
}

/** The first streams of a station; undefined where the colours depend on what the pictures themselves say of their matrix. */
function streamsOf({ height, audio }: MediaProperties): ProbedStream[] | undefined {
  if (height >= HD_HEIGHT) return undefined;
  const sound = { index: 1, codec_type: 'audio', codec_name: 'aac' };
  return [{ index: 0, codec_type: 'video', height }, ...(audio === 'none' ? [] : [sound])];
}

const messageFault = ({ messages }: Shown) =>
  messages === '' ? [] : [`a decoder reports: ${messages.split('\n')[0]}`];

function lookAtStream(packets: Buffer[], folder: string, options: LookOptions): Promise<Shown | string> {
  const path = join(folder, 'loops.ts');
  writeFileSync(path, Buffer.concat(packets.map((packet) => packet.subarray(RTP_HEADER_LENGTH))));
  return look(path, options);
}

async function lookAtJpeg(packets: Buffer[], folder: string, properties: MediaProperties): Promise<Shown | string> {
  const assembler = new JpegAssembler(properties);
  const frames = packets.flatMap((packet, n) => {
    const parsed = parseRtp(packet);
    return parsed ? (assembler.push(PacketNumber(n), parsed) ?? []) : [];
  });
  if (assembler.counts.torn + assembler.counts.refused > 0) return 'torn pictures';
  const path = join(folder, 'loops.mjpeg');
  writeFileSync(path, Buffer.concat(frames.map(({ jpeg }) => jpeg)));
  const seen = await look(path, { streams: streamsOf(properties) });
  if (typeof seen === 'string') return seen;
  const time = (index: number) => (frames[index]!.timestamp - frames[0]!.timestamp) / TICKS_PER_SECOND;
  const interval = time(1);
  return {
    ...seen,
    pictures: seen.pictures.map((picture, index) => ({ ...picture, time: time(index) })),
    picturesEnd: time(frames.length - 1) + interval,
  };
}

/** Two ticks of 90 kHz, for rounding. */
const TICK = 2 / TICKS_PER_SECOND;
/** Clicks of two loops differ by less, seconds: the decoder begins with another frame. */
const CLICK = 0.003;

function splitLoops(seen: Shown, duration: number): { shown: Shown; loopFaults: string[] } {
  const loops: ShownPicture[][] = Array.from({ length: LOOPS }, () => []);
  for (const picture of seen.pictures) {
    const loop = Math.min(LOOPS - 1, Math.floor((picture.time + TICK) / duration));
    loops[loop]!.push({ ...picture, time: picture.time - loop * duration });
  }
  const [first = [], ...others] = loops;
  const loopFaults = others.flatMap((pictures, i) =>
    faultOf(first, pictures).map((fault) => `loop ${i + 2}: ${fault}`),
  );
  loopFaults.push(...messageFault(seen));
  // The end of the last loop's sound leaves with the loop that follows: the second loop's is whole.
  const sound = seen.sound && soundOfLoop(seen.sound, duration, 2 * duration);
  if (seen.sound && sound) {
    const before = findClicks(soundOfLoop(seen.sound, 0, duration));
    const clicks = findClicks(sound);
    const differs = before.length !== clicks.length || clicks.some((time, i) => Math.abs(time - before[i]!) > CLICK);
    if (differs) loopFaults.push(`clicks of the first loop: ${inWords(before)}; of the second: ${inWords(clicks)}`);
  }
  return { shown: { ...seen, pictures: first, picturesEnd: duration, sound }, loopFaults };
}

const inWords = (times: number[]) => times.map((time) => time.toFixed(3)).join(' ');

/** Sound from `from` to `to`, with times relative to `from`. */
function soundOfLoop(sound: NonNullable<Shown['sound']>, from: number, to: number): NonNullable<Shown['sound']> {
  const blocks = sound.blocks
    .map(({ time, samples }) => ({ time: time - from, samples }))
    .filter(({ time, samples }) => time + samples.length / sound.rate > 0 && time < to - from);
  return { rate: sound.rate, blocks, end: Math.min(to, sound.end) - from };
}

function faultOf(first: ShownPicture[], loop: ShownPicture[]): string[] {
  if (loop.length !== first.length) return [`${loop.length} pictures instead of ${first.length}`];
  const other = loop.findIndex(({ number, time }, i) => {
    return number !== first[i]!.number || Math.abs(time - first[i]!.time) > 2 * TICK;
  });
  return other < 0 ? [] : [`picture ${other} is another, or at another time`];
}
