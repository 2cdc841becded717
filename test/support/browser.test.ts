import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { numberOn, openBrowser, openPage, withoutBrowser } from './browser.js';
import { makeNumberedFilm, NUMBERED_RATE } from './numbered-film.js';
import { scratchFolder } from './spool.js';
import { without } from './tools.js';

test('the number of a picture in a page can be read', {
  skip: without('ffmpeg') || withoutBrowser(),
  timeout: 60_000,
}, async (context) => {
  const film = readFileSync(makeNumberedFilm(join(scratchFolder(context), 'film.mp4'), 2));
  const server = createServer((request, response) => {
    const isFilm = request.url === '/film.mp4';
    response.setHeader('content-type', isFilm ? 'video/mp4' : 'text/html');
    response.end(isFilm ? film : '<link rel=icon href=data:,><video></video>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const page = await openPage(
    context,
    await openBrowser(context),
    `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
  );
  // The server does not support ranges, so the page fetches the whole film first.
  await page.evaluate(`(async () => {
    const video = document.querySelector('video');
    video.src = URL.createObjectURL(await (await fetch('film.mp4')).blob());
    await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
  })()`);
  for (const number of [37, 3, 29]) {
    await page.evaluate(`new Promise((resolve) => {
      const video = document.querySelector('video');
      video.requestVideoFrameCallback(resolve);
      video.currentTime = ${(number + 0.5) / NUMBERED_RATE};
    })`);
    assert.equal(await numberOn(page, 'video'), number);
  }
});
