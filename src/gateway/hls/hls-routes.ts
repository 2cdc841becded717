/**
 * `/stations/{id}/index.m3u8`: a station as HLS, live or from its past. It refers to `/stations/{id}/{W}/index.m3u8`, and
 * that to `/stations/{id}/{W}/{k}.ts`: segments of W seconds (segments.ts).
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { networkOf } from '../../base/ip-network.js';
import { Problem } from '../../base/problem.js';
import { Millis, ticksToMillis } from '../../base/units.js';
import { isTransport } from '../../wire/station-format.js';
import type { Routes } from '../context.js';
import { HttpProblem, httpProblemOf } from '../http-problem.js';
import { inLanguage, soundOf, subtitlesOf, trackOf } from '../one-track.js';
import type { StationSource } from '../source.js';
import { MEDIA_HEADERS, momentOf, stationOf } from '../station-requests.js';
import { FragmentMemory } from './fragment-memory.js';
import { HlsViewers } from './hls-viewers.js';
import { mainPlaylist, mediaPlaylist, type SegmentExtension, selectionOf } from './playlist.js';
import { SegmentMemory } from './segment-memory.js';
import { LONGEST, Segments, SHORTEST, segmentSeconds } from './segments.js';
import { webVtt } from './vtt.js';

/**
 * Segments of a live playlist. Players start three target durations, 2 W each, before its end: seven segments, of which the
 * first starts up to W late, are enough.
 */
const LIVE = 7;
/** Segments of a playlist of the past after the one being played: players start with the third from the end. */
const AHEAD = 2;
/** Longest playlist of the past. */
const LONGEST_LIST = Millis(3_600_000);
/** Longest time without progress before a response is ended. */
const STALLED = Millis(20_000);

/** Most segments of fragmented MP4 that a playlist lists: each of them is made for it. */
const MOST_FRAGMENTS = 30;

/** Values of W whose segments are kept for a station: the current one, and the previous one. */
const MOST_LENGTHS = 2;

const FOR_EVER = 'public, max-age=31536000, immutable';

interface MainQuery {
  /** Language of the track that is played where the viewer chooses none. */
  audio?: unknown;
  /** The time to start at. */
  start?: unknown;
  /** `mp4`: segments of fragmented MP4, of stations of HEVC. */
  segments?: unknown;
}

interface SegmentParams {
  id: string;
  /** The folder: W, and what is selected. */
  seconds: string;
  k: string;
}

interface ListQuery {
  /** Of a playlist of the past: its first segment, and its lag behind the air (ms). */
  from?: unknown;
  behind?: unknown;
}

const notYet = (seconds: number): HttpProblem =>
  new HttpProblem(404, 'Not yet', 'This segment is in the future. index.m3u8 lists the segments that are available.', {
    ...MEDIA_HEADERS,
    'retry-after': String(seconds),
  });

const gone = (): HttpProblem =>
  new HttpProblem(
    404,
    'Not available',
    'The station does not reach back that far. index.m3u8 lists the segments that are available.',
    {
      ...MEDIA_HEADERS,
    },
  );

/** Fragmented MP4 is for players that take HEVC in nothing else. */
function requireHevc({ info }: StationSource): void {
  if (info.format === 'hevc') return;
  throw new HttpProblem(404, 'Not in this format', 'Stations of H.264 have segments of MPEG-TS: leave "mp4" out.');
}

const wholeNumber = (text: unknown): number => {
  if (typeof text === 'string' && /^\d{1,12}$/.test(text)) return Number(text);
  throw new HttpProblem(400, 'Not a playlist', 'Request a playlist of the past as index.m3u8?start= with a time.');
};

/** W, and the language of the one track of sound that there is in the segments, alone or beside the pictures. */
interface Folder {
  seconds: number;
  language?: string;
  soundOnly: boolean;
  /** Whether it has the subtitles in that language, and nothing else. */
  isText: boolean;
  /** Whether its segments are fragmented MP4. */
  isMp4: boolean;
}

const folderOf = (text: string): Folder => {
  const [, digits, mp4, language, alone] = /^([1-9]\d?)(-mp4)?(?:-([a-z]{2,3})(-sound|-subtitles)?)?$/.exec(text) ?? [];
  const seconds = Number(digits ?? 0);
  if (seconds >= SHORTEST && seconds <= LONGEST) {
    const isText = alone === '-subtitles';
    return { seconds, language, soundOnly: alone === '-sound', isText, isMp4: mp4 !== undefined && !isText };
  }
  throw new HttpProblem(
    404,
    'No such segments',
    'index.m3u8 beside this address refers to the segments that are available.',
  );
};

/** What a folder has of a station. Throws an HttpProblem where the station does not have the language. */
function selectedFrom(station: StationSource, { language, soundOnly, isText }: Folder): StationSource {
  if (language === undefined) return station;
  if (isText) return subtitlesOf(station, language);
  return soundOnly ? soundOf(station, language) : inLanguage(station, language);
}

const fail = (error: Error): never => {
  throw error;
};

