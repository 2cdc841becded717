/** The description of a station that is announced on the network. */

import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { mostDemandingHevc } from '../contract/hevc-codecs.js';
import { mostDemandingVideo } from '../media/most-demanding.js';
import type { StationLayout } from '../media/settings.js';
import { carriedLanguages } from '../media/subtitles/carried.js';
import { NowOnAir } from '../station/guide.js';
import { scheduleHash } from '../station/identity.js';
import type { Station } from '../station/station.js';
import type { FecSize } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';
import type { StationPlan } from './station-plan.js';

const LONGEST_NAME = 200;

export interface DescriptionOptions {
  plan: StationPlan;
  station: Station;
  /** The server's name. */
  server: string;
  /** IPv4 address that its packets leave from now; undefined: not on the air yet. */
  source?: () => string;
  /** Size of its parity blocks; undefined: it never has parity. */
  fec?: FecSize;
}

/** A function from the time to the station's description, which is the same object until something in it changes. */
export function describer(options: DescriptionOptions): (time: Ticks90k) => StationInfo {
  const { plan, station } = options;
  const onAir = new NowOnAir(station);
  let described = describe(options);
  let known = { revision: station.revision, name: plan.name, source: options.source?.(), now: onAir.at(Ticks90k(0)) };
  let info: StationInfo = { ...described, ...known.now };
  return (time) => {
    const { revision } = station;
    const { name } = plan;
    const source = options.source?.();
    const now = onAir.at(time);
    const isSame = revision === known.revision && name === known.name && source === known.source;
    if (isSame && now === known.now) return info;
    if (!isSame) described = describe(options);
    known = { revision, name, source, now };
    info = { ...described, ...now };
    return info;
  };
}

function describe({ plan, station, server, source, fec }: DescriptionOptions): StationInfo {
  // A slate changes only the title on air, not the properties.
  const manifests = station.items.map(({ reel }) => reel.data.manifest);
  const { format, properties, layout } = manifests[0]!;
  const languages = languagesOf(layout);
  const subtitles = carriedLanguages({ subtitles: [], burnSubtitles: false, target: layout });
  const { width, height, aspectRatio, frameRate, audioCodec } = properties;
  const codecs = mostDemandingHevc(manifests.map((manifest) => manifest.properties.codecs));
  const bytes = manifests.reduce((sum, manifest) => sum + manifest.bytes, 0);
  const seconds = station.cycleDuration / TICKS_PER_SECOND;
  const interval = Math.max(...manifests.map((manifest) => manifest.randomAccessInterval)) / TICKS_PER_SECOND;
  return {
    number: plan.number,
    id: plan.id,
    name: plan.name.slice(0, LONGEST_NAME),
    format,
    width,
    height,
    aspectRatio,
    frameRate: Math.round((frameRate[0] / frameRate[1]) * 1000) / 1000,
    videoCodec: mostDemandingVideo(manifests.map((manifest) => manifest.properties)),
    audioCodec,
    ...(codecs !== null && { codecs }),
    ...(languages && { languages }),
    ...(subtitles.length > 0 && { subtitles }),
    bitrate: Math.round((bytes * 8) / seconds),
    duration: seconds,
    group: plan.group,
    port: plan.port,
    ssrc: station.ssrc,
    ...(source && { source: source() }),
    ...(fec && { fec }),
    randomAccessInterval: Math.round(interval * 1000) / 1000,
    nowPlaying: '',
    schedule: scheduleHash(plan.id, [
      ...manifests.map(({ id, checksum }) => `${id}-${checksum}`),
      // The same items are other packets when they were changed at another time.
      ...station.timeline.periods.slice(1).map(({ first, item, packet }) => `${first} ${item} ${packet}`),
    ]),
    server,
  };
}

/** The languages of the tracks of sound, the main one first; null where there is nothing beside it. */
function languagesOf({ language = 'und', further }: StationLayout): string[] | null {
  if (!further) return null;
  return [language, ...further.flatMap((stream) => (stream.kind === 'sound' && !stream.codec ? stream.language : []))];
}
