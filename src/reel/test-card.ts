/** A test card with a running clock and a tone, as a file like any other. */
import { runMediaChild } from './media-child.js';

const SECONDS = 30;

/** Generates it at `path`. Rejects with a Problem. */
export function makeTestCardFile(options: { path: string; signal: AbortSignal }): Promise<void> {
  const { path, signal } = options;
  return runMediaChild({ request: { task: 'test-card', path, seconds: SECONDS }, subject: 'test card', signal });
}
