/** A film of the corpus as data: how its pictures and its sound are coded, in which container, and what is odd about it. */
import type { MediaSettings } from '../../../src/media/settings.js';

export interface FilmVideo {
  /** FFmpeg's name of the encoder. */
  encoder: string;
  /** Options of the encoder. */
  options?: readonly string[];
  size?: readonly [width: number, height: number];
  /** Pictures a second, as FFmpeg reads it. */
  rate?: string;
  pixelFormat?: string;
  /** Shape of a pixel. */
  pixelShape?: string;
  /** Matrix and range that the pictures are converted to, and what is written into the stream. */
  colour?: { matrix: string; range: 'tv' | 'pc'; tags: readonly string[] };
  /** Of the first picture. */
  firstNumber?: number;
  /** Further filters, after scaling. */
  filters?: readonly string[];
}

export interface FilmSound {
  encoder: string;
  options?: readonly string[];
  /** Hz. */
  rate?: number;
  channels?: number;
  /** Seconds, where it differs from that of the pictures. */
  seconds?: number;
  filters?: readonly string[];
}

/** What is done to the file after it has been made, one step after another. */
export type Oddity =
  /** FFmpeg again: `input` stands before the file, `output` behind it; `add` are further inputs. */
  | { odd: 'remuxed'; input?: readonly string[]; output: readonly string[]; add?: readonly Film[]; extension?: string }
  /** Written twice, one copy behind the other, as `cat` does. */
  | { odd: 'twice' }
  /** Another film is appended as `cat` does. */
  | { odd: 'followed'; by: Film }
  /** Only the first share of the bytes is there. */
  | { odd: 'cut off'; share: number }
  /** Bytes from this share on are replaced by zeros. */
  | { odd: 'zeroed'; at: number; bytes: number }
  /** Every n-th packet of 188 bytes, from this share on, is lost. */
  | { odd: 'packets lost'; from: number; every: number }
  /** Bytes are put in front. */
  | { odd: 'preceded'; bytes: number }
  /** Another name than the contents have. */
  | { odd: 'renamed'; extension: string };

/** What the air may show differently from a player, because a note says so. */
export interface Expected {
  /** A part of each difference that is right. */
  differences?: readonly RegExp[];
  /** The notes of the reel, one expression for each; without it, none. */
  notes?: readonly RegExp[];
  /** Checked in what the player shows, so that the reader of sources is checked as well. */
  pictures?: number;
  seconds?: number;
  clicks?: number;
  /** Whether pictures are copied. */
  video?: 'copied' | 'encoded';
}

export interface Film {
  name: string;
  /** Chooses the container. */
  extension: string;
  seconds: number;
  /** Null: none. */
  video: FilmVideo | null;
  sound: FilmSound | null;
  /** Options of the container. */
  container?: readonly string[];
  oddities?: readonly Oddity[];
  /** How the station is prepared. */
  settings?: Partial<MediaSettings>;
  /** How a player turns fields into pictures, where they are interlaced. */
  deinterlaced?: boolean;
  expected?: Expected;
}
