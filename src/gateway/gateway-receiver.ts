/** A station received from the network, its last seconds buffered as chunks. */
import type { FoundStation } from '../discovery/find.js';
import type { StationReceiver, Target } from '../receiver/station-receiver.js';
import type { Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import type { Tuner } from '../receiver/tuner.js';
import { Chunker } from './chunker.js';

/** The part of a Tuner that is used; each receiver has one. */
export type ReceiverTuner = Pick<Tuner, 'tune' | 'update' | 'close'>;

/**
 * Responsible for:
 * - one tuner, from tuning to closing
 * - filling the buffer of chunks that readers read
 */
export class GatewayReceiver {
  /** The buffer that readers read; its units are chunks. */
  readonly chunks: StreamBuffer;
  /** Called when it is closed. */
  onClosed: () => void = () => undefined;
  readonly #tuner: ReceiverTuner;
  readonly #chunker: Chunker;
  #receiver: StationReceiver | null = null;
  #isClosed = false;

  private constructor(tuner: ReceiverTuner, found: FoundStation, chunks: StreamBuffer) {
    this.#tuner = tuner;
    this.chunks = chunks;
    this.#chunker = new Chunker(found.info.format, (chunk) => chunks.push(chunk));
  }

  /** Starts at `start`, default live. Rejects with a Problem where that is not available. */
  static async open(options: {
    tuner: ReceiverTuner;
    found: FoundStation;
    chunks: StreamBuffer;
    start?: Target;
  }): Promise<GatewayReceiver> {
    const { tuner, found, chunks, start } = options;
    const receiver = new GatewayReceiver(tuner, found, chunks);
    try {
      receiver.#receiver = await tuner.tune(found, start);
    } catch (error) {
      await tuner.close();
      throw error;
    }
    receiver.#follow(receiver.#receiver.buffer);
    return receiver;
  }

  get receiver(): StationReceiver | null {
    return this.#receiver;
  }

  /** Takes the servers that a later search found. */
  update(found: FoundStation): void {
    this.#tuner.update(found);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.onClosed();
    this.chunks.finish();
    await this.#tuner.close();
  }

  /** Reads the receiver's buffer as it fills. */
  #follow(buffer: StreamBuffer): void {
    let cursor: Cursor | null = null;
    const go = (): void => {
      if (this.#isClosed) return;
      cursor ??= buffer.openAtFirstRandomAccess();
      // A full buffer stops reading; the receiver then requests no more.
      if (cursor && !this.chunks.isFull && !this.#chunker.take(buffer, cursor)) {
        buffer.release(cursor);
        cursor = null;
      }
      if (buffer.isEnded && (cursor === null || buffer.lag(cursor).bytes === 0)) this.chunks.finish();
      else if (this.chunks.isFull) this.chunks.onRoom = () => setImmediate(go);
      else buffer.wait(cursor, () => setImmediate(go));
    };
    go();
  }
}
