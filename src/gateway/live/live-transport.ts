/** The connection of a page, as its session uses it. */
import type { FrameHeader } from '../../wire/live-frame.js';

export interface LiveTransport {
  /** Bytes waiting for the network. The session's `drained` is called when it has taken all of them. */
  readonly queued: number;
  /** Sends JSON, in UTF-8. */
  sendMessage(json: string | Buffer): void;
  /** Sends a frame of media, without copying it. */
  sendFrame(header: FrameHeader, media: Buffer): void;
  /** Closes the connection; `code` as in RFC 6455, section 7.4.1. Nothing is sent after that. */
  close(code: number, reason: string): void;
}

/** Close codes of RFC 6455, section 7.4.1. */
export const CloseCode = {
  goingAway: 1001,
  unsupportedData: 1003,
  policyViolation: 1008,
  tryAgainLater: 1013,
} as const;
