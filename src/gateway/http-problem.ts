/** Error replies: problem+json (RFC 9457). */
import type { FastifyReply } from 'fastify';
import { Problem } from '../base/problem.js';
import type { LiveProblem } from '../contract/live.js';

/** Thrown by handlers of requests. `detail` includes the next step, and never repeats text of a client. */
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
  new HttpProblem(404, 'No such station', 'There is no station with this id. /api/v1/stations lists all stations.');

/** The reply for a thrown error. An unexpected error is not described to the client. */
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
