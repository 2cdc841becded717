/** Sessions of operators. No clock. */
import { createHash, randomBytes } from 'node:crypto';
import { Millis } from '../../base/units.js';

/** A working day; then the operator logs in again. */
export const SESSION_LIFETIME = Millis(12 * 3_600_000);
/** More than operators have browsers; the oldest session is dropped. */
const MOST_SESSIONS = 100;

interface Session {
  readonly until: Millis;
  /** The password hash at its start: a new password ends all sessions. */
  readonly password: string;
}

const keyOf = (token: string): string => createHash('sha256').update(token).digest('base64');

export class Sessions {
  /** By hash, so that lookups reveal nothing about a token. In order of start. */
  readonly #sessions = new Map<string, Session>();

  /** Returns the token of a new session, 256 random bits. */
  open(password: string, now: Millis): string {
    const [oldest] = this.#sessions.keys();
    if (oldest !== undefined && this.#sessions.size >= MOST_SESSIONS) this.#sessions.delete(oldest);
    const token = randomBytes(32).toString('base64url');
    this.#sessions.set(keyOf(token), { until: Millis(now + SESSION_LIFETIME), password });
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
