/** What this browser can play. */

/** As stations send it; players go by what they find in it. */
export const MPEG_TS = 'video/mp2t; codecs="avc1.64001f,mp4a.40.2"';

/** What is used of MediaSource, and of the ManagedMediaSource that iPhones have in its stead. */
export interface PageMediaSource extends EventTarget {
  readonly readyState: ReadyState;
  duration: number;
  /** Managed: whether it wants anything at the moment. */
  readonly streaming?: boolean;
  addSourceBuffer(type: string): SourceBuffer;
  setLiveSeekableRange?(start: number, end: number): void;
}

interface SourceClass {
  new (): PageMediaSource;
  isTypeSupported(type: string): boolean;
}

/** Null where the browser has none. */
export function sourceClass(): { MediaSource: SourceClass; isManaged: boolean } | null {
  const { MediaSource, ManagedMediaSource } = globalThis as {
    MediaSource?: SourceClass;
    ManagedMediaSource?: SourceClass;
  };
  if (MediaSource) return { MediaSource, isManaged: false };
  return ManagedMediaSource ? { MediaSource: ManagedMediaSource, isManaged: true } : null;
}

/** As it is: `mse`. Rewritten for Media Source: `mpegts.js`. */
export type VideoPath = 'mse' | 'mpegts.js';

/** How this browser plays h264 stations; null: not at all. */
export function videoPath(): VideoPath | null {
  const available = sourceClass();
  if (!available) return null;
  if (available.MediaSource.isTypeSupported(MPEG_TS)) return 'mse';
  const isMp4 = available.MediaSource.isTypeSupported('video/mp4; codecs="avc1.64001f,mp4a.40.2"');
  return isMp4 ? 'mpegts.js' : null;
}
