/** The encoders that are used where no hardware is asked for: x264 and x265. */
import type { Frame } from 'node-av/lib';
import type { X264Preset } from '../settings.js';
import type { AirFormat } from './air-format.js';
import type { PictureEncoder } from './hardware.js';
import { type EncodingPlan, openX264, type PictureKind } from './x264.js';
import { presetFor } from './x264-preset.js';
import { openX265 } from './x265.js';
import { x265Crf, x265PresetFor } from './x265-quality.js';

/** How pictures are encoded: the preset and the constant rate factor as they are asked for, which are those of x264. */
export interface SoftwareQuality {
  preset: X264Preset | 'auto';
  crf: number;
}

export interface Software {
  encoder: PictureEncoder;
  /** e.g. "x264 faster, CRF 21" */
  text: string;
}

/** Opens the encoder of a format for frames such as `frame`; `extra`: further settings, as NAME=VALUE, that both know. */
export function openSoftware(
  frame: Frame,
  plan: EncodingPlan,
  { format, preset, crf, extra }: SoftwareQuality & { format: AirFormat; extra?: readonly string[] },
): Software {
  const { codec, bitDepth } = format;
  const kind: PictureKind = { width: frame.width, height: frame.height, frameRate: plan.frameRate };
  if (codec.format === 'hevc') {
    const own = preset === 'auto' ? x265PresetFor(kind) : preset;
    const factor = x265Crf(crf);
    const encoder = openX265(frame, plan, { preset: own, crf: factor, bitDepth }, extra);
    return { encoder, text: `x265 ${own}, CRF ${factor}` };
  }
  const own = preset === 'auto' ? presetFor(kind) : preset;
  return { encoder: openX264(frame, plan, { preset: own, crf }, extra), text: `x264 ${own}, CRF ${crf}` };
}
