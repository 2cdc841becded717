/** mpv's JSON protocol: one JSON value a line in both directions, replies matched by request_id. */
import type { Duplex } from 'node:stream';
import { z } from 'zod';

const messageSchema = z.looseObject({
  event: z.string().optional(),
  request_id: z.number().optional(),
  error: z.string().optional(),
  data: z.unknown().optional(),
  name: z.string().optional(),
  args: z.array(z.string()).optional(),
  reason: z.string().optional(),
});

export type MpvEvent = z.infer<typeof messageSchema>;

interface Pending {
  resolve: (data: unknown) => void;
  reject: (error: Error) => void;
}

type MpvValue = string | number | boolean;
/** A positional command, or one with named arguments. */
export type MpvCommand = readonly MpvValue[] | Readonly<Record<string, MpvValue | Readonly<Record<string, string>>>>;

/** mpv is ending, or its user has closed it; the end of its process is reported separately. */
export class MpvClosed extends Error {
  constructor(cause?: Error) {
    super('mpv has closed the connection', { cause });
  }
}

export class MpvIpc {
  readonly #stream: Duplex;
  readonly #onEvent: (event: MpvEvent) => void;
  readonly #pending = new Map<number, Pending>();
  #requests = 0;
  #rest = '';

  constructor(stream: Duplex, onEvent: (event: MpvEvent) => void) {
    this.#stream = stream;
    this.#onEvent = onEvent;
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => this.#receive(text));
    stream.on('close', () => this.#fail(new MpvClosed()));
    stream.on('error', (error: Error) => this.#fail(new MpvClosed(error)));
  }

  /** Rejects with mpv's message when it refuses, and with MpvClosed when it ends before it answers. */
  command(command: MpvCommand): Promise<unknown> {
    const id = ++this.#requests;
    return new Promise((resolve, reject) => {
      if (this.#stream.destroyed) {
        reject(new MpvClosed());
        return;
      }
      this.#pending.set(id, { resolve, reject });
      this.#stream.write(`${JSON.stringify({ command, request_id: id })}\n`);
    });
  }

  #receive(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#message(line);
  }

  #message(line: string): void {
    const { success, data: message } = messageSchema.safeParse(JSON.parse(line));
    if (!success) return;
    if (message.event !== undefined) {
      this.#onEvent(message);
      return;
    }
    const request = this.#pending.get(message.request_id ?? 0);
    this.#pending.delete(message.request_id ?? 0);
    if (message.error === 'success') request?.resolve(message.data);
    else request?.reject(new Error(`mpv: ${message.error}`));
  }

  #fail(error: MpvClosed): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
