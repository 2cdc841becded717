/** Makes a reel from a source, in a folder of its own. Runs in the preparing child process; synchronous. */
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Problem } from '../../base/problem.js';
import { Ticks90k } from '../../base/units.js';
import { makePoster } from '../../media/pictures/poster.js';
import type { MediaSettings } from '../../media/settings.js';
import type { FilmSpool, Spool } from '../../media/spool.js';
import { spoolMedia } from '../../media/spool-media.js';
import type { SubtitleFile } from '../../media/subtitles/subtitle-files.js';
import { packFrames } from '../jpeg-packer.js';
import { writeJpegIndex } from '../jpeg-reel.js';
import { bitrateOf, LONGEST_REEL, REEL_VERSION, type ReelManifest } from '../manifest.js';
import { multiplex } from '../multiplex.js';
import { ReelFile } from '../reel.js';
import { writeTsIndex } from '../ts-reel.js';

export interface MakeReel {
  source: string;
  /** The picture that a still one fades in from. */
  before?: string | null;
  settings: MediaSettings;
  /** Files with subtitles beside the source that may be used. */
  subtitleFiles?: readonly SubtitleFile[];
  /** The cover beside a song; null or absent: there is none. */
  cover?: string | null;
  /** An existing, empty folder, which becomes the reel's. */
  folder: string;
}

interface Sink {
  write(chunk: Buffer): void;
  onProgress(done: number): void;
}

type Made = Pick<ReelManifest, 'duration' | 'packets' | 'randomAccessInterval' | 'peakToAverage'>;

/** Share of the progress for decoding, encoding and copying; the rest is multiplexing. */
const SPOOL_SHARE = 0.9;

/**
 * Makes the reel; `onProgress` gets the share done, 0 to 1. Throws a Problem when the source cannot be used, and the
 * system's error when the folder cannot be written.
 */
export function makeReel(options: MakeReel & { pages?: readonly string[] }, onProgress: (done: number) => void): void {
  const { source, before, pages, settings, subtitleFiles, cover, folder } = options;
  const spool = spoolMedia({
    source,
    before,
    pages,
    folder,
    settings,
    subtitleFiles,
    cover,
    onProgress: (done) => onProgress(done * SPOOL_SHARE),
  });
  const duration = spool.format !== 'jpeg' ? spool.video.duration : spool.duration;
  if (duration > LONGEST_REEL) {
    throw new Problem('source', `${source}: longer than 13 hours`, 'Cut it into parts and put them into a folder.');
  }
  const packetsPath = join(folder, ReelFile.packets[spool.format]);
  const output = openSync(packetsPath, 'w');
  let bytes = 0;
  let checksum = 0;
  const write = (chunk: Buffer) => {
    checksum = crc32(chunk, checksum);
    for (let done = 0; done < chunk.length; ) done += writeSync(output, chunk, done);
    bytes += chunk.length;
  };
  const sink: Sink = { write, onProgress: (done) => onProgress(SPOOL_SHARE + done * (1 - SPOOL_SHARE)) };
  let made: Made;
  try {
    made = spool.format !== 'jpeg' ? makeTs(spool, folder, sink) : makeJpeg(spool, folder, sink);
    fsyncSync(output);
  } finally {
    closeSync(output);
  }
  const kept = new Set<string>([ReelFile.packets[spool.format], ReelFile.index]);
  for (const name of readdirSync(folder)) if (!kept.has(name)) rmSync(join(folder, name));
  const poster = join(folder, ReelFile.poster);
  if (spool.poster) writeFileSync(poster, spool.poster);
  else makePoster({ source, path: poster });
  const { width, height, sampleAspectRatio, frameRate, channels } = spool.properties;
  const depth = spool.format === 'jpeg' || spool.bitDepth === undefined ? {} : { bitDepth: spool.bitDepth };
  const reorderDelay = spool.format !== 'jpeg' ? spool.video.reorderDelay : Ticks90k(0);
  const manifest: Omit<ReelManifest, 'id'> = {
    version: REEL_VERSION,
    format: spool.format,
    ...made,
    bytes,
    checksum,
    bitrate: bitrateOf({ bytes, duration: made.duration }),
    properties: spool.properties,
    layout: { width, height, sampleAspectRatio, frameRate, channels, reorderDelay, ...depth, ...furtherOf(spool) },
  };
  // Written last: a folder with a manifest is whole.
  const file = openSync(join(folder, ReelFile.manifest), 'w');
  try {
    writeFileSync(file, `${JSON.stringify(manifest, null, 2)}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** The streams beside pictures and main sound, as a layout has them. */
function furtherOf(spool: Spool): Pick<ReelManifest['layout'], 'language' | 'further'> {
  if (spool.format === 'jpeg' || !spool.further?.length) return {};
  const { language, further } = spool;
  return { ...(language !== undefined && { language }), further: further.map(({ stream }) => stream) };
}

function makeTs(spool: FilmSpool, folder: string, sink: Sink): Made {
  const { format, video, audio, language, further } = spool;
  const result = multiplex({ format, video, audio, language, further, ...sink });
  writeTsIndex(folder, result);
  return {
    duration: result.duration,
    packets: result.groups,
    randomAccessInterval: longestInterval(video.pts, video.randomAccess, video.duration),
    peakToAverage: result.peakToAverage,
  };
}

function makeJpeg({ frames, frameRate }: Spool & { format: 'jpeg' }, folder: string, sink: Sink): Made {
  const result = packFrames({ frames, frameRate, ...sink });
  writeJpegIndex(folder, result);
  return {
    duration: result.duration,
    packets: result.packets,
    randomAccessInterval: Ticks90k(Math.ceil(result.duration / frames.sizes.length)),
    peakToAverage: result.peakToAverage,
  };
}

/** The longest distance between random access points, up to the first of the next loop. */
function longestInterval(pts: Float64Array, randomAccess: Uint8Array, duration: Ticks90k): Ticks90k {
  let longest = 0;
  let before = 0;
  for (const [i, time] of pts.entries()) {
    if (randomAccess[i] === 0) continue;
    longest = Math.max(longest, time - before);
    before = time;
  }
  return Ticks90k(Math.max(longest, duration - before));
}
