/** Tracks of sound beside the main one: those in the station's further languages. */
import { join } from 'node:path';
import type { FurtherTrack, SoundWanted } from '../input/choose-sound.js';
import { UNDETERMINED } from '../input/language.js';
import { languageName } from '../input/track-names.js';
import type { Notes } from '../notes.js';
import {
  type DolbyCodec,
  type FurtherStream,
  type MediaSettings,
  MOST_SOUND_TRACKS,
  type StationLayout,
} from '../settings.js';
import type { FilmSpool, SpooledAudio, SpooledFurther } from '../spool.js';
import { copyDolby } from './copy-dolby.js';
import { copySound, encodeSound, type MadeSound, type SoundOptions } from './make-sound.js';
import { dolbyCodecs } from './sound-codecs.js';

type SoundStream = FurtherStream & { kind: 'sound' };

const soundsOf = (target: StationLayout): SoundStream[] =>
  (target.further ?? []).filter((stream): stream is SoundStream => stream.kind === 'sound');

/** How the main sound is chosen, and which languages are looked for beside it: the station's, or else those that are set. */
export function soundWanted({ languages, target, ac3 }: MediaSettings): SoundWanted {
  const tracks = target ? soundsOf(target) : [];
  const own = languages.length > 1 ? languages : [];
  const also = target ? tracks.filter(({ codec }) => !codec).map(({ language }) => language) : own;
  const dolby = target ? tracks.find(({ codec }) => codec)?.codec : ac3 ? 'any' : undefined;
  return { languages, unusable: new Set(), also, ...(dolby && { dolby }) };
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
export function spoolFurther(options: FurtherSoundOptions): Pick<FilmSpool, 'language' | 'further'> {
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
  const all = [...further, ...dolbyTrack(options, further.length)];
  return all.length > 0 ? { language: main.language ?? undefined, further: all } : {};
}

/** The track of AC-3 or E-AC-3 of a source without a layout; none where it cannot be copied. */
function dolbyTrack(options: FurtherSoundOptions, number: number): SpooledFurther[] {
  const { main, notes } = options;
  if (main.dolby === null) return [];
  const { codec, channels, language } = main.dolby;
  const audio = copiedDolby(options, { codec, number });
  if (audio === null) {
    notes.add(`the ${codec.toUpperCase()} sound is not copied: its frames are unusual`);
    return [];
  }
  return [{ stream: { kind: 'sound', codec, language: language ?? UNDETERMINED, channels }, audio }];
}

/** Null where the source has no such track, or none that can be copied. */
function copiedDolby(
  { main, wanted, folder, copies }: FurtherSoundOptions,
  { codec, number }: { codec: DolbyCodec; number: number },
): SpooledAudio | null {
  if (!copies || main.dolby?.codec !== codec) return null;
  const sound = { ...wanted.sound, languages: [], also: [], dolby: undefined, track: main.dolby.index };
  return copyDolby({ ...wanted, sound, path: pathOf(folder, number) }, codec);
}

/** The AC-3 or E-AC-3 of a station: copied, or encoded from the main sound. */
function dolbyInLayout(
  options: FurtherSoundOptions,
  { stream, codec, number }: { stream: SoundStream; codec: DolbyCodec; number: number },
): SpooledFurther {
  const { wanted, folder, main, notes } = options;
  const copied = copiedDolby(options, { codec, number });
  if (copied) return { stream, audio: copied };
  if (main.how !== 'silent') notes.add(`no ${codec.toUpperCase()} sound that can be copied: that track is encoded`);
  const { channels } = stream;
  const made = encodeSound({ ...wanted, path: pathOf(folder, number), channels, codec: dolbyCodecs[codec] });
  return { stream, audio: made.spooled };
}

function noteUndecodable(notes: Notes, { language }: FurtherTrack): [] {
  notes.add(`the sound in ${languageName(language)} cannot be decoded`);
  return [];
}

/** The sound of a station's language, or the main sound in its place. */
function inLayout(options: FurtherSoundOptions, stream: SoundStream, number: number): SpooledFurther {
  const { main, wanted, folder, notes } = options;
  const { language, channels, codec } = stream;
  if (codec) return dolbyInLayout(options, { stream, codec, number });
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
