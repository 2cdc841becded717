/** A station received from the network for those who read it now, its chunks of the last seconds in memory. */
import type { FoundStation } from '../discovery/find.js';
import type { StationReceiver, Target } from '../receiver/station-receiver.js';
import type { Cursor, StreamBuffer } from '../receiver/stream-buffer.js';
import type { Tuner } from '../receiver/tuner.js';
import { Chunker } from './chunker.js';

/** What of a Tuner is used; made by the source's owner, one for each reception. */
export type ReceiverTuner = Pick<Tuner, 'tune' | 'close'>;

/**
 * It is in charge of:
 * - one tuner, from tuning to closing
 * - filling a buffer of chunks, which readers read, from what is received
 */
export class GatewayReceiver {
  /** What readers read: units are chunks. */
  readonly chunks: StreamBuffer;
  /** Told once it is closed. */
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

  /** Begins with what is on the air, or at `start`. Rejects with a Problem where that cannot be had. */
  static async open(options: {
    tuner: ReceiverTuner;
    found: FoundStation;
    chunks: StreamBuffer;
    start?: Target;
  }): Promise<GatewayReceiver> {
    const { tuner, found, chunks, start } = options;
    const reception = new GatewayReceiver(tuner, found, chunks);
    try {
      reception.#receiver = await tuner.tune(found, start);
    } catch (error) {
      await tuner.close();
      throw error;
    }
    reception.#follow(reception.#receiver.buffer);
    return reception;
  }

  get receiver(): StationReceiver | null {
    return this.#receiver;
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
      // Held back as long as readers have not read what there is: the receiver then asks for no more.
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
