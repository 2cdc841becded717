/** Tests that what is on the air of a film is what a player shows of it. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { sharedFolder } from '../spool.js';
import { without } from '../tools.js';
import { findClicks } from './clicks.js';
import { compare, type Difference } from './compare.js';
import type { Expected, Film } from './film.js';
import { look, type Shown } from './look.js';
import { makeFilm } from './make-film.js';
import { putOnAir } from './on-air.js';
import { further } from './untested.js';

/** Films at a time: while one is coded by a program, this process makes the reel of another. */
const AT_ONCE = 2;

/** A test of each film, without those of `untested.ts`. */
export function testFilms(title: string, films: readonly Film[]): void {
  const folder = sharedFolder();
  describe(title, { concurrency: AT_ONCE, skip: without('ffmpeg', 'ffprobe') }, () => {
    const tested = films.filter(({ name }) => !further.has(name));
    for (const [index, film] of tested.entries()) {
      test(`${film.name}: the air shows what a player shows`, { timeout: 120_000 }, async () => {
        await checkFilm(film, join(folder, String(index)));
      });
    }
  });
}

/** `path`: of the film and its reel, without an extension. */
async function checkFilm(film: Film, path: string): Promise<void> {
  const { deinterlaced = false, settings = {}, expected = {} } = film;
  const file = await makeFilm(film, path);
  const source = await look(file, { deinterlaced });
  assert.ok(typeof source !== 'string', `a player: ${source}`);
  checkSource(source, expected);
  const air = await putOnAir(file, settings, path);
  const { notes, reason, video } = air.properties;
  const differences = compare(source, air, expected.seconds).map(inWords);
  const context = `${reason}; notes: ${notes.join('; ')}`;
  matchAll(differences, expected.differences ?? [], `differences (${context})`);
  matchAll(notes, expected.notes ?? [], 'notes');
  if (expected.video) assert.equal(video, expected.video, reason);
}

/** Each text matches a pattern, and each pattern a text. */
function matchAll(texts: readonly string[], patterns: readonly RegExp[], what: string): void {
  const unexpected = texts.filter((text) => !patterns.some((pattern) => pattern.test(text)));
  assert.deepEqual(unexpected, [], what);
  const missing = patterns.filter((pattern) => !texts.some((text) => pattern.test(text)));
  assert.deepEqual(missing, [], `${what}: ${texts.join('; ')}`);
}

const inWords = ({ kind, text }: Difference) => `${kind}: ${text}`;

/** That the reader of sources sees what the film was made of. */
function checkSource(source: Shown, { pictures, clicks }: Expected): void {
  if (pictures !== undefined) assert.equal(source.pictures.length, pictures, 'pictures that a player shows');
  if (clicks !== undefined) assert.equal(source.sound && findClicks(source.sound).length, clicks, 'clicks in a player');
}
