/** One connection of a page to `/live`: its messages, channels and thumbnails. No socket, no timers. */

import { TokenBucket } from '../../base/token-bucket.js';
import type { Millis } from '../../base/units.js';
import {
  clientMessageSchema,
  LIVE_VERSION,
  type LiveProblem,
  MOST_CHANNELS,
  type ReceivedMessage,
  type ServerMessage,
} from '../../contract/live.js';
import { FrameFlag, FrameKind } from '../../wire/live-frame.js';
import type { GatewayContext } from '../context.js';
import { HttpProblem, noSuchStation } from '../http-problem.js';
import { forPage } from '../one-track.js';
import type { ThumbnailSubscription, Thumbnails } from '../thumbnails/thumbnails.js';
import { LiveChannel } from './live-channel.js';
import { CloseCode, type LiveTransport } from './live-transport.js';
import { PendingThumbnails } from './pending-thumbnails.js';
import type { StationList } from './station-list.js';

/** Queued bytes up to which thumbnails are sent: they use the room that media leaves. A longer queue ends with `drain`. */
const THUMBNAILS_QUEUE = 64 * 1024;
/** Queued bytes, besides a list of stations, beyond which a page that takes no answers is disconnected. */
const MOST_QUEUED = 2 * 2 ** 20;
/** Limit on messages. A page with sixteen channels that sends `until` every 250 ms sends 64 a second. */
const MESSAGES = { rate: 100, capacity: 200 };
/** Limit on malformed messages. */
const MISTAKES = { rate: 0.1, capacity: 10 };

export interface LiveSessionOptions {
  context: GatewayContext;
  transport: LiveTransport;
  /** IP address of the page. */
  address: string;
  stations: StationList;
  thumbnails: Thumbnails;
  /** Presentation time minus time stamp of every picture, in every player. */
  delay: Millis;
}

/**
 * Responsible for:
 * - reading messages, and disconnecting pages that send malformed ones, or too many
 * - the page's channels, and fairness between them
 * - sending the list of stations, and thumbnails where there is room
 */
export class LiveSession {
  readonly #options: LiveSessionOptions;
  readonly #channels = new Map<number, LiveChannel>();
  /** Stations being opened, abandoned ones included. */
  #opening = 0;
  readonly #messages: TokenBucket;
  readonly #mistakes: TokenBucket;
  readonly #subscription: ThumbnailSubscription;
  /** Stations whose thumbnails the page subscribed to, also those that are not on the air yet. */
  #subscribed: readonly string[] = [];
  readonly #thumbnails = new PendingThumbnails();
  readonly #endChanges: () => void;
  /** The list of stations changed while there was no room to send it. */
  #listIsDue = false;
  #isClosed = false;

