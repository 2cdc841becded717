/** A station to one viewer as an HTTP response without an end. */
import type { ServerResponse } from 'node:http';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Millis } from '../base/units.js';
import type { RouteContext } from './context.js';
import { Delivery } from './delivery.js';
import type { Chunk, StationReader, StationSource } from './source.js';
import type { GatewayViewer, ViewerKind } from './viewers.js';

export interface StreamOptions {
  request: FastifyRequest;
  reply: FastifyReply;
  context: RouteContext;
  source: StationSource;
  reader: StationReader;
  kind: ViewerKind;
  headers: Readonly<Record<string, string>>;
  /** Whether it follows the air. */
  follows: boolean;
  /** The buffers that a chunk is sent as. */
  bytesOf: (chunk: Chunk) => readonly Buffer[];
}

/**
 * Answers with headers, then writes chunks straight to the socket: the connection's end is the response's, so no framing is
 * needed, and all viewers share each buffer. Ends when the viewer disconnects or stalls, or the station ends.
 */
export function stream(options: StreamOptions): void {
  const { request, reply, context, source, reader, kind, headers, follows, bytesOf } = options;
  reply.hijack();
  const response: ServerResponse = reply.raw;
  const { socket } = request.raw;
  // A response without length and chunked framing ends with its connection (RFC 9112, section 6.3).
  response.useChunkedEncodingByDefault = false;
  response.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    ...headers,
    'cache-control': 'no-store',
    connection: 'close',
  });
  response.flushHeaders();
  const viewer: GatewayViewer = {
    kind,
    address: context.clientOf(request.raw).address,
    station: source.info.id,
    since: context.now(),
    bytes: 0,
    behind: Millis(0),
    moved: 0,
    report: null,
    close: () => socket.destroy(),
  };
  const remove = context.viewers.add(viewer);
  const sink = {
    onDrain: (): void => undefined,
    get queued() {
      return socket.writableLength;
    },
    write(chunk: Chunk) {
      for (const bytes of bytesOf(chunk)) {
        socket.write(bytes);
        viewer.bytes += bytes.length;
      }
      viewer.behind = Millis(Math.max(0, source.now() - reader.position));
    },
  };
  const end = (): void => {
    delivery.close();
    reader.close();
    remove();
    socket.destroy();
  };
  socket.setNoDelay(true);
  socket.on('drain', () => sink.onDrain());
  socket.on('close', end);
  const delivery: Delivery = new Delivery({
    reader,
    sink,
    timers: context.timers,
    now: () => source.now(),
    follows,
    onMoved: () => {
      viewer.moved++;
    },
    onStalled: end,
    onEnded: end,
  });
}
