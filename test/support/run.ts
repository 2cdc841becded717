/** Programs of other authors, run to their end. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';

export interface Ran {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stdout: Buffer;
  stderr: string;
}

/**
 * Runs a program to its end. It is killed with the test, or as soon as its output (both streams) satisfies `until`: some
 * players hang now and then when they are asked to end.
 */
export async function run(
  context: TestContext,
  command: string,
  words: string[],
  options: { input?: Buffer | string; until?(printed: string): boolean; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Promise<Ran> {
  const child = spawn(command, words, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  context.after(() => child.kill('SIGKILL'));
  const chunks: Buffer[] = [];
  let stderr = '';
  let printed = '';
  const look = (text: string) => {
    if (!options.until) return;
    printed += text;
    if (!options.until(printed)) return;
    child.kill('SIGKILL');
    // Its own children may live on and hold them open.
    child.stdout!.destroy();
    child.stderr!.destroy();
  };
  child.stdout!.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    look(chunk.toString('utf8'));
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    look(text);
  });
  child.stdin?.on('error', () => child.kill()); // It closed its input; its exit code shows why.
  child.stdin?.end(options.input);
  await once(child, 'close');
  return { exitCode: child.exitCode, signal: child.signalCode, stdout: Buffer.concat(chunks), stderr };
}

/**
 * framehash of a stream: the hashes of its decoded frames (`v`) or of its packets (`a`, copied), in order.
 * Throws when decoding pictures causes a message.
 */
export async function hashes(context: TestContext, input: string, stream: 'v' | 'a'): Promise<string[]> {
  const copy = stream === 'a' ? ['-c', 'copy'] : [];
  // -fps_mode passthrough: every frame once, regardless of its time stamp.
  const { stdout, stderr, exitCode } = await run(context, 'ffmpeg', [
    '-v',
    'warning',
    '-i',
    input,
    '-map',
    `0:${stream}:0`,
    ...copy,
    '-fps_mode',
    'passthrough',
    // Five times as fast as MD5.
    ...['-f', 'framehash', '-hash', 'murmur3'],
    '-',
  ]);
  if (exitCode !== 0 || (stream === 'v' && stderr !== '')) throw new Error(`ffmpeg: ${stderr}`);
  return stdout
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(',')[5]!.trim()); // after stream, DTS, PTS, duration and size
}

/**
 * Arguments of ffmpeg: decode, and write nothing. Pictures keep their own times: after a change of the station, the next picture
 * need not follow a whole number of frames later.
 */
export const toNothing = ['-fps_mode', 'passthrough', '-enc_time_base', '-1', '-f', 'null', '-'];

/** The messages of ffmpeg, at level warning, while it decodes `input` from beginning to end. */
export async function decodingMessages(context: TestContext, input: string): Promise<string> {
  const { stderr } = await run(context, 'ffmpeg', ['-v', 'warning', '-i', input, ...toNothing]);
  return stderr;
}
