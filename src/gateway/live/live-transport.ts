/** A page's connection, as its session needs it. */
import type { FrameHeader } from '../../wire/live-frame.js';

export interface LiveTransport {
  /** Bytes that the network has not taken yet. The session's `drained` is called when it has taken all. */
  readonly queued: number;
  /** A message: JSON in UTF-8. */
  sendMessage(json: string | Buffer): void;
  /** A frame of media; `media` is sent from where it lies. */
  sendFrame(header: FrameHeader, media: Buffer): void;
  /** Ends it; `code` as in RFC 6455, section 7.4.1. Nothing is sent any more after that. */
  close(code: number, reason: string): void;
}

/** Why a connection ends (RFC 6455, section 7.4.1). */
export const CloseCode = {
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  tryAgainLater: 1013,
} as const;
