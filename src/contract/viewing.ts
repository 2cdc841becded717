/** What the viewer of `msc watch` and the page do alike: keys, digits, and the texts that belong to them. */
import { Millis } from '../base/units.js';
import { durationText } from './station-text.js';

/** A number is taken this long after its last digit. */
export const TYPING_TIMEOUT = Millis(1_400);
/** How long "now playing" is shown after tuning. */
export const BANNER_TIME = Millis(5_000);
export const NOTICE_TIME = Millis(6_000);
/** Less than this is not being behind: neither shown nor sought. */
export const BEHIND = Millis(1_000);

/** What keys seek by. */
export const seekSteps: ReadonlyMap<string, Millis> = new Map([
  ['left', Millis(-10_000)],
  ['right', Millis(10_000)],
  ['shift-left', Millis(-60_000)],
  ['shift-right', Millis(60_000)],
]);

export const isBehind = (behind: Millis | null): boolean => behind !== null && behind > BEHIND;

/** The lines of the menu, from key 1 on. */
export function menuItems(behind: Millis | null): string[] {
  const items = ['Exit', 'Change the station', 'Resume'];
  return isBehind(behind) ? [...items, 'Back to live'] : items;
}

/** "−0:45", "−1:02:03"; empty where the picture is the one on the air, or nearly. */
export const behindText = (behind: Millis | null): string =>
  behind !== null && isBehind(behind) ? `−${durationText(Math.floor(behind / 1000))}` : '';

/**
 * The digits of a station's number with another behind them; `isWhole` where no longer one of `numbers` begins with them,
 * so that it is taken at once.
 */
export function withDigit(
  typed: string,
  digit: string,
  numbers: readonly number[],
): { typed: string; isWhole: boolean } {
  const digits = (typed + digit).replace(/^0+/, '').slice(0, 5);
  const isBeginning = (number: string) => number.length > digits.length && number.startsWith(digits);
  return { typed: digits, isWhole: digits !== '' && !numbers.map(String).some(isBeginning) };
}

export const noStationText = (number: string | number): string => `There is no station ${number}.`;
export const noFurtherText = (station: string): string => `${station} reaches back no further.`;
