/**
 * The multiplexer: elementary streams into the transport stream of a reel, with the time at which each packet leaves.
 *
 * Time 0 of a reel is when its first packet leaves. The time stamps in a reel count from there; on air, the wall-clock
 * time of that moment is added (`shiftTimes`). Every reel of a station has the same delays, so that reels follow each
 * other without a jump of PCR, PTS or DTS:
 *
 *     PTS = presentation time + MEDIA_DELAY
 *     DTS = (n-th smallest presentation time, for the n-th access unit) + MEDIA_DELAY − reorder delay
 *
 * Continuity counters begin at 0 and each PID has a multiple of 16 payload packets, so the counters are right behind any
 * other reel. Seven packets form a group, the payload of one RTP packet; a random access point begins a group.
 */
import type { Ticks90k } from '../base/units.js';
import type { SpooledAudio, SpooledFurther, SpooledVideo } from '../media/spool.js';
import { StreamId } from '../wire/pes.js';
import type { TransportFormat } from '../wire/station-format.js';
import { Pid, TS_GROUP_LENGTH, TS_PACKET_LENGTH, TS_PACKETS_PER_GROUP } from '../wire/ts.js';
import { planAudio } from './audio-plan.js';
import { furtherPid, furtherStreamId, pmtOf } from './further-streams.js';
import { planSending, sendingBounds } from './send-plan.js';
import { busiestWindow, raiseFloor, type SendingCurve, tautString, WINDOW } from './smoothing.js';
import { planSubtitles } from './subtitle-plan.js';
import { TsScheduler, writeNull } from './ts-scheduler.js';

/** Groups handed over at once. */
const OUTPUT_GROUPS = 1_024;

/** The index of a multiplexed reel. */
export interface Multiplexed {
  duration: Ticks90k;
  /** RTP payloads of seven TS packets. */
  groups: number;
  /** When TS packets leave. */
  curve: SendingCurve;
  /** Groups that begin a random access point. */
  randomAccess: number[];
  /** TS packets in the busiest 100 ms, divided by the average. */
  peakToAverage: number;
}

/**
 * Multiplexes `video`, `audio` and the `further` streams, and hands whole groups to `write`, in a buffer that is reused after the call.
 * `onProgress` gets the share done, 0 to 1. Throws when the spool cannot be read.
 */
export function multiplex(options: {
  /** Of `video`; default: h264. */
  format?: TransportFormat;
  video: SpooledVideo;
  audio: SpooledAudio;
  /** Language of `audio`. */
  language?: string;
  further?: readonly SpooledFurther[];
  write(packets: Buffer): void;
  onProgress?(done: number): void;
}): Multiplexed {
  const { format = 'h264', video, audio, language, further = [], write, onProgress } = options;
  const { duration } = video;
  const streams = [
    planAudio({ audio, duration, pid: Pid.audio, streamId: StreamId.audio }),
    ...further.map((each, i) => {
      const on = { pid: furtherPid(i), streamId: furtherStreamId(each.stream, i) };
      return 'pages' in each ? planSubtitles({ ...each, ...on }) : planAudio({ ...each, duration, ...on });
    }),
  ];
  const plan = planSending({ video, streams });
  const needed = tautString(sendingBounds(plan, video.randomAccess), plan.duration);
  const curve = raiseFloor(needed);

  const pmt = pmtOf(format, { language, further: further.map(({ stream }) => stream) });
  const scheduler = new TsScheduler({ video, streams, plan, pmt });
  const out = Buffer.allocUnsafe(OUTPUT_GROUPS * TS_GROUP_LENGTH);
  const total = curve.counts.at(-1)!;
  let filled = 0;
  let nulls = 0;
  let slot = 0;
  try {
    for (let segment = 0; segment + 1 < curve.times.length; segment++) {
      const start = curve.times[segment]!;
      const slots = curve.counts[segment + 1]! - curve.counts[segment]!;
      const interval = (curve.times[segment + 1]! - start) / slots;
      const neededBefore = needed.counts[segment]!;
      const neededShare = (needed.counts[segment + 1]! - neededBefore) / slots;
      for (let i = 0; i < slots; i++, slot++) {
        const time = start + i * interval;
        const neededByNow = neededBefore + (i + 1) * neededShare;
        const isNull = !scheduler.cannotWait(time) && nulls < slot + 1 - Math.ceil(neededByNow - 1e-6);
        if (isNull) {
          writeNull(out, filled);
          nulls++;
        } else {
          scheduler.write(out, filled, slot, time);
        }
        filled += TS_PACKET_LENGTH;
        if (filled === out.length) {
          write(out);
          filled = 0;
          onProgress?.(slot / total);
        }
      }
    }
    if (filled > 0) write(out.subarray(0, filled));
    scheduler.checkDone();
  } finally {
    scheduler.close();
  }
  return {
    duration: plan.duration,
    groups: total / TS_PACKETS_PER_GROUP,
    curve,
    randomAccess: scheduler.randomAccess,
    peakToAverage: busiestWindow(curve) / ((total * WINDOW) / plan.duration),
  };
}
