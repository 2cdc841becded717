/** `msc operator`: the operator's password, and tokens for scripts. */
import { createInterface } from 'node:readline';
import { Problem } from '../base/problem.js';
import { CredentialsFile, makeToken, tokenNamePattern } from '../gateway/access/credentials.js';
import { hashPassword, LEAST_PASSWORD, MOST_PASSWORD } from '../gateway/access/password.js';
import { openOutput } from './output.js';
import { askSecretly } from './secret.js';

interface Options {
  /** The folder; the user's configuration folder where it is not given. */
  config?: string;
  quiet: boolean;
}

/** Asks for the password twice on a terminal; takes the first line of anything else. */
export async function runPassword(options: Options & { remove: boolean; signal: AbortSignal }): Promise<number> {
  const file = new CredentialsFile(options.config);
  const output = openOutput({ ...options, json: false });
  if (options.remove) {
    await file.change((data) => ({ ...data, password: null }));
    output.say('There is no password any more: whoever sits at the server’s machine is the operator.');
    return 0;
  }
  const password = process.stdin.isTTY ? await askTwice(options.signal) : await firstLine();
  if (password.length < LEAST_PASSWORD || password.length > MOST_PASSWORD) {
    throw new Problem(
      'usage',
      `the password has ${password.length} characters`,
      `Choose one of ${LEAST_PASSWORD} to ${MOST_PASSWORD}.`,
    );
  }
  const kept = await hashPassword(password);
  await file.change((data) => ({ ...data, password: kept }));
  output.say(`The password is set (${file.path}). Servers that run take it at once; who was logged in logs in again.`);
  return 0;
}

async function askTwice(signal: AbortSignal): Promise<string> {
  const password = await askSecretly('New password of the operator: ', signal);
  if ((await askSecretly('The same again: ', signal)) === password) return password;
  throw new Problem('usage', 'that was not the same twice', 'Try again.');
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  return '';
}

/** Prints the token on standard output. */
export async function runTokenAdd({ name, ...options }: Options & { name: string }): Promise<number> {
  if (!tokenNamePattern.test(name)) {
    throw new Problem(
      'usage',
      'this is no name for a token',
      'Use up to 40 letters, digits, dots, hyphens or underscores.',
    );
  }
  const { token, hash } = makeToken();
  await new CredentialsFile(options.config).change((data) => {
    if (data.tokens.some((each) => each.name === name)) {
      throw new Problem('usage', `there is a token ${name} already`, 'Choose another name, or remove that one first.');
    }
    return { ...data, tokens: [...data.tokens, { name, hash }] };
  });
  openOutput({ ...options, json: false }).say('Keep this token: it is not shown again.');
  process.stdout.write(`${token}\n`);
  return 0;
}

export async function runTokenList(options: { config?: string; json: boolean }): Promise<number> {
  const { tokens } = await new CredentialsFile(options.config).read();
  const names = tokens.map(({ name }) => name);
  process.stdout.write(options.json ? `${JSON.stringify(names)}\n` : names.map((name) => `${name}\n`).join(''));
  return 0;
}

export async function runTokenRemove({ name, ...options }: Options & { name: string }): Promise<number> {
  await new CredentialsFile(options.config).change((data) => {
    const tokens = data.tokens.filter((each) => each.name !== name);
    if (tokens.length < data.tokens.length) return { ...data, tokens };
    throw new Problem('usage', 'there is no token of that name', 'See: msc operator token list');
  });
  openOutput({ ...options, json: false }).say(`The token ${name} is worth nothing any more.`);
  return 0;
}
