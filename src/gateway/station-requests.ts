/** Parameters that requests for a station share: its id, and a time. */
import { Problem } from '../base/problem.js';
import { Millis } from '../base/units.js';
import { parseMoment } from '../contract/time-text.js';
import { HttpProblem, noSuchStation } from './http-problem.js';
import type { Catalogue, ReadStart, StationReader, StationSource } from './source.js';

/** Allows players and pages of other origins. */
export const MEDIA_HEADERS = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

/** Throws an HttpProblem for an unknown id. */
export function stationOf(catalogue: Catalogue, id: string): StationSource {
  const source = catalogue.find(id);
  if (!source) throw noSuchStation();
  return source;
}

const secondsPattern = /^\d{1,12}(?:\.\d{1,6})?$/;

/**
 * The time of a query parameter: as on the command line (contract/time-text.ts), or seconds since the Unix epoch. Throws an
 * HttpProblem for other text, and for a time in the future.
 */
export function momentOf(text: unknown, now: Millis): Millis {
  const given = typeof text === 'string' ? text : '';
  const numeric = secondsPattern.test(given) ? Millis(Number(given) * 1000) : null;
  const moment = numeric !== null && numeric <= now ? numeric : parseMoment(given, now);
  if (moment !== null) return moment;
  const detail = 'Give a time in the past: 20:15, 2026-03-01T20:15Z, -10m, or seconds since 1970.';
  throw new HttpProblem(400, 'No such time', detail);
}

/** Opens a reader; rejects with an HttpProblem where the station does not reach back that far. */
export async function readStation(source: StationSource, start: ReadStart, client: string): Promise<StationReader> {
  try {
    return await source.read(start, client);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const status = error.code === 'usage' ? 404 : 503;
    throw new HttpProblem(
      status,
      status === 404 ? 'Not available' : 'Not available now',
      `${error.message}. ${error.next}`,
    );
  }
}
