/** Texts for stats. */
import { durationText } from '../../../src/contract/station-text.js';

/** A number and its unit, which are set in two sizes. */
export interface Quantity {
  readonly value: string;
  readonly unit: string;
}

export const textOf = ({ value, unit }: Quantity): string => (unit === '' ? value : `${value} ${unit}`);

/** Three significant digits: 1.23, 12.3, 123. */
const digits = (value: number): string => value.toFixed(value < 9.995 ? 2 : value < 99.95 ? 1 : 0);

function scaled(value: number, units: readonly string[], step: number): Quantity {
  let size = value;
  let at = 0;
  while (size >= step * 0.9995 && at < units.length - 1) {
    size /= step;
    at++;
  }
  return { value: at === 0 ? String(Math.round(size)) : digits(size), unit: units[at] ?? '' };
}

/** Bit/s. */
export const rateOf = (bits: number): Quantity => scaled(bits, ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s'], 1_000);
export const bytesOf = (bytes: number): Quantity => scaled(bytes, ['B', 'kB', 'MB', 'GB', 'TB'], 1_000);

/** A part of 1: "0%", "0.02%", "12%". */
export function shareOf(share: number): Quantity {
  const percent = share * 100;
  if (percent === 0 || percent >= 9.95) return { value: percent.toFixed(0), unit: '%' };
  return { value: percent < 0.01 ? '<0.01' : percent.toFixed(percent < 0.995 ? 2 : 1), unit: '%' };
}

/** Milliseconds; null: not measured. */
export function millisOf(value: number | null): Quantity {
  if (value === null) return { value: '–', unit: '' };
  const sign = value <= -0.05 ? '−' : '';
  const size = Math.abs(value);
  if (size < 9.95) return { value: sign + size.toFixed(1), unit: 'ms' };
  if (size < 999.5) return { value: sign + size.toFixed(0), unit: 'ms' };
  return { value: sign + digits(size / 1_000), unit: 's' };
}

/** "12 s", "5 min", "3 h 20 min", "4 d 2 h". */
export function durationOf(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1_000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return hours % 24 === 0 ? `${hours / 24} d` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** "0:07", "12:05", "1:02:03". */
export const countdownOf = (millis: number): string => durationText(Math.max(0, Math.ceil(millis / 1_000)));

export const countOf = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
