/** Access to the operator's pages and commands. */
import type { IncomingHttpHeaders } from 'node:http';
import { messageOf } from '../../base/problem.js';
import { Semaphore } from '../../base/semaphore.js';
import { Millis } from '../../base/units.js';
import { HttpProblem } from '../http-problem.js';
import { type CredentialsData, type CredentialsFile, tokenName } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';
import { isForwarded, isFromForeignPage, isFromThisMachine, type RequestOrigin } from './origin.js';
import { isPassword } from './password.js';
import { Proxies } from './proxies.js';
import { SESSION_LIFETIME, Sessions } from './sessions.js';

/** The operator, and how the client is known to be the operator. */
export type Caller = { by: 'loopback' } | { by: 'session' } | { by: 'token'; name: string };

/** The client of a request. */
export type Client = RequestOrigin;

export interface AccessOptions {
  credentials: Pick<CredentialsFile, 'read'>;
  /** A monotonic clock. */
  now(): Millis;
  log(line: string): void;
  /** Where there are any, being at this machine is no credential. */
  proxies?: Proxies;
}

const COOKIE = 'msc-operator';
/** Shortest time between two log lines about failed access. */
const LOG_PERIOD = Millis(60_000);

const forbidden = (detail: string) => new HttpProblem(403, 'Forbidden', detail);

const noCredentials: Pick<CredentialsFile, 'read'> = {
  read: async () => ({ version: 1, password: null, tokens: [] }),
};

const notHere =
  'Without a password, only clients on the server’s machine are the operator. Set one: msc operator password';
const throughProxy =
  'This request came through a proxy, so it needs a password. Set one at the server: msc operator password';

