/** A station's group joined: datagrams from a socket into a buffer. */
import type { ReceivedBatch } from '../multicast/receive-batched.js';
import type { StationInfo } from '../wire/station-info.js';
import type { Millis, PacketNumber } from '../wire/time.js';
import { Reception, type ReceptionReport } from './reception.js';
import type { ReorderOptions } from './reorder-buffer.js';
import { StreamBuffer, type StreamBufferOptions } from './stream-buffer.js';

/** What `openGroupBatched` of src/multicast does; handed in, so that tests need no network. */
export type OpenGroup = (options: {
  group: string;
  port: number;
  localAddress: string;
  latency?: Millis;
  onDatagrams: (batch: ReceivedBatch) => void;
  onError: (error: Error) => void;
}) => Promise<{ close(): Promise<void> }>;

export interface StationReceiverOptions {
  station: StationInfo;
  /** Address of the interface on which the group is joined. */
  localAddress: string;
  openGroup: OpenGroup;
  /** How long packets may wait to be taken together. */
  latency?: Millis;
  /** What the server said when it was asked to tune; see Reception. */
  next?: PacketNumber;
  serverTime?: Millis;
  buffer?: StreamBufferOptions;
  reorder?: ReorderOptions;
  /** Milliseconds of a clock that never goes back. */
  now?: () => Millis;
  /** The socket failed after it was opened. */
  onError: (error: Error) => void;
}

export interface StationReceiver {
  readonly station: StationInfo;
  readonly buffer: StreamBuffer;
  report(): ReceptionReport;
  /** Leaves the group and ends the buffer, which then has what came until now. Further calls do nothing. */
  close(): Promise<void>;
}

/** Joins the station's group. Rejects with what `openGroup` rejects with. */
export async function receiveStation(options: StationReceiverOptions): Promise<StationReceiver> {
  const { station, localAddress, openGroup, latency, onError, next, serverTime, reorder } = options;
  const now = options.now ?? (() => performance.now());
  const buffer = new StreamBuffer(options.buffer);
  const reception = new Reception({ station, buffer, next, serverTime, reorder });
  const group = await openGroup({
    group: station.group,
    port: station.port,
    localAddress,
    latency,
    onDatagrams: (batch) => reception.take(batch, now()),
    onError,
  });
  return {
    station,
    buffer,
    report: () => reception.report(),
    async close() {
      await group.close();
      buffer.finish();
    },
  };
}
