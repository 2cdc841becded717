/** A page's connection without a network: what was sent, and as much room as a test gives it. */

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
  /** Whether what is sent stays queued. */
  isStuck = false;
  /** Codes with which it was ended. */
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

  /** Messages of one type. */
  of<T extends ServerMessage['type']>(type: T): Extract<ServerMessage, { type: T }>[] {
    return this.messages.filter((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  }

  /** The media of a channel, in one piece. */
  media(channel: number): Buffer {
    return Buffer.concat(this.frames.filter((frame) => frame.channel === channel).map(({ media }) => media));
  }
}
