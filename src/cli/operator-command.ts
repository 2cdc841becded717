/** `msc operator`: the operator's password, and tokens for scripts. */
import { createInterface } from 'node:readline';
import { Problem } from '../base/problem.js';
import { CredentialsFile, makeToken, tokenNamePattern } from '../gateway/access/credentials.js';
import { hashPassword, LEAST_PASSWORD, MOST_PASSWORD } from '../gateway/access/password.js';
import { countOf, openOutput, printJson, printResult } from './output.js';
import { askSecretly } from './secret.js';

interface Options {
  /** The folder of the credentials; default in the user's configuration folder. */
  config?: string;
  quiet: boolean;
}

/** Asks for the password twice on a terminal; takes the first line of anything else. */
export async function runPassword(options: Options & { remove: boolean; signal: AbortSignal }): Promise<number> {
  const file = new CredentialsFile(options.config);
  const output = openOutput({ ...options, json: false });
  if (options.remove) {
    await file.change((data) => ({ ...data, password: null }));
    output.print('The password is removed: only users of the server’s machine have access to the operator’s page.');
    return 0;
  }
  const password = process.stdin.isTTY ? await askTwice(options.signal) : await firstLine();
  if (password.length < LEAST_PASSWORD || password.length > MOST_PASSWORD) {
    throw new Problem(
      'usage',
      `the password has ${countOf(password.length, 'character')}`,
      `Choose one of ${LEAST_PASSWORD} to ${MOST_PASSWORD} characters.`,
    );
  }
  const kept = await hashPassword(password);
  await file.change((data) => ({ ...data, password: kept }));
  output.print(`The password is set (${file.path}). Running servers use it at once; operators have to log in again.`);
  return 0;
}

async function askTwice(signal: AbortSignal): Promise<string> {
  const password = await askSecretly('New password of the operator: ', signal);
  if ((await askSecretly('Again: ', signal)) === password) return password;
  throw new Problem('usage', 'the two passwords differ', 'Try again.');
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
      `"${name}" cannot be the name of a token`,
      'Use up to 40 letters, digits, dots, hyphens or underscores.',
    );
  }
  const { token, hash } = makeToken();
  await new CredentialsFile(options.config).change((data) => {
    if (data.tokens.some((each) => each.name === name)) {
      throw new Problem('usage', `there is already a token ${name}`, 'Choose another name, or remove that one first.');
    }
    return { ...data, tokens: [...data.tokens, { name, hash }] };
  });
  openOutput({ ...options, json: false }).print('Keep this token: it is not shown again.');
  printResult([token]);
  return 0;
}

export async function runTokenList(options: { config?: string; json: boolean }): Promise<number> {
  const { tokens } = await new CredentialsFile(options.config).read();
  const names = tokens.map(({ name }) => name);
  if (options.json) printJson(names);
  else printResult(names);
  return 0;
}

export async function runTokenRemove({ name, ...options }: Options & { name: string }): Promise<number> {
  await new CredentialsFile(options.config).change((data) => {
    const tokens = data.tokens.filter((each) => each.name !== name);
    if (tokens.length < data.tokens.length) return { ...data, tokens };
    throw new Problem('usage', `there is no token ${name}`, 'List the tokens with: msc operator token list');
  });
  openOutput({ ...options, json: false }).print(`The token ${name} is revoked.`);
  return 0;
}
