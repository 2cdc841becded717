/** Parses times of day of the command line. */
import { Millis } from '../base/units.js';

const agoPattern = /^-(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s)?$/;
const timePattern = /^(\d{1,2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?$/;
const datePattern = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(Z|[+-]\d{2}:?\d{2})?$/i;

const MINUTE = Millis(60_000);
const HOUR = Millis(60 * MINUTE);

/**
 * The moment that `text` names, Unix epoch:
 * - `20:15`, `20:15:30`: the last time that local clocks showed that
 * - `2026-03-01T20:15`, with a blank for the T, and with `Z` or an offset (`+01:00`) if it is not local time
 * - `-10m`, `-1h30m`, `-45s`: that time before `now`
 *
 * Null for anything else, and for the future.
 */
export function parseMoment(text: string, now: Millis): Millis | null {
  const given = text.trim();
  const moment = ago(given, now) ?? timeOfDay(given, now) ?? dateTime(given);
  return moment === null || moment > now ? null : moment;
}

/** The groups of a match as numbers, 0 for those left out. */
const numbersIn = (match: RegExpExecArray): number[] => match.slice(1).map((part) => Number(part ?? 0));

function ago(text: string, now: Millis): Millis | null {
  const match = agoPattern.exec(text);
  if (!match || text === '-') return null;
  const [hours = 0, minutes = 0, seconds = 0] = numbersIn(match);
  return Millis(now - hours * HOUR - minutes * MINUTE - seconds * 1000);
}

function timeOfDay(text: string, now: Millis): Millis | null {
  const match = timePattern.exec(text);
  if (!match) return null;
  const [hour = 0, minute = 0, second = 0] = numbersIn(match);
  const today = new Date(now);
  const days = [today.getDate(), today.getDate() - 1];
  const moments = days.flatMap((day) => here(today.getFullYear(), today.getMonth(), day, hour, minute, second));
  const past = moments.filter((moment) => moment <= now);
  return past.length === 0 ? null : Millis(Math.max(...past));
}

function dateTime(text: string): Millis | null {
  const match = datePattern.exec(text);
  if (!match) return null;
  const zone = match[7];
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = numbersIn(match);
  // Date turns February 30 into March 2.
  const isDay = new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day && month >= 1 && month <= 12;
  if (!isDay || !isTime(hour, minute, second)) return null;
  if (zone === undefined) return here(year, month - 1, day, hour, minute, second)[0] ?? null;
  return Millis(Date.UTC(year, month - 1, day, hour, minute) + second * 1000 - offsetOf(zone));
}

function offsetOf(zone: string): Millis {
  if (zone.toUpperCase() === 'Z') return Millis(0);
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return Millis((zone[0] === '-' ? -1 : 1) * (hours * HOUR + minutes * MINUTE));
}

const isTime = (hour: number, minute: number, second: number): boolean => hour < 24 && minute < 60 && second < 60;

/**
 * The moments at which local clocks show a time: two on the night when they are set back. When they are set forward, a
 * skipped time counts as if they had not been.
 */
function here(year: number, month: number, day: number, hour: number, minute: number, second: number): Millis[] {
  if (!isTime(hour, minute, second)) return [];
  const first = new Date(year, month, day, hour, minute).getTime();
  const shown = (moment: number): string => {
    const date = new Date(moment);
    return [date.getDate(), date.getHours(), date.getMinutes()].join();
  };
  const again = [HOUR, HOUR / 2].map((by) => first + by).filter((moment) => shown(moment) === shown(first));
  return [first, ...again].map((moment) => Millis(moment + second * 1000));
}
