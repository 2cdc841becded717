/** The page's player engine: one connection to the gateway, and the screens that it feeds. */
import { Millis } from '../../../src/base/units.js';
import { CanvasPlayer } from './canvas-player.js';
import { Gateway, type GatewayWorker } from './link/gateway.js';
import { MediaSourceFeed } from './media/media-source-feed.js';
import { MpegtsFeed } from './media/mpegts-feed.js';
import { mpegTsOf, obstacleTo, type VideoPath, videoPath } from './media/support.js';
import type { Engine } from './player.js';
import { Preloader } from './preloader.js';
import type { Beginning, PlayerEvents, StationPlayer } from './station-player.js';
import { StationScreen } from './station-screen.js';
import type { Startup } from './video-playback.js';
import { VideoPlayer } from './video-player.js';

export interface EngineOptions {
  /** Of the WebSocket; default: the page's own gateway. */
  url?: string;
  /** How transport streams are played; default: the best way that this browser has. */
  path?: VideoPath;
}

/** The first estimate of the time from `play` until pictures move. */
const STARTUP = Millis(120);

/** Options in a page's address: `?player=mpegts` selects mpegts.js even where it is not needed. */
export const optionsOf = (search: string): EngineOptions =>
  new URLSearchParams(search).get('player') === 'mpegts' ? { path: 'mpegts.js' } : {};

export function createEngine(options: EngineOptions = optionsOf(location.search)): Engine {
  const url = options.url ?? `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/live`;
  const worker = new Worker(new URL('./link/worker.ts', import.meta.url), { type: 'module' });
  const gateway = new Gateway(worker as GatewayWorker, url);
  const startup: Startup = { time: STARTUP };
  const screens = new Set<StationScreen>();

  const createPlayer = (beginning: Beginning, events: PlayerEvents): StationPlayer | string => {
    const { station } = beginning;
    // The gateway refuses one that it does not list any more.
    const info = gateway.station(station) ?? { format: 'h264' };
    if (info.format === 'jpeg') return new CanvasPlayer({ gateway, beginning, events });
    const obstacle = obstacleTo(info);
    if (obstacle !== null) return obstacle;
    const path = options.path ?? videoPath(info);
    const createFeed: ConstructorParameters<typeof VideoPlayer>[0]['createFeed'] = (element, feedEvents) =>
      path === 'mse' ? new MediaSourceFeed(element, feedEvents, mpegTsOf(info)) : new MpegtsFeed(element, feedEvents);
    return new VideoPlayer({ gateway, beginning, events, startup, createFeed });
  };

  const preloader = new Preloader({
    gateway,
    createPlayer,
    screens: () => {
      const all = [...screens];
      return {
        areSettled: all.every((screen) => !['tuning', 'waiting'].includes(screen.status.peek())),
        stalls: all.reduce((sum, screen) => sum + screen.stalls, 0),
        stations: all.map((screen) => screen.station.peek()),
      };
    },
  });

  const touched = () => {
    for (const screen of screens) screen.onTouched();
  };
  const wake = () => {
    if (!document.hidden) gateway.wake();
  };
  const listeners = [
    [window, 'pointerup', touched],
    [window, 'keydown', touched],
    [document, 'visibilitychange', wake],
  ] as const;
  for (const [target, type, listener] of listeners) target.addEventListener(type, listener, { capture: true });

  return {
    connection: gateway.connection,
    stations: gateway.stations,
    thumbnails: gateway.thumbnails,
    now: () => gateway.now(),
    obstacleTo,
    wantThumbnails: (stations) => gateway.wantThumbnails(stations),
    preload: (stations) =>
      preloader.want(stations.filter((id) => obstacleTo(gateway.station(id) ?? { format: 'h264' }) === null)),
    setLanguages(wanted) {
      if (gateway.languages.join() === wanted.join()) return;
      gateway.languages = wanted;
      preloader.forget();
      for (const screen of screens) screen.playAgain();
    },
    setSubtitles(wanted) {
      gateway.subtitles = wanted;
    },
    createScreen() {
      const screen: StationScreen = new StationScreen({
        gateway,
        createPlayer,
        takePreloaded: (station) => preloader.take(station),
        onClosed: () => screens.delete(screen),
      });
      screens.add(screen);
      return screen;
    },
    close() {
      for (const [target, type, listener] of listeners) target.removeEventListener(type, listener, { capture: true });
      preloader.close();
      for (const screen of [...screens]) screen.close();
      gateway.close();
    },
  };
}
