/** Operators who have logged in. No clock. */
import { createHash, randomBytes } from 'node:crypto';
import type { Millis } from '../../base/units.js';

/** A working day, then the password is asked for again. */
export const SESSION_LIFETIME: Millis = 12 * 3_600_000;
/** More than operators have browsers: the oldest goes. */
const MOST_SESSIONS = 100;

interface Session {
  readonly until: Millis;
  /** The password with which it began, as it is kept: with another, all sessions end. */
  readonly password: string;
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64');

export class Sessions {
  /** By hash, so that finding one says nothing of how much of a token was right. In order of beginning. */
  readonly #sessions = new Map<string, Session>();

  /** Returns the new session's token, 256 random bits. */
  open(password: string, now: Millis): string {
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(token), { until: now + SESSION_LIFETIME, password });
    return token;
  }

  isOpen(token: string, password: string, now: Millis): boolean {
    const key = keyOf(token);
    const session = this.#sessions.get(key);
    if (session === undefined) return false;
    if (now < session.until && session.password === password) return true;
    this.#sessions.delete(key);
    return false;
  }

  close(token: string): void {
    this.#sessions.delete(keyOf(token));
  }
}