/**
 * Responsible for:
 * - who is the operator: without a password every client on this machine; otherwise clients with a session or a token
 * - slowing down guesses of the password, from one address and from many. A person at this machine is not slowed down by
 *   the guesses of others, nor is an address from which the operator has logged in before
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #sessions = new Sessions();
  readonly #throttle = new LoginThrottle();
  readonly #proxies: Proxies;
  /** Hashing a password takes 32 MiB and a processor. Strangers' guesses leave a place to the operator. */
  readonly #hashing = {
    strangers: new Semaphore({ most: 2, waiting: 8 }),
    known: new Semaphore({ most: 1, waiting: 8 }),
  };
  #loggedAt = Number.NEGATIVE_INFINITY;
  #wrong = 0;

  constructor(options: Omit<AccessOptions, 'credentials'> & Partial<AccessOptions>) {
    this.#options = { credentials: noCredentials, ...options };
    this.#proxies = options.proxies ?? new Proxies();
  }

  async hasPassword(): Promise<boolean> {
    return (await this.#credentials()).password !== null;
  }

  /** Null: not the operator. Rejects with an HttpProblem for a request of a foreign page. */
  async callerOf(client: Client): Promise<Caller | null> {
    this.refuseForeignPages(client);
    const { headers } = client;
    const data = await this.#credentials();
    const bearer = /^Bearer +(\S{1,200})$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      const name = tokenName(data, bearer);
      return name === null ? null : { by: 'token', name };
    }
    if (data.password === null) return this.#isHere(client) ? { by: 'loopback' } : null;
    const session = cookieOf(headers);
    if (session === null || !this.#sessions.isOpen(session, data.password, this.#options.now())) return null;
    return { by: 'session' };
  }

  /** The operator. Rejects with an HttpProblem that names the next step where the client is not the operator. */
  async operator(client: Client): Promise<Caller> {
    const caller = await this.callerOf(client);
    if (caller !== null) return caller;
    if (client.headers.authorization !== undefined) throw unauthorized('The token is unknown.');
    if (await this.hasPassword()) throw unauthorized('Log in first, or send a token.');
    throw forbidden(this.#proxies.areExpected || isForwarded(client.headers) ? throughProxy : notHere);
  }

  /** Whether a client may have a place that strangers have not: the operator, or a person at this machine. */
  async isPrivileged(client: Client): Promise<boolean> {
    if (this.#isLocal(client)) return true;
    // A client without credentials costs no look at the file.
    if (client.headers.authorization === undefined && cookieOf(client.headers) === null) return false;
    try {
      return (await this.callerOf(client)) !== null;
    } catch (error) {
      if (error instanceof HttpProblem) return false;
      throw error;
    }
  }

  refuseForeignPages({ headers }: Client): void {
    if (isFromForeignPage(headers)) throw forbidden('Pages of other addresses may not send this request.');
  }

  /** Returns the Set-Cookie header of a new session. Rejects with an HttpProblem. */
  async logIn(client: Client, password: string): Promise<string> {
    this.refuseForeignPages(client);
    const { now } = this.#options;
    const kept = (await this.#credentials()).password;
    if (kept === null) throw new HttpProblem(409, 'No password', 'No password is set. Set one: msc operator password');
    const isHere = this.#isLocal(client);
    const hashing = isHere || this.#throttle.isKnown(client.address) ? this.#hashing.known : this.#hashing.strangers;
    if (hashing.isFull) throw busy();
    // At this machine the time that hashing takes is the only limit: guesses of others must not lock the operator out.
    const wait = isHere ? Millis(0) : this.#throttle.take(client.address, now());
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      const detail = `Too many tries. Try again in ${seconds} s.`;
      throw new HttpProblem(429, 'Too many tries', detail, { 'retry-after': String(seconds) });
    }
    if (!(await hashing.run(() => isPassword(password, kept)))) {
      this.#logWrong();
      throw new HttpProblem(401, 'Wrong password', 'This is not the password.');
    }
    if (!isHere) this.#throttle.succeeded(client.address);
    return cookie(this.#sessions.open(kept, now()), SESSION_LIFETIME, client.headers);
  }

  /** Returns the Set-Cookie header that removes the cookie. */
  logOut(client: Client): string {
    this.refuseForeignPages(client);
    const session = cookieOf(client.headers);
    if (session !== null) this.#sessions.close(session);
    return cookie('', Millis(0), client.headers);
  }

  /** Being at this machine is no credential where requests come through proxies. */
  #isHere(client: Client): boolean {
    return !this.#proxies.areExpected && isFromThisMachine(client);
  }

  /** A person at this machine, as far as can be told: a trusted proxy that does not name its client is not one. */
  #isLocal(client: Client): boolean {
    return isFromThisMachine(client) && !this.#proxies.isTrusted(client.address);
  }

  async #credentials(): Promise<CredentialsData> {
    try {
      return await this.#options.credentials.read();
    } catch (error) {
      this.#logSeldom(() => `Operators cannot log in: ${messageOf(error)}`);
      throw new HttpProblem(
        503,
        'Not possible now',
        'The server cannot read its password file; its log has the reason.',
      );
    }
  }

  #logWrong(): void {
    this.#wrong++;
    this.#logSeldom(() => {
      const text = `Operator: wrong password, attempts since the last such line: ${this.#wrong}`;
      this.#wrong = 0;
      return text;
    });
  }

  #logSeldom(line: () => string): void {
    const now = this.#options.now();
    if (now - this.#loggedAt < LOG_PERIOD) return;
    this.#loggedAt = now;
    this.#options.log(line());
  }
}

const unauthorized = (detail: string) =>
  new HttpProblem(401, 'Not logged in', detail, { 'www-authenticate': 'Bearer realm="operator"' });

const busy = () =>
  new HttpProblem(503, 'Busy', 'Too many logins at once. Try again in a moment.', { 'retry-after': '2' });

function cookieOf({ cookie: header = '' }: IncomingHttpHeaders): string | null {
  for (const pair of header.split(';')) {
    const [name, value = ''] = pair.trim().split('=');
    if (name === COOKIE && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

/** Behind an HTTPS proxy only the browser's Origin header shows that the connection is secure. */
function cookie(value: string, lifetime: Millis, { origin }: IncomingHttpHeaders): string {
  const secure = origin?.startsWith('https://') ? '; Secure' : '';
  return `${COOKIE}=${value}; Path=/; Max-Age=${lifetime / 1000}; HttpOnly; SameSite=Strict${secure}`;
}
