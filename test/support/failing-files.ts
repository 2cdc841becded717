/** System errors in calls of node:fs and node:fs/promises, injected into the code under test. */
import fs from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import type { TestContext } from 'node:test';

const modules = { readFile: promises, stat: promises, rename: promises, readdir: promises, open: fs, fstat: fs };
type Call = keyof typeof modules;

/** Makes `call` fail with `code` where its first argument is one that `applies` to, until the returned function is called. */
export function failCall(
  context: TestContext,
  { call, code, applies = () => true }: { call: Call; code: string; applies?: (subject: string) => boolean },
): () => void {
  const module: Record<string, unknown> = modules[call] as never;
  const original = module[call] as (...words: unknown[]) => unknown;
  module[call] = (...words: unknown[]) => {
    if (!applies(String(words[0]))) return original.apply(module, words);
    const error = Object.assign(new Error(`${code}: injected, ${call}`), { code, syscall: call });
    const callback = words.at(-1);
    if (typeof callback !== 'function') return Promise.reject(error);
    process.nextTick(callback, error);
  };
  syncBuiltinESMExports();
  const restore = () => {
    module[call] = original;
    syncBuiltinESMExports();
  };
  context.after(restore);
  return restore;
}
