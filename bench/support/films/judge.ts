/** Whether what is on the air of a file is what a player shows of it. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Problem } from '../../../src/base/problem.js';
import type { Millis } from '../../../src/base/units.js';
import { defaultMediaSettings } from '../../../src/media/settings.js';
import { closeReel } from '../../../src/reel/open-reel.js';
import { prepareReel } from '../../../src/reel/prepare.js';
import { Store } from '../../../src/reel/store.js';
import type { Difference, Kind } from '../../../test/support/films/compare.js';
import type { Expected } from '../../../test/support/films/film.js';
import { look, type Shown } from '../../../test/support/films/look.js';
import { lookAtReel, type OnAir } from '../../../test/support/films/on-air.js';
import { compareFiles } from './compare-files.js';

export const outcomes = [
  'right',
  'right, where FFmpeg is not',
  'different, with a note',
  'refused, as by the player',
  'refused',
  'wrong, without a note',
  'crashed or hung',
] as const;
export type Outcome = (typeof outcomes)[number];

export interface Judgement {
  file: string;
  outcome: Outcome;
  /** What differs, or why it was refused; '' where it is right. */
  why: string;
  notes: string[];
  /** Why it was encoded. */
  reason: string;
}

export interface JudgeOptions {
  /** Looks at no more than these seconds of a file. */
  longest: number;
  /** Whether fields are shown one by one. */
  deinterlaced: boolean;
  /** Longest preparation, and longest without progress. */
  time: Millis;
  silence: Millis;
  /** What is known of a film that was made here: where FFmpeg's tool shows it otherwise than it is. */
  expected?: Expected;
}

/** What a note says about each kind of difference; of decoders' messages and joins there is none. */
const explains: Record<Kind, RegExp | null> = {
  pictures: /picture|frame|rate|cut off|damag|pace/i,
  times: /picture|frame|rate|damag|pace/i,
  duration: /cut off|damag|sound|picture|missing/i,
  sound: /sound|audio|track|cut off|damag/i,
  loudness: /sound|audio|channel|loud/i,
  colours: /colour|HDR|tone|bit/i,
  shape: /size|shape|crop|pixel|turn/i,
  loops: null,
};

/** `folder`: an empty or missing one, which is removed. */
export async function judge(source: string, file: string, folder: string, options: JudgeOptions): Promise<Judgement> {
  mkdirSync(folder, { recursive: true });
  try {
    return await judgeIn(source, file, folder, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function judgeIn(source: string, file: string, folder: string, options: JudgeOptions): Promise<Judgement> {
  const { longest, deinterlaced, time, silence, expected = {} } = options;
  const nothing = { file, notes: [], reason: '' };
  const shown = await look(source, { longest, deinterlaced });
  const store = new Store(join(folder, 'store'));
  await store.open();
  // As it is on the air once a server has decoded it.
  const settings = { ...defaultMediaSettings, decodeCheck: true };
  const preparing = prepareReel({ source, settings, store, limits: { time, silence } });
  const reel = await preparing.then(
    (made) => made.reel,
    (error: unknown) => error,
  );
  if (reel instanceof Problem) {
    if (reel.code !== 'source') return { ...nothing, outcome: 'crashed or hung', why: reel.message };
    const outcome = typeof shown === 'string' ? 'refused, as by the player' : 'refused';
    return { ...nothing, outcome, why: reel.message.replace(`${source}: `, '') };
  }
  if (!isReel(reel)) throw reel;
  try {
    const air = await lookAtReel(reel, folder, longest);
    const { notes, reason } = air.properties;
    const judged = { file, notes, reason };
    // More than a player shows is no fault.
    if (typeof shown === 'string') return { ...judged, outcome: 'right', why: '' };
    const differences = await fewest(shown, air, () => look(source, { longest }), options);
    const why = differences.map(({ kind, text }) => `${kind}: ${text}`).join('; ');
    if (differences.length === 0) return { ...judged, outcome: 'right', why };
    const isKnown = (text: string) => (expected.differences ?? []).some((pattern) => pattern.test(text));
    if (differences.every(({ kind, text }) => isKnown(`${kind}: ${text}`))) {
      return { ...judged, outcome: 'right, where FFmpeg is not', why };
    }
    const isExplained = ({ kind }: Difference) => notes.some((note) => explains[kind]?.test(note));
    return {
      ...judged,
      outcome: differences.every(isExplained) ? 'different, with a note' : 'wrong, without a note',
      why,
    };
  } finally {
    closeReel(reel);
  }
}

/**
 * The differences from what a player shows: one that makes pictures of fields, or, where these differ, one that does not. The
 * filter that makes them also changes the end of progressive films, and their size where it changes.
 */
async function fewest(
  shown: Shown,
  air: OnAir,
  lookAgain: () => Promise<Shown | string>,
  { longest, deinterlaced, expected }: JudgeOptions,
): Promise<Difference[]> {
  const bounds = { longest, seconds: expected?.seconds };
  const differences = compareFiles(shown, air, bounds);
  if (differences.length === 0 || !deinterlaced) return differences;
  const plain = await lookAgain();
  const others = typeof plain === 'string' ? differences : compareFiles(plain, air, bounds);
  return others.length < differences.length ? others : differences;
}

type PreparedReel = Awaited<ReturnType<typeof prepareReel>>['reel'];
const isReel = (value: unknown): value is PreparedReel =>
  typeof value === 'object' && value !== null && 'packetCount' in value;
