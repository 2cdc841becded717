/** Who may look at the operator's page and act. */
import type { IncomingHttpHeaders } from 'node:http';
import { messageOf } from '../../base/problem.js';
import { Semaphore } from '../../base/semaphore.js';
import type { Millis } from '../../base/units.js';
import { HttpProblem } from '../http-problem.js';
import { type CredentialsData, type CredentialsFile, tokenName } from './credentials.js';
import { LoginThrottle } from './login-throttle.js';
import { isFromForeignPage, isFromThisMachine } from './origin.js';
import { isPassword } from './password.js';
import { SESSION_LIFETIME, Sessions } from './sessions.js';

/** The operator, and how that is known. */
export type Caller = { by: 'loopback' } | { by: 'session' } | { by: 'token'; name: string };

/** Of a request: the IP address at the other end of its connection, and its headers. */
export interface Client {
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
}

export interface AccessOptions {
  credentials: Pick<CredentialsFile, 'read'>;
  /** Milliseconds since some fixed moment; never goes back. */
  now(): Millis;
  log(line: string): void;
}

const COOKIE = 'msc-operator';
/** Between two lines in the log about what went wrong. */
const SAY_PERIOD: Millis = 60_000;

const forbidden = (detail: string) => new HttpProblem(403, 'Forbidden', detail);

const noCredentials: Pick<CredentialsFile, 'read'> = {
  read: async () => ({ version: 1, password: null, tokens: [] }),
};

/**
 * It is in charge of:
 * - who is the operator: whoever sits at this machine, until there is a password; then who has logged in, or has a token
 * - guessing passwords being slow, for one and for many
 */
export class Access {
  readonly #options: AccessOptions;
  readonly #sessions = new Sessions();
  readonly #attempts = new LoginThrottle();
  /** Each takes 32 MiB and a processor. */
  readonly #turns = new Semaphore({ most: 2, waiting: 8 });
  #saidAt = Number.NEGATIVE_INFINITY;
  #wrong = 0;

  constructor(options: Omit<AccessOptions, 'credentials'> & Partial<AccessOptions>) {
    this.#options = { credentials: noCredentials, ...options };
  }

  async hasPassword(): Promise<boolean> {
    return (await this.#credentials()).password !== null;
  }

  /** Null: somebody else. Rejects with an HttpProblem where a page of somebody else's asks. */
  async callerOf(client: Client): Promise<Caller | null> {
    this.refuseForeignPages(client);
    const { address, headers } = client;
    const data = await this.#credentials();
    const bearer = /^Bearer +(\S{1,200})$/i.exec(headers.authorization ?? '')?.[1];
    if (bearer !== undefined) {
      const name = tokenName(data, bearer);
      return name === null ? null : { by: 'token', name };
    }
    if (data.password === null) return isFromThisMachine(address, headers) ? { by: 'loopback' } : null;
    const session = cookieOf(headers);
    if (session === null || !this.#sessions.isOpen(session, data.password, this.#options.now())) return null;
    return { by: 'session' };
  }

  /** As `callerOf`; rejects with an HttpProblem that says what to do where it is not the operator. */
  async operator(client: Client): Promise<Caller> {
    const caller = await this.callerOf(client);
    if (caller !== null) return caller;
    if (client.headers.authorization !== undefined) throw unauthorized('There is no such token.');
    if (await this.hasPassword()) throw unauthorized('Log in first, or send a token.');
    throw forbidden(
      'Until there is a password, only whoever sits at this machine is the operator. Set one: msc operator password',
    );
  }

  refuseForeignPages({ headers }: Client): void {
    if (isFromForeignPage(headers)) throw forbidden('A page from another address may not ask this.');
  }

  /** Returns the Set-Cookie header of a new session. Rejects with an HttpProblem. */
  async logIn(client: Client, password: string): Promise<string> {
    this.refuseForeignPages(client);
    const { now } = this.#options;
    const kept = (await this.#credentials()).password;
    if (kept === null) throw new HttpProblem(409, 'No password', 'None has been set. Set one: msc operator password');
    const wait = this.#attempts.take(client.address, now());
    if (wait > 0) {
      const seconds = Math.ceil(wait / 1000);
      const detail = `Too many tries. Try again in ${seconds} s.`;
      throw new HttpProblem(429, 'Too many tries', detail, { 'retry-after': String(seconds) });
    }
    if (this.#turns.isFull) throw busy();
    if (!(await this.#turns.run(() => isPassword(password, kept)))) {
      this.#sayWrong();
      throw new HttpProblem(401, 'Wrong password', 'This is not the password.');
    }
    this.#attempts.succeeded(client.address);
    return cookie(this.#sessions.open(kept, now()), SESSION_LIFETIME, client.headers);
  }

  /** Returns the Set-Cookie header that takes the cookie away. */
  logOut(client: Client): string {
    this.refuseForeignPages(client);
    const session = cookieOf(client.headers);
    if (session !== null) this.#sessions.close(session);
    return cookie('', 0, client.headers);
  }

  async #credentials(): Promise<CredentialsData> {
    try {
      return await this.#options.credentials.read();
    } catch (error) {
      this.#sayNowAndThen(() => `Nobody is let in as operator: ${messageOf(error)}`);
      throw new HttpProblem(503, 'Not possible now', 'The server cannot read its passwords; its log says why.');
    }
  }

  #sayWrong(): void {
    this.#wrong++;
    this.#sayNowAndThen(() => {
      const text = `Operator: wrong password, ${this.#wrong} since it was last said`;
      this.#wrong = 0;
      return text;
    });
  }

  #sayNowAndThen(line: () => string): void {
    const now = this.#options.now();
    if (now - this.#saidAt < SAY_PERIOD) return;
    this.#saidAt = now;
    this.#options.log(line());
  }
}

const unauthorized = (detail: string) =>
  new HttpProblem(401, 'Not logged in', detail, { 'www-authenticate': 'Bearer realm="operator"' });

const busy = () => new HttpProblem(503, 'Busy', 'Many are logging in. Try again in a moment.', { 'retry-after': '2' });

function cookieOf({ cookie: header = '' }: IncomingHttpHeaders): string | null {
  for (const pair of header.split(';')) {
    const [name, value] = pair.trim().split('=');
    if (name === COOKIE && /^[\w-]{43}$/.test(value ?? '')) return value;
  }
  return null;
}

/** Behind a proxy that speaks HTTPS only the browser knows that it does, and says so in its Origin. */
function cookie(value: string, lifetime: Millis, { origin }: IncomingHttpHeaders): string {
  const secure = origin?.startsWith('https://') ? '; Secure' : '';
  return `${COOKIE}=${value}; Path=/; Max-Age=${lifetime / 1000}; HttpOnly; SameSite=Strict${secure}`;
}
