/** The targets. Their modules are known before they are loaded, so that these can be given counters. */
import type { FuzzTarget } from './target.js';

/** Beginnings of paths below src, by target. */
export const targetModules: Readonly<Record<string, readonly string[]>> = {
  packets: ['wire/rtp', 'wire/retransmission', 'wire/fec', 'wire/feedback', 'base/units'],
  media: ['wire/jpeg-file', 'wire/rtp-jpeg', 'wire/ts', 'wire/psi', 'wire/pes', 'wire/matroska', 'receiver/jpeg-'],
  messages: ['wire/message', 'wire/seal', 'wire/station-', 'wire/sap', 'wire/sdp', 'control/station-list'],
  page: ['gateway/live/', 'wire/live-frame', 'base/token-bucket', 'gateway/viewers'],
  server: ['control/', 'unicast/', 'wire/feedback', 'wire/message', 'base/token-bucket', 'station/station.'],
  client: ['control/client-state', 'control/exchange', 'discovery/find-state', 'wire/message', 'wire/station-pages'],
  receiver: ['receiver/', 'wire/rtp', 'wire/fec', 'wire/retransmission', 'clock/server-clock'],
  catalogue: [
    'gateway/network-',
    'gateway/gateway-receiver',
    'gateway/chunker',
    'discovery/',
    'contract/',
    'receiver/stream-buffer',
  ],
  disk: [
    'reel/read-reel',
    'reel/ts-reel',
    'reel/jpeg-reel',
    'reel/open-reel',
    'reel/manifest',
    'server/state-log',
    'station/station-state',
    'station/stored-shapes',
    'station/timeline-data',
  ],
};

export const targetNames: readonly string[] = Object.keys(targetModules);

export async function loadTarget(name: string): Promise<FuzzTarget> {
  return (await import(new URL(`./targets/${name}.js`, import.meta.url).href)).target;
}
