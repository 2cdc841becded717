/** Firefox for tests: Debian's package, headless, driven by WebDriver BiDi. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';
import { WebSocket } from 'ws';
import { scratchFolder } from './spool.js';

/** Sound may begin on its own, and nothing is fetched but the page. */
const PREFERENCES: Record<string, boolean | number | string> = {
  'media.autoplay.default': 0,
  'app.update.auto': false,
  'browser.shell.checkDefaultBrowser': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.reportingpolicy.firstRun': false,
  'media.gmp-manager.url': '',
  'remote.prefs.recommended': true,
};

export interface FirefoxPage {
  /** The value of a script, awaited if it is a promise. JSON only. */
  do<T>(script: string): Promise<T>;
}

/** Opens a page in a Firefox that ends with the test. `script` runs before the page's own scripts. */
export async function openFirefox(context: TestContext, url: string, script: string): Promise<FirefoxPage> {
  const profile = join(scratchFolder(context), 'profile');
  mkdirSync(profile);
  const lines = Object.entries(PREFERENCES).map(([name, value]) => `user_pref("${name}", ${JSON.stringify(value)});`);
  writeFileSync(join(profile, 'user.js'), lines.join('\n'));
  const words = ['--headless', '--no-remote', '--profile', profile, '--remote-debugging-port', '0', 'about:blank'];
  const child = spawn('firefox-esr', words, {
    env: { ...process.env, HOME: profile },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  context.after(async () => {
    if (child.exitCode !== null) return;
    child.kill();
    await once(child, 'exit');
  });
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /WebDriver BiDi listening on (ws:\S+)/.exec(line);
      if (found) resolve(found[1]!);
    });
    child.once('exit', (code) => reject(new Error(`Firefox ended with ${code}`)));
  });
  const session = await Session.open(`${address}/session`);
  context.after(() => session.close());
  await session.send('session.new', { capabilities: {} });
  await session.send('script.addPreloadScript', { functionDeclaration: `() => { ${script} }` });
  const { contexts } = await session.send<{ contexts: { context: string }[] }>('browsingContext.getTree', {});
  const target = { context: contexts[0]!.context };
  await session.send('browsingContext.navigate', { ...target, url, wait: 'complete' });
  return {
    async do<T>(expression: string): Promise<T> {
      const asked = { expression: `(async () => JSON.stringify(await (${expression})))()`, awaitPromise: true, target };
      const answer = await session.send<ScriptAnswer>('script.evaluate', asked);
      if (answer.type !== 'success') throw new Error(`In the page: ${answer.exceptionDetails?.text}`);
      return answer.result?.value === undefined ? (undefined as T) : JSON.parse(answer.result.value);
    },
  };
}

interface ScriptAnswer {
  type: string;
  result?: { value?: string };
  exceptionDetails?: { text: string };
}

interface Waiting {
  resolve(value: never): void;
  reject(error: Error): void;
}

/** Commands and their answers. */
class Session {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;

  static async open(url: string): Promise<Session> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new Session(socket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data) => {
      const { id, result, error, message } = JSON.parse(String(data));
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error) waiting?.reject(new Error(`${error}: ${message}`));
      else waiting?.resolve(result as never);
    });
    socket.on('close', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('Firefox is gone'));
    });
  }

  send<T>(method: string, params: object): Promise<T> {
    const id = ++this.#last;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  close(): void {
    this.#socket.close();
  }
}
