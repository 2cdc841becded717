/** Errors that a person reads: what happened to which thing, and what to do next. */

/** Problem codes with the exit code of a command that ends with one. */
export const problemCodes = {
  /** The command line itself: an unknown option, a value out of range. */
  usage: 2,
  /** A file or folder is missing, unreadable, empty or not a video. */
  source: 3,
  /** Preparing a reel failed: codec, memory, time. */
  prepare: 4,
  /** The store cannot be written: disk full, permissions. */
  store: 5,
  /** Interface, group, port or permission of the network. */
  network: 6,
  /** No station, or none of that name or number. */
  station: 7,
  /** The server does not answer, or refused. */
  server: 8,
  /** No player installed, or it would not start. */
  player: 9,
} as const;

export type ProblemCode = keyof typeof problemCodes;

export class Problem extends Error {
  readonly code: ProblemCode;
  /** What the user can do about it: a whole sentence. */
  readonly next: string;

  /** `message` names the thing and the cause, `next` the next step. */
  constructor(code: ProblemCode, message: string, next: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
    this.code = code;
    this.next = next;
  }

  get exitCode(): number {
    return problemCodes[this.code];
  }
}

/** The `code` of a Node system error ("ENOENT"), or undefined. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** The stack of anything thrown, or its message: for a fault of the program. */
export const stackOf = (error: unknown): string => (error instanceof Error && error.stack) || messageOf(error);

/** For a rejection that is reported elsewhere or not at all: null for a Problem; a fault of the program is thrown again. */
export function nullIfProblem(error: unknown): null {
  if (error instanceof Problem) return null;
  throw error;
}

/** Anything thrown, as a problem. What is no Problem is a fault of the program: its stack is kept for the report. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const stack = error instanceof Error ? `\n${error.stack}` : '';
  const next = 'Please report it with the lines above.';
  return new Problem('usage', `an error inside msc: ${messageOf(error)}${stack}`, next, { cause: error });
}
