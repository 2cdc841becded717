/** A station's receiver that holds what a test says. */
import type { Problem } from '../../src/base/problem.js';
import type { Millis } from '../../src/base/units.js';
import type { ReceiverStats } from '../../src/receiver/receiver-stats.js';
import { RtpReceiver } from '../../src/receiver/rtp-receiver.js';
import type { StationReceiver, Target } from '../../src/receiver/station-receiver.js';
import { StreamBuffer } from '../../src/receiver/stream-buffer.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { stationInfo } from './channels.js';

/** Seconds between two random access points, and between two units, of h264; each JPEG picture is one. */
const POINTS = 4;
const STEP = 0.5;

export class FakeReceiver implements StationReceiver {
  readonly station: StationInfo;
  buffer = new StreamBuffer();
  isLive = true;
  oldest: Millis | null = null;
  /** The server's clock. */
  now: Millis | null = 0;
  /** When the last packet came. */
  lastArrival: Millis | null = null;
  closed = false;
  /** What was asked of the server, and what it sends, by when that was on the air, in seconds; or why not. */
  readonly sought: Target[] = [];
  answer: { from: number; to: number } | Problem | null = null;

  constructor(changes: Partial<StationInfo> = {}, number = 1) {
    this.station = stationInfo(number, changes);
  }

  /** Comes to hold what was sent after `from`, up to `to`; at 0, 4, 8 … there are random access points. */
  hold(from: number, to: number): void {
    for (let time = from; time <= to; time += STEP) {
      if (this.buffer.newest !== null && time * 90_000 <= this.buffer.newest) continue;
      const randomAccess = this.station.format === 'jpeg' || time % POINTS === 0;
      this.buffer.push({ time: time * 90_000, data: Buffer.from(`${time} `), randomAccess });
    }
  }

  serverNow(): Millis | null {
    return this.now;
  }

  report(): ReceiverStats {
    const { station, buffer, lastArrival } = this;
    return { ...new RtpReceiver({ station, buffer }).report(), lastArrival };
  }

  async seek(target: Target): Promise<StreamBuffer> {
    this.sought.push(target);
    const { answer } = this;
    if (answer instanceof Error) throw answer;
    this.buffer = new StreamBuffer();
    if (answer) this.hold(answer.from, answer.to);
    return this.buffer;
  }

  async close(): Promise<void> {
    this.closed = true;
    this.buffer.finish();
  }
}
