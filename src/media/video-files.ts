/** Which files of a folder are films or sound, by their names, without FFmpeg. */
import { extname } from 'node:path';
import { defaultMediaSettings, type MediaSettings } from './settings.js';

/** Of sound alone; lower case, with the dot. */
const soundExtensions =
  '.aac .ac3 .aif .aiff .ape .caf .dts .eac3 .flac .m4a .m4b .mka .mp2 .mp3 .oga .ogg .opus .tta .w64 .wav .weba .wma .wv';

/** Whether it is sound alone. */
export const looksLikeSound = (path: string): boolean => soundOnly.has(extname(path).toLowerCase());
const soundOnly: ReadonlySet<string> = new Set(soundExtensions.split(' '));

/** Lower case, with the dot. */
export const playableExtensions: ReadonlySet<string> = new Set(
  (
    '.3g2 .3gp .apng .asf .avi .divx .dv .f4v .flv .gif .h264 .264 .h265 .265 .hevc .ivf .m2t .m2ts .m2v .m4v .mkv .mov .mp4 ' +
    '.mpeg .mpg .mts .mxf .nut .obu .ogm .ogv .qt .rm .rmvb .ts .vob .webm .wmv .wtv .y4m ' +
    soundExtensions
  ).split(' '),
);

/** Of photos, slides and documents, and of animations that carry their names. */
const pictureExtensions: ReadonlySet<string> = new Set(
  '.avif .bmp .heic .heif .jpeg .jpg .jxl .pdf .png .tif .tiff .webp'.split(' '),
);

/**
 * The settings that matter for a file, by its name: the times of slides are no settings of films, nor is the spectrum of songs:
 * they would be prepared again with others.
 */
export function settingsOfFile(path: string, settings: MediaSettings): MediaSettings {
  const { slide, fade, spectrum } = defaultMediaSettings;
  const own = looksLikeSound(path) ? settings : { ...settings, spectrum };
  return looksLikePicture(path) ? own : { ...own, slide, fade };
}

export const looksLikePicture = (path: string): boolean => pictureExtensions.has(extname(path).toLowerCase());

/** Whether it is a film or sound. */
export const looksPlayable = (path: string): boolean => playableExtensions.has(extname(path).toLowerCase());
