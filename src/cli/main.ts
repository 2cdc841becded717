/** `msc`: runs a command, ends it on Ctrl-C, and gives its exit code. */
import { CommanderError } from 'commander';
import { asProblem, Problem } from '../base/problem.js';
import { commandLine } from './commands.js';
import { printProblem, written } from './output.js';

const PARSE_ERROR_EXIT_CODE = 2;
/** 128 + SIGINT, as shells have it. */
const INTERRUPTED_EXIT_CODE = 130;

/** Runs the command in `words` and ends the process with its exit code. */
export async function main(words: string[]): Promise<void> {
  const abort = new AbortController();
  const interrupt = () => {
    if (abort.signal.aborted) process.exit(INTERRUPTED_EXIT_CODE); // The second time at once.
    abort.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  // As Node.js does it, but text from outside in the message cannot act on the terminal.
  process.on('uncaughtException', (error) => {
    printProblem(asProblem(error));
    process.exit(1);
  });
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE' || error.code === 'EIO') process.exit(0); // The reader has read enough.
    throw error;
  });
  let exitCode = 0;
  const onExitCode = (code: number) => {
    exitCode = code;
  };
  try {
    await commandLine({ signal: abort.signal, onExitCode }).parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) exitCode = error.exitCode === 0 ? 0 : PARSE_ERROR_EXIT_CODE;
    else {
      const problem = asProblem(error);
      printProblem(problem);
      exitCode = error instanceof Problem ? problem.exitCode : 1;
    }
  }
  await written();
  process.exit(exitCode);
}
