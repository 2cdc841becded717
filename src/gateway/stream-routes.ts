/** `/stations/{id}.ts`, `.mjpeg`, `.sdp` and `/stations/{id}/poster.jpg`: a station for players and browsers. */
import { writeSdp } from '../wire/sdp.js';
import { isTransport } from '../wire/station-format.js';
import type { Routes } from './context.js';
import { HttpProblem } from './http-problem.js';
import { inLanguage } from './one-track.js';
import type { Chunk, ReadStart } from './source.js';
import { MEDIA_HEADERS, momentOf, readStation, stationOf } from './station-requests.js';
import { stream } from './stream.js';

const BOUNDARY = 'picture';

const wrongFormat = (is: string, use: string): HttpProblem =>
  new HttpProblem(404, 'Not in this format', `This station is ${is}. Its address ends in ${use}.`);

/** A part of multipart/x-mixed-replace: each replaces the previous one. */
const part = ({ data }: Chunk): Buffer[] => [
  Buffer.from(`--${BOUNDARY}\r\ncontent-type: image/jpeg\r\ncontent-length: ${data.length}\r\n\r\n`),
  data,
  Buffer.from('\r\n'),
];

export const streamRoutes: Routes = (app, context) => {
  const { catalogue } = context;

  const media = (suffix: 'ts' | 'mjpeg') => {
    const isStream = suffix === 'ts';
    const headers = {
      ...MEDIA_HEADERS,
      'content-type': isStream ? 'video/mp2t' : `multipart/x-mixed-replace; boundary=${BOUNDARY}`,
    };
    app.get<{ Params: { id: string }; Querystring: { at?: unknown; audio?: unknown } }>(
      `/stations/:id(^[^./]+).${suffix}`,
      async (request, reply) => {
        const station = stationOf(catalogue, request.params.id);
        const { format } = station.info;
        if (isStream && !isTransport(format)) throw wrongFormat('JPEG pictures', '.mjpeg');
        if (!isStream && format !== 'jpeg') throw wrongFormat('a transport stream', '.ts');
        const { at, audio } = request.query;
        const source = inLanguage(station, audio);
        const start = at === undefined ? null : momentOf(at, source.now());
        if (request.method === 'HEAD') return reply.headers(headers).send();
        const { address } = context.clientOf(request.raw);
        const from: ReadStart = start === null ? { kind: 'live' } : { kind: 'time', time: start };
        const reader = await readStation(source, from, address);
        if (request.raw.socket.destroyed) {
          reader.close();
          return reply.hijack();
        }
        const bytesOf = isStream ? ({ data }: Chunk) => [data] : part;
        stream({ request, reply, context, source, reader, kind: suffix, headers, follows: start === null, bytesOf });
        return reply;
      },
    );
  };
  media('ts');
  media('mjpeg');

  app.get<{ Params: { id: string } }>('/stations/:id/poster.jpg', async (request, reply) => {
    const poster = await stationOf(catalogue, request.params.id).poster();
    if (!poster)
      throw new HttpProblem(404, 'No picture', 'This station has no poster. Try /stations/{id}/thumbnail.jpg.');
    return reply.headers(MEDIA_HEADERS).header('cache-control', 'public, max-age=60').type('image/jpeg').send(poster);
  });

  app.get<{ Params: { id: string } }>('/stations/:id(^[^./]+).sdp', async (request, reply) => {
    const { info } = stationOf(catalogue, request.params.id);
    const sdp = writeSdp(info, { ttl: context.ttl });
    return reply.headers(MEDIA_HEADERS).header('cache-control', 'no-store').type('application/sdp').send(sdp);
  });
};
