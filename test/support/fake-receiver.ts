/** A station's receiver whose buffer a test fills. */
import type { Problem } from '../../src/base/problem.js';
import { Millis, Ticks90k } from '../../src/base/units.js';
import type { ReceiverStats } from '../../src/receiver/receiver-stats.js';
import { RtpReceiver } from '../../src/receiver/rtp-receiver.js';
import type { StationReceiver, Target } from '../../src/receiver/station-receiver.js';
import { StreamBuffer } from '../../src/receiver/stream-buffer.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { stationInfo } from './channels.js';

/** Seconds between random access points, and between units, of h264. Each JPEG picture is a random access point. */
const POINTS = 4;
const STEP = 0.5;

export class FakeReceiver implements StationReceiver {
  readonly station: StationInfo;
  buffer = new StreamBuffer();
  isLive = true;
  oldest: Millis | null = null;
  /** The server's clock. */
  now: Millis | null = Millis(0);
  /** Arrival of the last packet. */
  lastArrival: Millis | null = null;
  closed = false;
  /** Targets sought, and the server's answer: what it sends, in seconds of the server's clock, or a refusal. */
  readonly sought: Target[] = [];
  answer: { from: number; to: number } | Problem | null = null;

  constructor(changes: Partial<StationInfo> = {}, number = 1) {
    this.station = stationInfo(number, changes);
  }

  /** Receives the units from `from` to `to`, in seconds, with random access points at 0, 4, 8 … */
  hold(from: number, to: number): void {
    for (let time = from; time <= to; time += STEP) {
      if (this.buffer.newest !== null && time * 90_000 <= this.buffer.newest) continue;
      const randomAccess = this.station.format === 'jpeg' || time % POINTS === 0;
      this.buffer.push({ time: Ticks90k(time * 90_000), data: Buffer.from(`${time} `), randomAccess });
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

  readonly missing = 0;

  async finish(): Promise<void> {
    await this.close();
  }

  async close(): Promise<void> {
    this.closed = true;
    this.buffer.finish();
  }
}
