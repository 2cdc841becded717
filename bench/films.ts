import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { basename, extname, join } from 'node:path';
import { Millis } from '../src/base/units.js';
import type { Film } from '../test/support/films/film.js';
import { makeFilm } from '../test/support/films/make-film.js';
import { finish, log, requirePrograms, scratch } from './support/benchmark.js';
import { type Judgement, judge, outcomes } from './support/films/judge.js';
import { manyFilms } from './support/films/many-films.js';
import { refuse } from './support/namespace.js';
import { outOption, readOptions, readWords } from './support/options.js';

const table = {
  generate: ['', 'write some 700 odd films into this folder, and end'],
  only: ['', 'only files whose name contains this'],
  every: [1, 'only every n-th file'],
  longest: [60, 'seconds of each file that are looked at'],
  time: [600, 'seconds that preparing a file may take'],
  jobs: [availableParallelism(), 'files at a time'],
  progressive: [false, 'do not turn fields into pictures: for folders without interlaced films'],
  ...outOption,
} as const;
const options = readOptions(
  'npm run bench -- films FOLDER: compares what is on the air of each file of a folder with what FFmpeg shows of it.',
  table,
);
requirePrograms(['ffmpeg', 'ffprobe']);

/** Runs `task` for all items, `jobs` at a time. */
async function forAll<T>(items: readonly T[], task: (item: T, index: number) => Promise<void>): Promise<void> {
  const queue = items.entries();
  const worker = async () => {
    for (const [index, item] of queue) await task(item, index);
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
}

const isChosen = (name: string, index: number) => name.includes(options.only) && index % options.every === 0;

/** Without its extension. */
const fileName = ({ name }: Film) => name.replaceAll(/[/:]/g, '-');

async function generate(folder: string): Promise<never> {
  mkdirSync(folder, { recursive: true });
  const missing: { film: string; why: string }[] = [];
  let made = 0;
  await forAll(
    manyFilms.filter(({ name }, i) => isChosen(name, i)),
    async (film) => {
      try {
        await makeFilm(film, join(folder, fileName(film)));
        made++;
      } catch (error) {
        missing.push({ film: film.name, why: error instanceof Error ? (error.message.split(': ').at(-1) ?? '') : '' });
      }
      if (made % 50 === 0) log(`${made} films`);
    },
  );
  const data = { made, missing };
  return finish({ tables: [[`${made} films made; not made:`, missing]], data, out: options.out });
}

if (options.generate !== '') await generate(options.generate);
const [folder] = readWords(table);
if (folder === undefined) refuse('films FOLDER: it needs a folder of films, or --generate FOLDER');

const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => statSync(join(folder, name)).isFile())
  .sort()
  .filter(isChosen);
const known = new Map(manyFilms.map((film) => [fileName(film), film.expected]));
const judgements: Judgement[] = [];
const room = scratch();
/** No progress for this time is a hang. */
const SILENCE = Millis(60_000);

await forAll(files, async (file, index) => {
  const judged = await judge(join(folder, file), file, join(room, String(index)), {
    longest: options.longest,
    deinterlaced: !options.progressive,
    time: Millis(options.time * 1000),
    silence: SILENCE,
    expected: known.get(basename(file, extname(file))),
  }).catch((error: unknown): Judgement => {
    const why = error instanceof Error ? error.message : String(error);
    return { file, outcome: 'crashed or hung', why, notes: [], reason: '' };
  });
  judgements.push(judged);
  if (!judged.outcome.startsWith('right')) log(`${file}: ${judged.outcome}: ${judged.why}`);
});

/** Characters of a line of the table. */
const MOST_TEXT = 110;
const short = (text: string) => (text.length > MOST_TEXT ? `${text.slice(0, MOST_TEXT)}…` : text);
const of = (outcome: string) => judgements.filter((each) => each.outcome === outcome).length;
const playable = judgements.length - of('refused, as by the player');
const percent = (count: number) => `${((count / Math.max(1, playable)) * 100).toFixed(1)} %`;
finish({
  tables: [
    [
      `${judgements.length} files, of which the player shows ${playable}`,
      outcomes.map((outcome) => ({
        outcome,
        files: of(outcome),
        'of those shown': outcome === 'refused, as by the player' ? '' : percent(of(outcome)),
      })),
    ],
    [
      'What differs',
      judgements
        .filter(({ outcome }) => outcome !== 'right' && outcome !== 'refused, as by the player')
        .sort((a, b) => outcomes.indexOf(a.outcome) - outcomes.indexOf(b.outcome))
        .map(({ file, outcome, why, notes }) => ({ file, outcome, why: short(why), notes: short(notes.join('; ')) })),
    ],
  ],
  data: { files: judgements.length, playable, right: of('right'), judgements },
  out: options.out,
});
