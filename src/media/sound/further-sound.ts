/** Tracks of sound beside the main one: those in the station's further languages. */
import { join } from 'node:path';
import type { FurtherTrack, SoundWanted } from '../input/choose-sound.js';
import { languageName } from '../input/track-names.js';
import type { Notes } from '../notes.js';
import { type FurtherStream, type MediaSettings, MOST_SOUND_TRACKS, type StationLayout } from '../settings.js';
import type { Spool, SpooledFurther } from '../spool.js';
import { copySound, encodeSound, type MadeSound, type SoundOptions } from './make-sound.js';

type SoundStream = FurtherStream & { kind: 'sound' };

const soundsOf = (target: StationLayout): SoundStream[] =>
  (target.further ?? []).filter((stream): stream is SoundStream => stream.kind === 'sound');

/** How the main sound is chosen, and which languages are looked for beside it: the station's, or else those that are set. */
export function soundWanted({ languages, target }: MediaSettings): SoundWanted {
  const also = target ? soundsOf(target).map(({ language }) => language) : languages.length > 1 ? languages : [];
  return { languages, unusable: new Set(), also };
}

/** Channels of the main sound: the station's, or two where that is set; null: those of the source. */
export const channelsWanted = ({ target, channels }: MediaSettings): number | null =>
  target?.channels ?? (channels === 2 ? 2 : null);

export interface FurtherSoundOptions {
  /** Of the main sound. */
  wanted: SoundOptions;
  main: MadeSound;
  target: StationLayout | null;
  folder: string;
  notes: Notes;
  /** Whether sound may be copied: not of a damaged file. */
  copies: boolean;
}

/**
 * Spools the tracks beside the main one. In a station's layout there is one for each of its languages: the main sound again
 * where the source lacks one, so that a viewer who has chosen it hears something, and a note. Without a layout they are those
 * that the source has.
 */
export function spoolFurther(options: FurtherSoundOptions): Pick<Spool & { format: 'h264' }, 'language' | 'further'> {
  const { main, target, notes } = options;
  if (target) {
    const { language } = target;
    if (language !== undefined && main.language !== null && main.language !== language) {
      notes.add(`no sound in ${languageName(language)}: ${languageName(main.language)} is played`);
    }
    const further = soundsOf(target).map((stream, i) => inLayout(options, stream, i));
    return further.length > 0 ? { language, further } : {};
  }
  const tracks = main.further.filter(({ index, language }) => index !== main.index && language !== main.language);
  const further = tracks.slice(0, MOST_SOUND_TRACKS - 1).flatMap((track, i): SpooledFurther[] => {
    const made = trackSound(options, { track, channels: options.wanted.channels, number: i });
    if (made === null) return noteUndecodable(notes, track);
    const { language } = track;
    return [{ stream: { kind: 'sound', language, channels: made.channels }, audio: made.spooled }];
  });
  return further.length > 0 ? { language: main.language ?? undefined, further } : {};
}

function noteUndecodable(notes: Notes, { language }: FurtherTrack): [] {
  notes.add(`the sound in ${languageName(language)} cannot be decoded`);
  return [];
}

/** The sound of a station's language, or the main sound in its place. */
function inLayout(options: FurtherSoundOptions, stream: SoundStream, number: number): SpooledFurther {
  const { main, wanted, folder, notes } = options;
  const { language, channels } = stream;
  const track = main.further.find((each) => each.language === language);
  const isMain = track !== undefined && track.index === main.index;
  const own = track && !isMain ? trackSound(options, { track, channels, number }) : null;
  if (own) return { stream, audio: own.spooled };
  if (!isMain && main.how !== 'silent')
    notes.add(`no sound in ${languageName(language)}: that track has the main sound`);
  if (main.channels === channels) return { stream, audio: main.spooled };
  return { stream, audio: makeSound({ ...wanted, path: pathOf(folder, number), channels }, options.copies).spooled };
}

/** Null where the track has no sound that can be decoded. */
function trackSound(
  { wanted, folder, copies }: FurtherSoundOptions,
  { track, channels, number }: { track: FurtherTrack; channels: number | null; number: number },
): MadeSound | null {
  const sound = { ...wanted.sound, languages: [], also: [], track: track.index };
  const made = makeSound({ ...wanted, sound, path: pathOf(folder, number), channels }, copies);
  return made.how === 'silent' ? null : made;
}

const makeSound = (options: SoundOptions, copies: boolean): MadeSound =>
  (copies ? copySound(options).made : null) ?? encodeSound(options);

const pathOf = (folder: string, number: number): string => join(folder, `audio-${number + 1}.aac`);
