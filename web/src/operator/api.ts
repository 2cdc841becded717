/** Requests to the gateway that the page comes from. */
import type { History, SessionState } from '../../../src/contract/api.js';

const API = '/api/v1';

/** A refusal by the gateway (problem+json), or no answer at all. */
export class Refused extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

const unreachable = () => new Refused(0, 'No answer', 'The server does not answer. Is it running?');

async function ask(method: string, path: string, body?: object): Promise<Response> {
  const headers = body && { 'content-type': 'application/json' };
  const answer = await fetch(API + path, { method, headers, body: body && JSON.stringify(body) }).catch(() => null);
  if (answer === null) throw unreachable();
  if (answer.ok) return answer;
  const problem = (await answer.json().catch(() => ({}))) as { title?: string; detail?: string };
  throw new Refused(answer.status, problem.title ?? 'Refused', problem.detail ?? `Status ${answer.status}.`);
}

const pathOf = (station: string): string => `/stations/${encodeURIComponent(station)}`;

export const getSession = async (): Promise<SessionState> => (await ask('GET', '/session')).json();

/** The history of a station; null: of the server. */
export const getHistory = async (station: string | null): Promise<History> =>
  (await ask('GET', station === null ? '/history' : `/history?station=${encodeURIComponent(station)}`)).json();

export type SimpleAction = 'start' | 'stop' | 'skip' | 'reload' | 'resume';

/** All reject with Refused. */
export const api = {
  logIn: (password: string) => ask('POST', '/session', { password }),
  logOut: () => ask('DELETE', '/session'),
  act: (station: string, action: SimpleAction) => ask('POST', `${pathOf(station)}/${action}`),
  rename: (station: string, name: string) => ask('PUT', `${pathOf(station)}/name`, { name }),
  reorder: (station: string, items: readonly string[]) => ask('PUT', `${pathOf(station)}/order`, { items }),
  /** Null: on all stations. */
  show: (slate: string, station: string | null) =>
    ask('POST', station === null ? '/show' : `${pathOf(station)}/show`, { slate }),
  resumeAll: () => ask('POST', '/resume'),
  disconnect: (viewer: number) => ask('DELETE', `/viewers/${viewer}`),
};

export const eventsAddress = `${API}/events`;
