/** Subtitles of a film: none is on the air yet, and that is said. */
import { AVMEDIA_TYPE_SUBTITLE } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import type { Notes } from '../notes.js';
import { trackName } from './track-names.js';

/** Most names in the note: discs have thirty. */
const MOST_NAMES = 6;

const listed = new Intl.ListFormat('en-GB');

/** Notes the tracks of subtitles among `streams`: "the subtitles are left out: English and German". */
export function noteSubtitles(streams: readonly Stream[], notes: Notes): void {
  const tracks = streams.filter(({ codecpar }) => codecpar.codecType === AVMEDIA_TYPE_SUBTITLE);
  if (tracks.length === 0) return;
  const names = [...new Set(tracks.map((stream, i) => trackName(stream) ?? `number ${i + 1}`))];
  const more = names.length - MOST_NAMES;
  const shown = more > 1 ? [...names.slice(0, MOST_NAMES), `${more} others`] : names;
  notes.add(`the subtitles are left out: ${listed.format(shown)}`);
}
