/** Which encoder makes the pictures: x264, or hardware where it is asked for and a trial of it succeeds. */
import { AV_PICTURE_TYPE_NONE } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { messageOf } from '../../base/problem.js';
import type { PictureCodec } from '../copy/picture-codec.js';
import { Unfit } from '../copy/unfit.js';
import { check, FfmpegError } from '../ffmpeg-error.js';
import type { EncoderName, StationLayout } from '../settings.js';
import { nowhere } from '../spool-file.js';
import { EncodedUnits } from './encoded-units.js';
import { type Hardware, hardware } from './hardware.js';
import type { EncodingPlan } from './x264.js';

export interface EncoderChoice {
  /** Null: x264. */
  hardware: Hardware | null;
  /** Why hardware that was asked for is not used, e.g. "NVENC: opening h264_nvenc failed (FFmpeg error -1)". */
  refused: string[];
}

/** Null where a trial succeeds, else the reason why not. */
export type Trial = (candidate: Hardware) => string | null;

/** `asked`: the one that is asked for, or `auto` for any that works. `excluded` have failed before. */
export function chooseEncoder(
  asked: EncoderName,
  {
    trial,
    excluded = new Map(),
    all = hardware,
  }: {
    trial: Trial;
    excluded?: ReadonlyMap<Hardware, string>;
    all?: readonly Hardware[];
  },
): EncoderChoice {
  const refused: string[] = [];
  if (asked === 'x264') return { hardware: null, refused };
  for (const candidate of all.filter(({ name }) => asked === 'auto' || name === asked)) {
    const reason = excluded.get(candidate) ?? trial(candidate);
    if (reason === null) return { hardware: candidate, refused };
    const text = `${candidate.title}: ${reason}`;
    if (!refused.includes(text)) refused.push(text);
  }
  return { hardware: null, refused };
}

const nothing = (): never => {
  throw new Error('a trial keeps nothing');
};

/** Encodes a group and the beginning of the next from `frame`, and checks what comes out as that of a film. Null: nothing is wrong. */
export function tryEncoding(
  candidate: Hardware,
  {
    codec,
    frame,
    plan,
    crf,
    target,
  }: { codec: PictureCodec; frame: Frame; plan: EncodingPlan; crf: number; target: StationLayout | null },
): string | null {
  const copy = new Frame();
  copy.alloc();
  try {
    check(copy.ref(frame), 'a copy of a picture');
    // Otherwise every picture would be a key picture.
    copy.pictType = AV_PICTURE_TYPE_NONE;
    const encoder = candidate.open(copy, plan, crf);
    try {
      const units = new EncodedUnits({
        codec,
        extradata: encoder.extradata,
        plan,
        target,
        sink: nowhere,
        isHardware: true,
      });
      const count = plan.group + 2;
      for (let i = 0; i < count; i++) {
        copy.pts = BigInt(i);
        encoder.encode(copy, (packet) => units.take(packet));
      }
      encoder.encode(null, (packet) => units.take(packet));
      units.finish(count, nothing);
      return null;
    } finally {
      encoder.free();
    }
  } catch (error) {
    if (error instanceof Unfit || error instanceof FfmpegError) return messageOf(error);
    throw error;
  } finally {
    copy.free();
  }
}
