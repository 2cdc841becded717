/** What a request is answered with when it cannot be done: problem+json (RFC 9457). */
import type { FastifyReply } from 'fastify';
import { Problem } from '../base/problem.js';
import type { LiveProblem } from '../contract/live.js';

/** Thrown by whoever handles a request. `detail` says what to do next as well; it never repeats what a client sent. */
export class HttpProblem extends Error {
  readonly status: number;
  readonly title: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, title: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail);
    this.name = 'HttpProblem';
    this.status = status;
    this.title = title;
    this.headers = headers;
  }

  get body(): LiveProblem {
    return { status: this.status, title: this.title, detail: this.message };
  }
}

export const noSuchStation = (): HttpProblem =>
  new HttpProblem(404, 'No such station', 'There is no station of that id here. /api/v1/stations lists them.');

/** What was thrown, for whoever asked; what is nobody's business stays here. */
export function httpProblemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof Problem))
    return new HttpProblem(500, 'Not possible', 'Something went wrong. Try again later.');
  const detail = `${error.message}. ${error.next}`;
  if (error.code === 'station' || error.code === 'usage') return new HttpProblem(404, 'Not available', detail);
  return new HttpProblem(503, 'Not available now', detail, { 'retry-after': '5' });
}

export function replyProblem(reply: FastifyReply, problem: HttpProblem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(problem.headers)
    .header('cache-control', 'no-store')
    .type('application/problem+json; charset=utf-8')
    .send(JSON.stringify(problem.body));
}
