/** Decoding the reels of copied films while they are on the air: damage within slices and frames shows in no other way. */
import { isSystemError } from '../base/file-problem.js';
import { messageOf, Problem } from '../base/problem.js';
import { systemTimers, type Timers } from '../base/timers.js';
import { Millis } from '../base/units.js';
import { isTransport } from '../wire/station-format.js';
import type { DecodeNotes } from './decode-notes.js';
import type { ReelManifest } from './manifest.js';
import { runMediaChild } from './media-child.js';

/** Time without a new reel before the first is decoded: stations that go on the air need the processors. */
const QUIET = Millis(5_000);

export interface DecodeChecksOptions {
  notes: DecodeNotes;
  /** The file with the packets of a reel. */
  packetsOf(manifest: ReelManifest): string;
  /** Called with the id of a reel on the air in which damage was found, now or by an earlier server. */
  onDamage(id: string): void;
  log(line: string): void;
  timers?: Timers;
  /** How a reel is decoded; another one in tests. */
  check?: typeof checkReel;
}

/** Whether the packets of a reel are damaged, found in a child process of the lowest priority. Rejects with a Problem. */
export async function checkReel(path: string, signal: AbortSignal): Promise<boolean> {
  const found: boolean[] = [];
  const request = { task: 'check', path } as const;
  await runMediaChild({ request, subject: path, signal, onChecked: (isDamaged) => found.push(isDamaged) });
  const [first] = found;
  if (first === undefined) throw new Error(`what decoding ${path} found was not reported`);
  return first;
}

interface Decoding extends Pick<DecodeChecksOptions, 'notes' | 'packetsOf'> {
  check?: typeof checkReel;
  signal: AbortSignal;
}

/**
 * Decodes a reel with copied pictures or sound, unless that was done before: whether damage was copied into it. Rejects with a
 * Problem, and with the system's errors.
 */
export async function isCopiedDamaged(manifest: ReelManifest, options: Decoding): Promise<boolean> {
  const { notes, packetsOf, check = checkReel, signal } = options;
  if (!isCopied(manifest)) return false;
  const known = await notes.read(manifest.id);
  if (known !== null) return known;
  const isDamaged = await check(packetsOf(manifest), signal);
  await notes.write(manifest.id, isDamaged);
  return isDamaged;
}

const isCopied = ({ format, properties: { video, audio } }: ReelManifest): boolean =>
  isTransport(format) && (video === 'copied' || audio === 'copied');

/**
 * Responsible for: decoding every reel with copied pictures or sound once, one after another, in one thread, behind everything
 * else.
 */
export class DecodeChecks {
  readonly #options: Required<DecodeChecksOptions>;
  readonly #ending = new AbortController();
  readonly #waiting = new Map<string, ReelManifest>();
  #cancel: () => void = () => undefined;
  #running: Promise<void> | null = null;

  constructor(options: DecodeChecksOptions) {
    this.#options = { timers: systemTimers, check: checkReel, ...options };
  }

  /** To be called with each reel that is opened. */
  add(manifest: ReelManifest): void {
    if (!isCopied(manifest) || this.#ending.signal.aborted) return;
    this.#waiting.set(manifest.id, manifest);
    this.#cancel();
    this.#cancel = this.#options.timers.after(QUIET, () => {
      this.#running ??= this.#run();
    });
  }

  /** Resolves when those that have begun are done. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Ends what runs; resolves when it has ended. */
  async close(): Promise<void> {
    this.#ending.abort();
    this.#cancel();
    this.#waiting.clear();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#ending;
    for (const [id, manifest] of this.#waiting) {
      this.#waiting.delete(id);
      try {
        if (await isCopiedDamaged(manifest, { ...this.#options, signal })) this.#options.onDamage(id);
      } catch (error) {
        if (signal.aborted) break;
        if (!(error instanceof Problem || isSystemError(error))) throw error;
        this.#options.log(`A reel cannot be checked for damage: ${messageOf(error)}`);
      }
    }
    this.#running = null;
  }
}
