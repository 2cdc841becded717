/** Texts for stations and times. */
import type { Millis } from '../../../src/base/units.js';
import type { LiveStation } from '../../../src/contract/live.js';
import { frameRateText } from '../../../src/contract/station-text.js';
import { isBehind } from '../../../src/contract/viewing.js';

/** "1920×1080 · 16:9 · 24 fps". */
export const pictureText = ({ width, height, aspectRatio, frameRate }: LiveStation): string =>
  `${width}×${height} · ${aspectRatio} · ${frameRateText(frameRate)} fps`;

/** "1 h 5 min left", "12 min left", "40 s left"; empty without a known end. */
export function leftText(to: Millis | null, now: Millis): string {
  if (to === null) return '';
  const seconds = Math.max(0, Math.ceil((to - now) / 1000));
  if (seconds < 60) return `${seconds} s left`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min left`;
  const rest = minutes % 60;
  return rest === 0 ? `${minutes / 60} h left` : `${Math.floor(minutes / 60)} h ${rest} min left`;
}

/** How far a picture is behind, for ears: "45 seconds behind live", "12 minutes 5 seconds behind live", "live". */
export function behindWords(behind: Millis | null): string {
  if (!isBehind(behind)) return 'live';
  const seconds = Math.floor((behind ?? 0) / 1000);
  const parts = [
    [Math.floor(seconds / 3600), 'hour'],
    [Math.floor(seconds / 60) % 60, 'minute'],
    [seconds % 60, 'second'],
  ] as const;
  const shown = parts
    .filter(([value]) => value > 0)
    .map(([value, unit]) => `${value} ${unit}${value === 1 ? '' : 's'}`);
  return `${shown.join(' ')} behind live`;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const clockWithSeconds = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
// The page is in English, and so are its dates.
const english = typeof navigator === 'undefined' ? [] : navigator.languages.filter((each) => each.startsWith('en'));
const date = new Intl.DateTimeFormat([...english, 'en-GB'], { weekday: 'long', day: 'numeric', month: 'long' });

/** "20:15", in the viewer's time zone and locale. */
export const clockText = (time: number): string => clock.format(time);
export const secondsText = (time: number): string => clockWithSeconds.format(time);
/** "Monday 23 November". */
export const dateText = (time: number): string => date.format(time);

/** "20:00 – 20:45", "until 20:45"; empty without a known end. */
export function spanText({ from, to }: { from: number | null; to: number | null }): string {
  if (from !== null && to !== null) return `${clockText(from)} – ${clockText(to)}`;
  if (to !== null) return `until ${clockText(to)}`;
  return '';
}

/** "12 ms", "0.9 s", "−3 ms". */
export function millisText(value: number | null): string {
  if (value === null) return '–';
  const sign = value < 0 ? '−' : '';
  const size = Math.abs(value);
  return size < 1000 ? `${sign}${Math.round(size)} ms` : `${sign}${(size / 1000).toFixed(2)} s`;
}
