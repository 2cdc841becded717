/** The media features of this browser. */
import { ORDINARY_HEVC } from '../../../../src/contract/hevc-codecs.js';
import { isTransport } from '../../../../src/wire/station-format.js';
import type { StationInfo } from '../../../../src/wire/station-info.js';

/** What decides whether a browser plays a station. */
export type Sent = Pick<StationInfo, 'format' | 'codecs'>;

/** The codecs of stations that do not say theirs; players use those that they find in the stream. */
const ordinary = { h264: 'avc1.64001f,mp4a.40.2', hevc: ORDINARY_HEVC, jpeg: '' } as const;

const codecsOf = ({ format, codecs }: Sent): string => codecs ?? ordinary[format];

/** The type of what a station sends, for Media Source. */
export const mpegTsOf = (sent: Sent): string => `video/mp2t; codecs="${codecsOf(sent)}"`;

/** The part of MediaSource that is used, and of ManagedMediaSource, which iPhones have instead. */
export interface PageMediaSource extends EventTarget {
  readonly readyState: ReadyState;
  duration: number;
  /** ManagedMediaSource only: whether it accepts media at the moment. */
  readonly streaming?: boolean;
  addSourceBuffer(type: string): SourceBuffer;
  setLiveSeekableRange?(start: number, end: number): void;
}

interface SourceClass {
  new (): PageMediaSource;
  isTypeSupported(type: string): boolean;
}

/** Null where the browser has neither. */
export function sourceClass(): { MediaSource: SourceClass; isManaged: boolean } | null {
  const { MediaSource, ManagedMediaSource } = globalThis as {
    MediaSource?: SourceClass;
    ManagedMediaSource?: SourceClass;
  };
  if (MediaSource) return { MediaSource, isManaged: false };
  return ManagedMediaSource ? { MediaSource: ManagedMediaSource, isManaged: true } : null;
}

/** `mse`: MPEG-TS unchanged. `mpegts.js`: remuxed for Media Source. */
export type VideoPath = 'mse' | 'mpegts.js';

/** How this browser plays a station that is a transport stream; null: it cannot. */
export function videoPath(sent: Sent): VideoPath | null {
  const available = sourceClass();
  if (!available) return null;
  if (available.MediaSource.isTypeSupported(mpegTsOf(sent))) return 'mse';
  const isMp4 = available.MediaSource.isTypeSupported(`video/mp4; codecs="${codecsOf(sent)}"`);
  return isMp4 ? 'mpegts.js' : null;
}

/** Why this browser cannot play a station, a sentence; null: it can. */
export function obstacleTo(sent: Sent): string | null {
  if (!isTransport(sent.format) || videoPath(sent) !== null) return null;
  return sent.format === 'hevc' ? 'This browser cannot decode H.265 (HEVC).' : 'This browser cannot play video.';
}
