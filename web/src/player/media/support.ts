/** The media features of this browser. */

/** As stations send it; players use the codecs that they find in it. */
export const MPEG_TS = 'video/mp2t; codecs="avc1.64001f,mp4a.40.2"';

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

/** How this browser plays h264 stations; null: it cannot. */
export function videoPath(): VideoPath | null {
  const available = sourceClass();
  if (!available) return null;
  if (available.MediaSource.isTypeSupported(MPEG_TS)) return 'mse';
  const isMp4 = available.MediaSource.isTypeSupported('video/mp4; codecs="avc1.64001f,mp4a.40.2"');
  return isMp4 ? 'mpegts.js' : null;
}
