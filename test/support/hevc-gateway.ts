/** A gateway with a station of H.264 and one of HEVC, in this process. Needs ffmpeg. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { systemTimers } from '../../src/base/timers.js';
import { Millis } from '../../src/base/units.js';
import { openGateway } from '../../src/gateway/gateway.js';
import { LocalCatalogue } from '../../src/gateway/local-catalogue.js';
import { Viewers } from '../../src/gateway/viewers.js';
import { ThumbnailChild } from '../../src/reel/thumbnail-child.js';
import { Station } from '../../src/station/station.js';
import { reelOf } from './film.js';
import { HEVC_CODECS, hevcReel } from './hevc-reel.js';
import { makeNumberedFilm } from './numbered-film.js';
import { scratchFolder } from './spool.js';
import { makeStation } from './stations.js';

export interface HevcGateway {
  url: string;
  /** Ids of its stations, which play numbered pictures; number 1 and 2. */
  h264: string;
  hevc: string;
  /** Of the HEVC film. */
  seconds: number;
}

export async function openHevcGateway(context: TestContext, seconds = 4): Promise<HevcGateway> {
  const path = makeNumberedFilm(join(scratchFolder(context), 'film.mp4'), seconds);
  const reels = { h264: await reelOf(context, path), hevc: await hevcReel(context, { seconds }) };
  const now = () => Millis(Date.now());
  const catalogue = new LocalCatalogue({ now, timers: systemTimers, history: Millis(7_200_000) });
  const size = { width: 640, height: 360, frameRate: 25 };
  const described = { h264: makeStation(1, size), hevc: makeStation(2, { ...size, ...hevcFacts }) };
  for (const format of ['h264', 'hevc'] as const) {
    const info = { ...described[format], name: `In ${format}`, nowPlaying: `Film in ${format}` };
    const station = new Station({ items: [{ name: 'film', reel: reels[format] }], ssrc: info.ssrc });
    catalogue.add({ station, info: () => info, poster: async () => null });
  }
  const thumbnailMaker = new ThumbnailChild({ timers: systemTimers, log: (line) => assert.fail(line) });
  context.after(() => thumbnailMaker.close());
  const gateway = await openGateway({
    context: {
      thumbnailMaker,
      catalogue,
      viewers: new Viewers(),
      server: 'here',
      ttl: 1,
      timers: systemTimers,
      now,
      log() {},
    },
    host: '127.0.0.1',
    port: 0,
  });
  context.after(() => gateway.close());
  return { url: gateway.url, h264: described.h264.id, hevc: described.hevc.id, seconds };
}

const hevcFacts = { format: 'hevc', videoCodec: 'H.265 Main 2.1', codecs: HEVC_CODECS } as const;
