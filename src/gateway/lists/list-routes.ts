/** `/stations.m3u` and `/guide.xml`: all stations and their programmes, for players and set-top boxes. */
import { Readable } from 'node:stream';
import { Millis } from '../../base/units.js';
import { unreadAnswers } from '../connections/answers.js';
import type { Routes } from '../context.js';
import { HttpProblem } from '../http-problem.js';
import type { StationSource } from '../source.js';
import { MEDIA_HEADERS } from '../station-requests.js';
import { originOf, pictureAddress, stationAddress } from './links.js';
import { writeM3u } from './m3u.js';
import { xmltvBegin, xmltvChannel, xmltvEnd, xmltvProgramme } from './xmltv.js';

const HOUR = Millis(3_600_000);
const HOURS = 24;
const MOST_HOURS = 168;
/** Most programmes of a guide, in all and of one station: a week of items of five minutes. */
const MOST_PROGRAMMES = 50_000;
const MOST_OF_STATION = 2_016;
/** Bytes that a guide takes while it is sent, at most: the programmes of one station, and two parts of text. */
const GUIDE_BYTES = 512 * 1024;
/** Programmes of a part: some 16 KiB of text. */
const PART = 64;
/** Longest title, in UTF-16 units: tags of files may have any length. */
const MOST_TITLE = 200;

type Via = 'http' | 'hls' | 'multicast';

function viaOf(text: unknown): Via {
  if (text === undefined) return 'http';
  if (text === 'http' || text === 'hls' || text === 'multicast') return text;
  throw new HttpProblem(400, 'No such transport', 'Use ?via=http, ?via=hls or ?via=multicast.');
}

function addressOf({ info }: StationSource, origin: string, via: Via): string {
  if (via === 'multicast') return `rtp://@${info.group}:${info.port}`;
  if (info.format === 'jpeg') return stationAddress(origin, info, '.mjpeg');
  return stationAddress(origin, info, via === 'hls' ? '/index.m3u8' : '.ts');
}

function hoursOf(text: unknown): number {
  if (text === undefined) return HOURS;
  const hours = typeof text === 'string' && /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (hours >= 1 && hours <= MOST_HOURS) return hours;
  throw new HttpProblem(400, 'No such time', `"hours" must be a whole number from 1 to ${MOST_HOURS}.`);
}

/** In parts, so that other requests get their turn. */
async function* guideText(stations: readonly StationSource[], origin: string, from: Millis, to: Millis) {
  yield xmltvBegin('MultiStreamCast');
  for (const source of stations) yield xmltvChannel(source.info, await pictureAddress(origin, source));
  const most = Math.min(MOST_OF_STATION, Math.ceil(MOST_PROGRAMMES / stations.length));
  for (const source of stations) {
    const { info } = source;
    const programmes = source.programmes(from, to).slice(0, most);
    const texts = programmes.map((each) => xmltvProgramme(info, { ...each, title: each.title.slice(0, MOST_TITLE) }));
    for (let at = 0; at < texts.length; at += PART) yield texts.slice(at, at + PART).join('');
    await new Promise((resolve) => setImmediate(resolve));
  }
  yield xmltvEnd;
}

export const listRoutes: Routes = (app, { answers, catalogue, clientOf, now }) => {
  app.get<{ Querystring: { via?: unknown } }>('/stations.m3u', async (request, reply) => {
    const via = viaOf(request.query.via);
    const origin = originOf(request);
    const entries = await Promise.all(
      catalogue.stations.map(async (source) => ({
        info: source.info,
        address: addressOf(source, origin, via),
        logo: await pictureAddress(origin, source),
      })),
    );
    return (
      reply
        .headers(MEDIA_HEADERS)
        .header('cache-control', 'no-cache')
        // mpv does not recognise a playlist whose type has a charset.
        .type('audio/x-mpegurl')
        .send(writeM3u(entries, `${origin}/guide.xml`))
    );
  });

  app.get<{ Querystring: { hours?: unknown } }>('/guide.xml', async (request, reply) => {
    const hours = hoursOf(request.query.hours);
    const origin = originOf(request);
    reply.headers(MEDIA_HEADERS).header('cache-control', 'no-cache').type('application/xml; charset=utf-8');
    if (request.method === 'HEAD') return reply.send();
    const end = answers.begin(clientOf(request.raw).address, GUIDE_BYTES, {
      unread: () => GUIDE_BYTES,
      close: () => reply.raw.destroy(),
    });
    if (end === null) throw unreadAnswers();
    reply.raw.once('close', end);
    // Whole hours: an endless programme is the same one in the next request.
    const from = Millis(Math.floor(now() / HOUR) * HOUR);
    const to = Millis(Math.ceil(now() / HOUR + hours) * HOUR);
    return reply.send(Readable.from(guideText(catalogue.stations, origin, from, to)));
  });
};
