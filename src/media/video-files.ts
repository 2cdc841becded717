/** Which files of a folder are videos, by their names, without FFmpeg. */
import { extname } from 'node:path';

/** Lower case, with the dot. */
export const videoExtensions: ReadonlySet<string> = new Set(
  (
    '.3g2 .3gp .asf .avi .divx .dv .f4v .flv .gif .h264 .264 .h265 .265 .hevc .ivf .m2t .m2ts .m2v .m4v .mkv .mov .mp4 ' +
    '.mpeg .mpg .mts .mxf .nut .obu .ogm .ogv .qt .rm .rmvb .ts .vob .webm .wmv .wtv .y4m'
  ).split(' '),
);

/** Of photos and slides; animated ones are videos. */
const pictureExtensions: ReadonlySet<string> = new Set('.bmp .jpeg .jpg .jxl .png .tif .tiff .webp'.split(' '));

export const looksLikePicture = (path: string): boolean => pictureExtensions.has(extname(path).toLowerCase());

export const looksLikeVideo = (path: string): boolean => videoExtensions.has(extname(path).toLowerCase());
