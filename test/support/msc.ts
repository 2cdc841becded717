/** Runs `msc` as its users do: as a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { StationInfo } from '../../src/wire/station-info.js';

/** The build that this test is part of: dist/, or another folder beside it. */
const entry = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const program = `import { main } from ${JSON.stringify(entry)}; await main(process.argv.slice(1));`;

/** The command line that runs `msc`. */
export const mscCommand = (words: string[]): string[] => [
  ...[process.execPath, '--input-type=module', '-e', program, '--'],
  ...words,
];

export interface Finished {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/**
 * Starts `msc` on the loopback interface; it is killed with the test if it is still running. `before` is a command that runs
 * it, for instance in another network.
 */
export function startMsc(context: Pick<TestContext, 'after'>, words: string[], before: string[] = []): ChildProcess {
  const [command, ...rest] = [...before, ...mscCommand(words)];
  const child = spawn(command!, rest, {
    env: { ...process.env, MSC_INTERFACE: 'lo' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  context.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return child;
}

/** Collects the output of a child until it ends. */
export async function finished(child: ChildProcess): Promise<Finished> {
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  await once(child, 'close');
  return { exitCode: child.exitCode, stdout, stderr };
}

export const runMsc = (context: TestContext, words: string[], before?: string[]): Promise<Finished> =>
  finished(startMsc(context, words, before));

export interface Server {
  child: ChildProcess;
  stations: StationInfo[];
  /** URL of its gateway, with `--http`. */
  readonly url: string | null;
  /** Packets that it dropped because they were late; 0 until it has stopped. */
  readonly droppedLate: number;
  /** Ends it like Ctrl-C; resolves with its exit code. */
  stop(): Promise<number | null>;
  /** Ends it like a crash. */
  kill(): Promise<void>;
}

/** Starts `msc serve` and waits until `count` stations are on the air. Rejects when it ends earlier. */
export async function serve(
  context: Pick<TestContext, 'after'>,
  words: string[],
  count: number,
  before?: string[],
): Promise<Server> {
  const child = startMsc(context, ['serve', '--json', '--control-port', '0', ...words], before);
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    stderr += text;
  });
  const stations: StationInfo[] = [];
  let droppedLate = 0;
  let url: string | null = null;
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'close');
    }
    return child.exitCode;
  };
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout! }).on('line', (line) => {
      const event = JSON.parse(line);
      if (event.event === 'on-air') stations.push(event.station);
      if (event.event === 'off-air') droppedLate = event.droppedLate;
      if (event.event === 'http') url = event.url;
      if (stations.length === count && (url !== null || !words.includes('--http'))) resolve();
    });
    child.once('exit', (code) => reject(new Error(`msc serve ended with ${code}: ${stderr}`)));
  });
  return {
    child,
    stations: stations.sort((a, b) => a.number - b.number),
    get url() {
      return url;
    },
    get droppedLate() {
      return droppedLate;
    },
    stop: () => end('SIGINT'),
    kill: async () => {
      await end('SIGKILL');
    },
  };
}
