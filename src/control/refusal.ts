/** A request that the server answered with ERROR. */
import { Problem } from '../base/problem.js';
import type { MessageBody } from '../wire/message.js';

const askAgain = 'Ask for the list of stations again (msc list).';
const nextSteps: Readonly<Record<string, string | undefined>> = {
  busy: 'Try again later, or use another server.',
  'over-budget': 'Try again later, or have the server send more to single viewers (msc serve --help).',
  'too-early': 'Choose a later time.',
};

export class Refusal extends Problem {
  /** One of the protocol's error codes, or one that a later version of it has. */
  readonly reason: string;

  constructor({ code, message }: MessageBody<'error'>) {
    const isAboutStation = code === 'unknown-station' || code === 'off-air';
    super(isAboutStation ? 'station' : 'server', `The server refused: ${message}`, nextSteps[code] ?? askAgain);
    this.name = 'Refusal';
    this.reason = code;
  }
}