const rethrow = (error: unknown): never => {
  throw error instanceof Problem ? httpProblemOf(error) : error;
};

export const hlsRoutes: Routes = (app, context) => {
  const { catalogue } = context;
  const memory = new SegmentMemory();
  const fragments = new FragmentMemory(memory, context.timers);
  const viewers = new HlsViewers(context);
  const known = new WeakMap<StationSource, Map<number, Segments>>();
  app.addHook('onClose', async () => viewers.close());

  const sourceOf = (id: string): StationSource => {
    const source = stationOf(catalogue, id);
    if (isTransport(source.info.format)) return source;
    throw new HttpProblem(404, 'Not in this format', 'This station has JPEG pictures. Its address ends in .mjpeg.');
  };
  const segmentsOf = (station: StationSource, folder: Folder): Segments => {
    const { seconds, language, soundOnly, isText } = folder;
    const source = selectedFrom(station, folder);
    const lengths = known.get(source) ?? new Map<number, Segments>();
    known.set(source, lengths);
    const segments =
      lengths.get(seconds) ??
      new Segments(source, seconds, isText ? `-${language}-subtitles` : selectionOf({ language, soundOnly }));
    lengths.delete(seconds);
    lengths.set(seconds, segments);
    const [oldest] = lengths.keys();
    if (oldest !== undefined && lengths.size > MOST_LENGTHS) lengths.delete(oldest);
    return segments;
  };

  /** The multivariant playlist: live, or from `start` on. */
  const mainOf = (source: StationSource, { start, audio, segments: container }: MainQuery): string => {
    const { info } = source;
    const seconds = segmentSeconds(info);
    const { languages } = info;
    const track = audio === undefined ? 0 : trackOf(source, audio);
    if (container === 'mp4') requireHevc(source);
    const folder = container === 'mp4' ? `${seconds}-mp4` : seconds;
    const addressOf = (query: string) => (selection: string) => `${folder}${selection}/index.m3u8${query}`;
    const playlist = (query: string) => mainPlaylist(info, { addressOf: addressOf(query), languages, track });
    if (start === undefined) return playlist('');
    const segments = segmentsOf(source, { seconds, soundOnly: false, isText: false, isMp4: false });
    const moment = momentOf(start, source.now());
    const first = Math.min(segments.containing(moment), segments.newest);
    if (first < segments.oldest) throw gone();
    // A playlist of the past grows at the pace of the station, so a player that starts near its end starts at `start`.
    const behind = Math.floor(source.now() - moment);
    return playlist(`?from=${first}&behind=${behind}`);
  };

  const listOf = async (
    source: StationSource,
    { segments, extension }: { segments: Segments; extension: SegmentExtension },
    { query, client }: { query: ListQuery; client: string },
  ): Promise<string> => {
    const { oldest, seconds, longest } = segments;
    const playlist = async (first: number, last: number) => {
      if (extension !== 'm4s') return mediaPlaylist(segments.list(first, last), longest, extension);
      // They are made to find out which parameters they have.
      const listed = segments.list(Math.max(first, last + 1 - MOST_FRAGMENTS), last);
      const made = await Promise.all(listed.map(({ k }) => fragments.take(segments, k, client)));
      const maps = made.map(({ name }) => `${name}.mp4`);
      return mediaPlaylist(listed, longest, extension, maps);
    };
    if (query.from === undefined && query.behind === undefined) {
      await viewers.watch(source);
      const { newest } = segments;
      const first = Math.max(segments.oldest, newest + 1 - LIVE);
      if (newest < first) throw notYet(seconds);
      return playlist(first, newest);
    }
    const [from, behind] = [wholeNumber(query.from), wholeNumber(query.behind)];
    const last = Math.min(segments.newest, segments.containing(Millis(source.now() - behind)) + AHEAD);
    const first = Math.max(from, oldest, last + 1 - Math.ceil(LONGEST_LIST / 1000 / seconds));
    if (last < first) throw notYet(seconds);
    return playlist(first, last);
  };

  const sendList = (reply: FastifyReply, list: string): FastifyReply =>
    reply.headers(MEDIA_HEADERS).header('cache-control', 'max-age=1').type('application/vnd.apple.mpegurl').send(list);

  app.get<{ Params: { id: string }; Querystring: MainQuery }>('/stations/:id/index.m3u8', async (request, reply) => {
    const source = sourceOf(request.params.id);
    viewers.onRequest(context.clientOf(request.raw).address, source.info.id);
    return sendList(reply, mainOf(source, request.query));
  });

  app.get<{ Params: { id: string; seconds: string }; Querystring: ListQuery }>(
    '/stations/:id/:seconds/index.m3u8',
    async (request, reply) => {
      const source = sourceOf(request.params.id);
      const folder = folderOf(request.params.seconds);
      if (folder.isMp4) requireHevc(source);
      const segments = segmentsOf(source, folder);
      const { address } = context.clientOf(request.raw);
      viewers.onRequest(address, source.info.id);
      const extension = folder.isText ? 'vtt' : folder.isMp4 ? 'm4s' : 'ts';
      const asked = { query: request.query, client: networkOf(address) };
      const list = await listOf(source, { segments, extension }, asked).catch(rethrow);
      return sendList(reply, list);
    },
  );

  interface Wanted {
    source: StationSource;
    /** Whether it is sent as WebVTT. */
    isText: boolean;
    segments: Segments;
    k: number;
  }

  const send = async (request: FastifyRequest, reply: FastifyReply, { source, segments, isText, k }: Wanted) => {
    if (k > segments.newest) throw notYet(Math.min(60, Math.max(1, (k - segments.newest) * segments.seconds)));
    if (k < segments.oldest) throw gone();
    const key = segments.key(k);
    const etag = `"${encodeURIComponent(key)}"`;
    const headers = { ...MEDIA_HEADERS, 'cache-control': FOR_EVER, etag };
    const { address } = context.clientOf(request.raw);
    const viewer = viewers.onRequest(address, source.info.id);
    if (request.headers['if-none-match'] === etag) return reply.code(304).headers(headers).send();
    const { from, to, within } = segments.list(k, k)[0]!;
    reply.headers(headers).type(isText ? 'text/vtt; charset=utf-8' : 'video/mp2t');
    if (request.method === 'HEAD') return reply.send();

    const taken = memory.take({ source: segments.source, key, from, to, within, client: networkOf(address) });
    const { socket } = request.raw;
    viewer.sockets.add(socket);
    viewer.behind = Millis(Math.max(0, source.now() - ticksToMillis(from)));
    reply.raw.on('close', () => {
      taken.close();
      viewer.sockets.delete(socket);
    });
    reply.raw.setTimeout(STALLED);
    await taken.begun;
    if (isText) {
      const parts: Buffer[] = [];
      for await (const part of taken.parts()) parts.push(part);
      const text = webVtt(Buffer.concat(parts), from);
      viewer.bytes += text.length;
      return reply.send(text);
    }
    if (taken.length !== null) reply.header('content-length', taken.length);
    const counted = async function* () {
      for await (const part of taken.parts()) {
        viewer.bytes += part.length;
        yield part;
      }
    };
    return reply.send(Readable.from(counted(), { highWaterMark: 1 }));
  };

  const sendSegment = async (
    request: FastifyRequest<{ Params: SegmentParams }>,
    reply: FastifyReply,
    isText: boolean,
  ) => {
    const { id, seconds, k } = request.params;
    const source = sourceOf(id);
    const folder = folderOf(seconds);
    if (folder.isText !== isText || folder.isMp4) throw gone();
    const segments = segmentsOf(source, folder);
    return send(request, reply, { source, segments, isText, k: Number(k) }).catch(rethrow);
  };

  app.get<{ Params: SegmentParams }>('/stations/:id/:seconds/:k(^(?:0|[1-9]\\d{0,11})).ts', async (request, reply) =>
    sendSegment(request, reply, false),
  );
  app.get<{ Params: SegmentParams }>('/stations/:id/:seconds/:k(^(?:0|[1-9]\\d{0,11})).vtt', async (request, reply) =>
    sendSegment(request, reply, true),
  );

  interface Fragmented {
    Params: { id: string; seconds: string; name: string };
  }

  const fragmentedOf = ({ id, seconds }: Fragmented['Params']) => {
    const source = sourceOf(id);
    const folder = folderOf(seconds);
    if (!folder.isMp4) throw gone();
    requireHevc(source);
    return { source, segments: segmentsOf(source, folder) };
  };
  const mp4Headers = { ...MEDIA_HEADERS, 'cache-control': FOR_EVER };

  app.get<Fragmented>('/stations/:id/:seconds/:name(^[0-9a-f]{16}).mp4', async (request, reply) => {
    const { segments } = fragmentedOf(request.params);
    const { name } = request.params;
    // Another gateway may have listed it.
    const { newest } = segments;
    const client = networkOf(context.clientOf(request.raw).address);
    if (!fragments.init(name) && newest >= segments.oldest)
      await fragments.take(segments, newest, client).catch(rethrow);
    const init = fragments.init(name) ?? fail(gone());
    return reply.headers(mp4Headers).type('video/mp4').send(init);
  });

  app.get<Fragmented>('/stations/:id/:seconds/:name(^(?:0|[1-9]\\d{0,11})).m4s', async (request, reply) => {
    const { source, segments } = fragmentedOf(request.params);
    const k = Number(request.params.name);
    if (k > segments.newest) throw notYet(Math.min(60, Math.max(1, (k - segments.newest) * segments.seconds)));
    if (k < segments.oldest) throw gone();
    const { address } = context.clientOf(request.raw);
    const viewer = viewers.onRequest(address, source.info.id);
    const { media } = await fragments.take(segments, k, networkOf(address)).catch(rethrow);
    viewer.bytes += media.length;
    reply.raw.setTimeout(STALLED);
    return reply.headers(mp4Headers).type('video/iso.segment').send(media);
  });
};
