/** `msc`: runs a command, ends it on Ctrl-C, and gives its exit code. */
import { CommanderError } from 'commander';
import { fileProblem } from '../base/file-problem.js';
import { asProblem, Problem } from '../base/problem.js';
import { exactWords } from './command-words.js';
import { commandLine } from './commands.js';
import { printProblem, writesEvents, written } from './output.js';

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
  // Lines for people are lost where nobody can get them, as on a full disk: stations go on.
  process.stderr.on('error', () => undefined);
  let unwritten: Problem | null = null;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isClosed = error.code === 'EPIPE' || error.code === 'EIO';
    if (isClosed && !writesEvents()) process.exit(0); // The reader has read enough.
    unwritten ??= outputProblem(error);
    abort.abort(); // Each further write fails as well.
  });
  let exitCode = 0;
  const onExitCode = (code: number) => {
    exitCode = code;
  };
  try {
    await commandLine({ signal: abort.signal, onExitCode }).parseAsync(exactWords(words), { from: 'user' });
    await written();
    const failure = unwritten as Problem | null; // Set by an event.
    if (failure !== null) throw failure;
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

/** Why nothing more can be written to standard output. */
function outputProblem(error: NodeJS.ErrnoException): Problem {
  if (error.code !== 'EPIPE')
    return asProblem(fileProblem(error, { code: 'store', path: 'Standard output', access: 'write' }));
  const next = 'Start it again together with its reader, or without --json.';
  return new Problem('store', 'The reader of standard output has ended, and this command with it', next, {
    cause: error,
  });
}
