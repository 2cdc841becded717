/** What requests for a station have in common: which one is meant, from when on. */
import { Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import { parseMoment } from '../contract/time-text.js';
import { HttpProblem, noSuchStation } from './http-problem.js';
import type { Catalogue, ReadStart, StationReader, StationSource } from './source.js';

/** Players and pages of other hosts may have it. */
export const MEDIA_HEADERS = { 'access-control-allow-origin': '*', 'cross-origin-resource-policy': 'cross-origin' };

/** Throws an HttpProblem where there is no such station. */
export function stationOf(catalogue: Catalogue, id: string): StationSource {
  const source = catalogue.find(id);
  if (!source) throw noSuchStation();
  return source;
}

const secondsPattern = /^\d{1,12}(?:\.\d{1,6})?$/;

/**
 * A moment as an address gives it: as on the command line (wire/moment.ts), or seconds since the Unix epoch. Throws an
 * HttpProblem for anything else, and for what is still to come.
 */
export function momentOf(text: unknown, now: Millis): Millis {
  const given = typeof text === 'string' ? text : '';
  const seconds = secondsPattern.test(given) ? Number(given) * 1000 : null;
  const moment = seconds !== null && seconds <= now ? seconds : parseMoment(given, now);
  if (moment !== null) return moment;
  const detail = 'It is a time that has been: 20:15, 2026-03-01T20:15Z, -10m, or seconds since 1970.';
  throw new HttpProblem(400, 'No such moment', detail);
}

/** Reads a station; throws an HttpProblem where it does not reach back so far. */
export async function readStation(source: StationSource, start: ReadStart): Promise<StationReader> {
  try {
    return await source.read(start);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const status = error.code === 'usage' ? 404 : 503;
    throw new HttpProblem(
      status,
      status === 404 ? 'Not available' : 'Not to be had now',
      `${error.message}. ${error.next}`,
    );
  }
}
