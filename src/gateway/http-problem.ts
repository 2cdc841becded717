/** Error replies: problem+json (RFC 9457). */
import type { FastifyReply } from 'fastify';
import { isSystemError } from '../base/file-problem.js';
import { Problem, systemCode } from '../base/problem.js';
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

const full = [
  507,
  'No room',
  'The disk is full. Make room on the disk of the server’s store, then try again.',
] as const;
const readOnly = [
  503,
  'Not writable',
  'The server may not write there: its disk or folder is read-only. Check the store, then try again.',
] as const;
const broken = [
  503,
  'Disk fault',
  'The server’s disk or network file system fails. Check it, then try again.',
] as const;
const tooMany = [
  503,
  'Too many files',
  'The server has as many files and sockets open as it may. Raise the limit (ulimit -n, or LimitNOFILE of the service).',
] as const;

/** What the system refused, for a client: no path, nothing of the message. */
const systemProblems: Readonly<Record<string, readonly [status: number, title: string, detail: string]>> = {
  ENOSPC: full,
  EDQUOT: full,
  EROFS: readOnly,
  EACCES: readOnly,
  EPERM: readOnly,
  EIO: broken,
  ESTALE: broken,
  EMFILE: tooMany,
  ENFILE: tooMany,
};

const isFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes(systemCode(error) ?? '');

/** The reply where the system refused something; null: it is another error. */
export function systemProblem(error: unknown): HttpProblem | null {
  if (!isSystemError(error)) return null;
  const known = systemProblems[systemCode(error) ?? ''];
  if (known) return new HttpProblem(...known, { 'retry-after': '5' });
  const detail = 'The system of the server refused it. The server’s log has the reason.';
  return new HttpProblem(503, 'Not possible now', detail, { 'retry-after': '5' });
}

/** The status of a Problem that is nobody's mistake: 507 where a disk is full, 503 otherwise. */
export const statusOfTrouble = ({ cause }: Problem): number => (isFull(cause) ? 507 : 503);

/** The reply for a thrown error. An unexpected error is not described to the client. */
export function httpProblemOf(error: unknown): HttpProblem {
  if (error instanceof HttpProblem) return error;
  if (!(error instanceof Problem))
    return systemProblem(error) ?? new HttpProblem(500, 'Not possible', 'Something went wrong. Try again later.');
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
