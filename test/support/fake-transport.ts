/** A page's connection without a network: it records what is sent, and has as much room as a test gives it. */

import type { ServerMessage } from '../../src/contract/live.js';
import type { LiveTransport } from '../../src/gateway/live/live-transport.js';
import type { FrameHeader } from '../../src/wire/live-frame.js';

export interface SentFrame extends FrameHeader {
  media: Buffer;
}

export class FakeTransport implements LiveTransport {
  queued = 0;
  readonly messages: ServerMessage[] = [];
  readonly frames: SentFrame[] = [];
  /** Whether messages stay queued. */
  isStuck = false;
  /** Codes with which it was closed. */
  readonly closed: number[] = [];

  sendMessage(json: string | Buffer): void {
    this.messages.push(JSON.parse(String(json)));
    if (this.isStuck) this.queued += json.length;
  }

  sendFrame(header: FrameHeader, media: Buffer): void {
    this.frames.push({ ...header, media });
    if (this.isStuck) this.queued += media.length;
  }

  close(code: number): void {
    this.closed.push(code);
  }

  /** The messages of one type. */
  of<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  }

  /** The media of a channel, concatenated. */
  media(channel: number): Buffer {
    return Buffer.concat(this.frames.filter((frame) => frame.channel === channel).map(({ media }) => media));
  }
}
