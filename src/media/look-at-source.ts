/** A look at a source for what a station's layout depends on: its headers, and some pictures where they tell no frame rate. */
import { TICKS_PER_SECOND, Ticks90k } from '../base/units.js';
import { VideoCopier } from './copy/copy-video.js';
import { Unfit } from './copy/unfit.js';
import { candidatesOf, firstSubtitles } from './input/choose-subtitles.js';
import { frameRateOf } from './input/frame-rate.js';
import { MediaInput } from './input/input.js';
import { Notes } from './notes.js';
import { layoutDepth } from './pictures/air-format.js';
import { isSideways, orientationOf } from './pictures/orientation.js';
import { SLIDE_FRAME, SLIDE_RATE } from './pictures/picture-layout.js';
import { scannedRate, scanOf } from './pictures/scan.js';
import { encodedFrameRate, quotient, ratioOf } from './ratio.js';
import type { MediaSettings, Ratio } from './settings.js';
import { isSlide } from './slide-pictures.js';
import type { SourceFacts } from './source-facts.js';
import { BURNED_IN } from './subtitles/carried.js';
import type { SubtitleFile } from './subtitles/subtitle-files.js';

/** `files`: those with subtitles beside it. Throws a Problem of code `source` where it cannot be opened. */
export function lookAtSource(
  source: string,
  settings: MediaSettings,
  files: readonly SubtitleFile[] = [],
): SourceFacts {
  if (isSlide(source)) return slideFacts;
  const input = new MediaInput(source);
  try {
    const { codecpar } = input.video;
    const pixel = ratioOf(input.video.sampleAspectRatio) ?? ratioOf(codecpar.sampleAspectRatio) ?? [1, 1];
    const turned = isSideways(orientationOf(codecpar));
    const { rate, encoded, depth } = copying(input, settings, files);
    return {
      width: turned ? codecpar.height : codecpar.width,
      height: turned ? codecpar.width : codecpar.height,
      sampleAspectRatio: turned ? [pixel[1], pixel[0]] : pixel,
      frameRate: rate,
      channels: Math.max(0, input.audio?.codecpar.channels ?? 0),
      languages: [...input.soundLanguages],
      dolby: input.dolby?.codec ?? null,
      duration: input.duration,
      isStill: false,
      reorderDelay: Ticks90k(
        encoded === null ? Math.ceil((Math.max(0, codecpar.videoDelay) * TICKS_PER_SECOND) / quotient(rate)) : 0,
      ),
      ...depth,
      encoded,
    };
  } finally {
    input.close();
  }
}

/** Pictures that stand are fitted into the station's frame, or into that of slides. */
const slideFacts: SourceFacts = {
  ...SLIDE_FRAME,
  frameRate: SLIDE_RATE,
  channels: 0,
  languages: [],
  dolby: null,
  duration: Ticks90k(0),
  isStill: true,
  reorderDelay: Ticks90k(0),
  encoded: 'a still picture',
};

/** The frame rate of the pictures when they are copied, or encoded for the reason `encoded`. */
function copying(
  input: MediaInput,
  settings: MediaSettings,
  files: readonly SubtitleFile[],
): { rate: Ratio; encoded: string | null; depth: Pick<SourceFacts, 'bitDepth'> } {
  try {
    if (settings.format === 'jpeg') throw new Unfit('a station of JPEG pictures');
    const candidates = settings.burnSubtitles ? candidatesOf({ streams: input.streams, files }, new Notes()) : [];
    if (firstSubtitles(candidates, settings.subtitles) !== null) throw new Unfit(BURNED_IN);
    const { frameRate, sequence } = new VideoCopier({ input, settings: { ...settings, target: null } });
    return { rate: frameRate, encoded: null, depth: sequence ? layoutDepth(sequence) : {} };
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    const rate = encodedFrameRate(frameRateOf(input));
    return { rate: scannedRate(scanOf(input), rate), encoded: error.message, depth: {} };
  }
}
