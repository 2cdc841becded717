/** One stream on a page's connection. */

import { Millis, ticksToMillis } from '../../base/units.js';
import type { LiveProblem, ServerMessage } from '../../contract/live.js';
import { FrameFlag, FrameKind } from '../../wire/live-frame.js';
import type { GatewayContext } from '../context.js';
import { Delivery, MOST_BEHIND, type Sink } from '../delivery.js';
import { HttpProblem, httpProblemOf } from '../http-problem.js';
import type { Chunk, StationReader, StationSource } from '../source.js';
import type { GatewayViewer, ViewerReport } from '../viewers.js';
import type { LiveTransport } from './live-transport.js';

export interface LiveChannelOptions {
  number: number;
  source: StationSource;
  transport: LiveTransport;
  context: GatewayContext;
  /** IP address of the page. */
  address: string;
  /** Media that leaves at or after this time is held back; null: none is. */
  until: Millis | null;
  send(message: ServerMessage): void;
  /** The channel carries no more media. Not called after `close`. */
  onEnded(problem: LiveProblem): void;
  /** The connection has stalled. */
  onStalled(): void;
}

/**
 * Responsible for:
 * - opening a station, and closing it if the channel was closed meanwhile
 * - sending its chunks as frames
 * - its entry in the list of viewers
 */
export class LiveChannel {
  readonly #options: LiveChannelOptions;
  #until: Millis | null;
  #reader: StationReader | null = null;
  #delivery: Delivery | null = null;
  #sink: Sink | null = null;
  #removeViewer = () => {};
  #viewer: GatewayViewer | null = null;
  #isClosed = false;

  constructor(options: LiveChannelOptions) {
    this.#options = options;
    this.#until = options.until;
  }

  /** Resolves when the channel is open, failed, or was closed meanwhile. Never rejects. */
  async open(at: Millis | undefined): Promise<void> {
    const { source, number, address, send, onEnded } = this.#options;
    try {
      const reader = await source.read(at === undefined ? { kind: 'live' } : { kind: 'time', time: at }, address);
      if (this.#isClosed) {
        reader.close();
        return;
      }
      send({ type: 'tuned', channel: number, station: source.info.id, from: reader.position });
      // A channel that starts a little back, to be synchronised, follows the air as well.
      this.#begin(reader, at === undefined || source.now() - at <= MOST_BEHIND);
    } catch (error) {
      if (!this.#isClosed) onEnded(httpProblemOf(error).body);
    }
  }

  setUntil(until: Millis | null): void {
    this.#until = until;
    this.#delivery?.setUntil(until);
  }

  setReport(report: ViewerReport): void {
    if (this.#viewer) this.#viewer.report = report;
  }

  /** The connection has room again. */
  drained(): void {
    this.#sink?.onDrain();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#delivery?.close();
    this.#reader?.close();
    this.#removeViewer();
  }

  #begin(reader: StationReader, follows: boolean): void {
    const { source, number, transport, context, address, send, onEnded, onStalled } = this.#options;
    this.#reader = reader;
    const viewer: GatewayViewer = {
      kind: 'live',
      address,
      station: source.info.id,
      since: context.now(),
      bytes: 0,
      get behind() {
        return Millis(Math.max(0, source.now() - reader.position));
      },
      moved: 0,
      report: null,
      close: () => onEnded(endedByOperator().body),
    };
    this.#viewer = viewer;
    this.#removeViewer = context.viewers.add(viewer);
    const kind = source.info.format === 'jpeg' ? FrameKind.jpeg : FrameKind.ts;
    const sink: Sink = {
      write({ time, data, randomAccess }: Chunk, discontinuity: boolean) {
        const flags = (randomAccess ? FrameFlag.randomAccess : 0) | (discontinuity ? FrameFlag.discontinuity : 0);
        transport.sendFrame({ kind, flags, channel: number, time: ticksToMillis(time) }, data);
        viewer.bytes += data.length;
      },
      get queued() {
        return transport.queued;
      },
      onDrain() {},
    };
    this.#sink = sink;
    this.#delivery = new Delivery({
      reader,
      sink,
      timers: context.timers,
      now: () => source.now(),
      follows,
      until: this.#until,
      onMoved: (from) => {
        viewer.moved++;
        send({ type: 'moved', channel: number, reason: 'slow', from });
      },
      onStalled,
      onEnded: (error) => onEnded(httpProblemOf(error).body),
    });
    // It may have been closed during construction.
    if (this.#isClosed) this.#delivery.close();
  }
}

const endedByOperator = (): HttpProblem => new HttpProblem(403, 'Ended', 'The operator disconnected this channel.');