  constructor(options: LiveSessionOptions) {
    this.#options = options;
    const { context, stations, thumbnails, delay } = options;
    const now = context.timers.now();
    this.#messages = new TokenBucket(MESSAGES, now);
    this.#mistakes = new TokenBucket(MISTAKES, now);
    this.#endChanges = stations.onChange(() => {
      this.#subscription.setStations(this.#subscribed);
      this.#sendStations();
    });
    this.#subscription = thumbnails.subscribe((station, thumbnail) => {
      this.#thumbnails.put(station, thumbnail);
      this.#sendThumbnails();
    });
    this.#send({ type: 'hello', version: LIVE_VERSION, server: context.server, time: this.#now(), delay });
    this.#sendStations();
  }

  /** Handles a text message. */
  receive(text: string): void {
    if (this.#isClosed) return;
    if (!this.#messages.tryTake(1, this.#options.context.timers.now())) {
      this.#refuse(new HttpProblem(429, 'Too many messages', 'Send at most 100 messages a second.'));
      return;
    }
    const read = readMessage(text);
    if ('message' in read) this.#carryOut(read.message);
    else this.#refuse(new HttpProblem(400, 'Message not understood', read.wrong), read.channel);
  }

  /** The network has taken the whole queue. */
  drained(): void {
    if (this.#isClosed) return;
    if (this.#listIsDue) this.#sendStations();
    // The channel served first becomes the last one, so that no channel takes the room of the others.
    const [first] = this.#channels;
    for (const channel of [...this.#channels.values()]) channel.drained();
    if (first && this.#channels.get(first[0]) === first[1]) {
      this.#channels.delete(first[0]);
      this.#channels.set(...first);
    }
    this.#sendThumbnails();
  }

  /** The connection has ended. */
  closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endChanges();
    this.#subscription.close();
    for (const channel of this.#channels.values()) channel.close();
    this.#channels.clear();
  }

  #carryOut(message: ReceivedMessage): void {
    switch (message.type) {
      case 'tune':
        void this.#tune(message);
        break;
      case 'until':
        this.#channels.get(message.channel)?.setUntil(message.time);
        break;
      case 'stop':
        this.#drop(message.channel);
        break;
      case 'thumbnails':
        this.#thumbnails.keepOnly(message.stations);
        this.#subscribed = message.stations;
        this.#subscription.setStations(this.#subscribed);
        break;
      case 'ping':
        this.#send({ type: 'pong', id: message.id, time: this.#now() });
        break;
      case 'report': {
        const { type: _, channel, ...report } = message;
        this.#channels.get(channel)?.setReport(report);
        break;
      }
    }
  }

  async #tune({ channel: number, station, at, until, audio = [] }: ReceivedMessage & { type: 'tune' }): Promise<void> {
    const { context, transport, address } = this.#options;
    this.#drop(number);
    const source = context.catalogue.find(station);
    if (!source) return this.#sendEnded(number, noSuchStation().body);
    if (this.#channels.size >= MOST_CHANNELS || this.#opening >= MOST_CHANNELS) {
      const detail = `A page has at most ${MOST_CHANNELS} channels. Stop one first.`;
      return this.#sendEnded(number, new HttpProblem(429, 'Too many channels', detail).body);
    }
    const channel: LiveChannel = new LiveChannel({
      number,
      source: forPage(source, audio),
      transport,
      context,
      address,
      until: until ?? null,
      send: (message) => this.#send(message),
      onEnded: (problem) => {
        if (this.#channels.get(number) !== channel) return;
        this.#drop(number);
        this.#sendEnded(number, problem);
      },
      onStalled: () => this.#end(CloseCode.policyViolation, 'the page takes no more data'),
    });
    this.#channels.set(number, channel);
    this.#opening++;
    await channel.open(at);
    this.#opening--;
  }

  #drop(number: number): void {
    this.#channels.get(number)?.close();
    this.#channels.delete(number);
  }

  #sendEnded(channel: number, problem: LiveProblem): void {
    this.#send({ type: 'ended', channel, problem });
  }

  #refuse(problem: HttpProblem, channel?: number): void {
    if (!this.#mistakes.tryTake(1, this.#options.context.timers.now())) {
      this.#end(CloseCode.policyViolation, 'too many messages, or too many malformed ones');
      return;
    }
    this.#send({ type: 'problem', ...(channel === undefined ? {} : { channel }), problem: problem.body });
  }

  #sendStations(): void {
    const { transport, stations } = this.#options;
    this.#listIsDue = transport.queued > THUMBNAILS_QUEUE;
    if (!this.#listIsDue) transport.sendMessage(stations.message);
  }

  #sendThumbnails(): void {
    const { transport } = this.#options;
    while (!this.#isClosed && transport.queued < THUMBNAILS_QUEUE) {
      const next = this.#thumbnails.take();
      if (next === null) return;
      const { station, thumbnail } = next;
      const header = {
        kind: FrameKind.thumbnail,
        flags: FrameFlag.randomAccess,
        channel: station.number,
        time: thumbnail.time,
      };
      transport.sendFrame(header, thumbnail.jpeg);
    }
  }

  #send(message: ServerMessage): void {
    if (this.#isClosed) return;
    const { transport, stations } = this.#options;
    if (transport.queued > MOST_QUEUED + stations.message.length)
      this.#end(CloseCode.tryAgainLater, 'the page does not take its answers');
    else transport.sendMessage(JSON.stringify(message));
  }

  #end(code: number, reason: string): void {
    this.closed();
    this.#options.transport.close(code, reason);
  }

  /** The clock of the stations' servers; the gateway's own without stations. */
  #now(): Millis {
    const { context } = this.#options;
    return context.catalogue.now() ?? context.now();
  }
}

/** A message of a page; or its fault, for the author of the page, and the channel that it names. */
function readMessage(text: string): { message: ReceivedMessage } | { wrong: string; channel?: number } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { wrong: 'A message is a JSON object: see docs/gateway.md.' };
  }
  const read = clientMessageSchema.safeParse(value);
  if (read.success) return { message: read.data };
  const { path = [], message = 'it is malformed' } = read.error.issues.at(0) ?? {};
  const channel: unknown =
    value !== null && typeof value === 'object' && 'channel' in value ? value.channel : undefined;
  const named = Number.isInteger(channel) && Number(channel) >= 0 && Number(channel) <= 0xffff;
  return {
    wrong: `${path.length > 0 ? `${path.join('.')}: ` : ''}${message}. See docs/gateway.md.`,
    ...(named && { channel: Number(channel) }),
  };
}
