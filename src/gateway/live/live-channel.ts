/** One stream on a page's connection. */

import { type Millis, ticksToMillis } from '../../base/units.js';
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
  /** How far it may be sent; null: as it leaves. */
  until: Millis | null;
  say(message: ServerMessage): void;
  /** It carries nothing any more. Not called after `close`. */
  onEnded(problem: LiveProblem): void;
  /** The connection takes nothing any more. */
  onStalled(): void;
}

/**
 * It is in charge of:
 * - opening a station, and closing it also when nobody waits for it any more
 * - its chunks as frames
 * - its entry in the list of viewers
 */
export class LiveChannel {
  readonly #options: LiveChannelOptions;
  #until: Millis | null;
  #reader: StationReader | null = null;
  #delivery: Delivery | null = null;
  #sink: Sink | null = null;
  #endViewing = () => {};
  #viewer: GatewayViewer | null = null;
  #isClosed = false;

  constructor(options: LiveChannelOptions) {
    this.#options = options;
    this.#until = options.until;
  }

  /** Resolves, always, when it is open, cannot be, or was closed on the way. */
  async open(at: Millis | undefined): Promise<void> {
    const { source, number, say, onEnded } = this.#options;
    try {
      const reader = await source.read(at === undefined ? { kind: 'live' } : { kind: 'time', time: at });
      if (this.#isClosed) {
        reader.close();
        return;
      }
      say({ type: 'tuned', channel: number, station: source.info.id, from: reader.position });
      // Whoever begins a little back, to be in step, follows what is on the air as well.
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

  /** There is room on the connection again. */
  drained(): void {
    this.#sink?.onDrain();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#delivery?.close();
    this.#reader?.close();
    this.#endViewing();
  }

  #begin(reader: StationReader, follows: boolean): void {
    const { source, number, transport, context, address, say, onEnded, onStalled } = this.#options;
    this.#reader = reader;
    const viewer: GatewayViewer = {
      kind: 'live',
      address,
      station: source.info.id,
      since: context.now(),
      bytes: 0,
      get behind() {
        return Math.max(0, source.now() - reader.position);
      },
      moved: 0,
      report: null,
      close: () => onEnded(endedByOperator().body),
    };
    this.#viewer = viewer;
    this.#endViewing = context.viewers.add(viewer);
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
        say({ type: 'moved', channel: number, reason: 'slow', from });
      },
      onStalled,
      onEnded: (error) => onEnded(httpProblemOf(error).body),
    });
    // It may have ended at once.
    if (this.#isClosed) this.#delivery.close();
  }
}

const endedByOperator = (): HttpProblem => new HttpProblem(403, 'Ended', 'The operator ended it.');
