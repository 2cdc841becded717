/** Subtitles on the page: a film with one cue, drawn over the picture in Chromium. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from './support/display.js';
import { serveEnginePage } from './support/engine-page.js';
import { ffmpeg } from './support/ffmpeg.js';
import { serve } from './support/msc.js';
import { scratchFolder } from './support/spool.js';
import { chromium, needs } from './support/viewing.js';

/** Milliseconds: of the film, and when the cue begins and ends. */
const FILM = 4_000;
const [BEGIN, END] = [1_000, 3_000];

for (const search of ['', '?player=mpegts']) {
  test(
    `the page draws the subtitles of the picture that is shown ${search || 'with Media Source'}`,
    needs,
    async (context) => {
      const folder = scratchFolder(context);
      const film = join(folder, 'film.mp4');
      ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=4', '-c:v', 'libx264', '-g', '25', film);
      writeFileSync(join(folder, 'film.de.srt'), '1\n00:00:01,000 --> 00:00:03,000\nGuten Tag\n');
      const words = [`Subtitles ${process.pid} ${search.length}=${film}`, '--subtitles', 'en,de'];
      const server = await serve(context, [...words, '--store', join(folder, 'store'), '--http', '0'], 1);
      const station = server.stations[0]!.id;
      const front = await serveEnginePage(context, server.url!);
      const viewing = await (await chromium(context, front.url + search))();
      await viewing.do(`screen.tune(${JSON.stringify(station)})`);
      await viewing.until(({ status }) => status === 'playing');
      await viewing.do('screen.pause()');
      // The page has a page of subtitles once its packets have come: seeks are within what is buffered behind this moment.
      const before = Math.floor((await viewing.do<number>('engine.now()')) / FILM - 4) * FILM;
      const began = before + FILM;
      const canvas = "screen.element.querySelector('canvas.subtitles')";
      const isShown = () => viewing.do<boolean>(`!(${canvas}?.hidden ?? true)`);
      const showAt = async (moment: number, expected: boolean) => {
        await viewing.do(`screen.seek(${began + moment})`);
        await until(context, async () => (await isShown()) === expected);
      };
      await viewing.do(`engine.setSubtitles(['de'])`);
      await viewing.do(`screen.seek(${before})`);
      await viewing.until(({ time }) => time !== null && Math.abs(time - before) < 100);
      await until(context, async () => (await viewing.do<number>('screen.statistics.peek()?.buffer ?? 0')) > 2 * FILM);
      // Alternately, so that each waits for a change.
      await showAt(BEGIN + 200, true);
      await showAt(BEGIN - 200, false);
      await showAt(END - 200, true);
      await showAt(END + 200, false);
      await showAt(BEGIN + 200, true);
      const light = await viewing.do<number>(`(() => {
      const { width, height } = ${canvas};
      const { data } = ${canvas}.getContext('2d').getImageData(0, height / 2, width, height / 2);
      return data.filter((value, i) => i % 4 === 3 && value > 200 && data[i - 1] > 200).length;
    })()`);
      assert.ok(light > 500, `${light} light pixels`);
      await viewing.do(`engine.setSubtitles(['en'])`);
      await showAt(BEGIN + 300, false);
    },
  );
}
