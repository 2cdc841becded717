/** SubRip (.srt): blocks of a number, two times and lines of text. */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import { markupToAss } from './plain-text.js';
import { plainEvent, type ScriptEvent } from './script.js';

const TIME = String.raw`(?:(\d+):)?(\d{1,2}):(\d{1,2})(?:[,.](\d{1,3}))?`;
export const TIMING = new RegExp(String.raw`^\s*${TIME}\s*-->\s*${TIME}(.*)$`);

/** The two times of a line of timing, in ticks, and what follows them; null for any other line. */
export function timingOf(line: string): { start: Ticks90k; end: Ticks90k; settings: string } | null {
  const found = TIMING.exec(line);
  if (found === null) return null;
  const ticks = ([hours = '0', minutes, seconds, fraction = '0']: (string | undefined)[]) =>
    Ticks90k(
      Math.round(
        ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds) + Number(`0.${fraction}`)) * TICKS_PER_SECOND,
      ),
    );
  return { start: ticks(found.slice(1, 5)), end: ticks(found.slice(5, 9)), settings: (found[9] ?? '').trim() };
}

/** The events of a file. What is no block is left out, so any text will do. */
export function parseSubRip(text: string): ScriptEvent[] {
  const lines = text.split(/\r\n?|\n/);
  const timings = lines.flatMap((line, at) => {
    const timing = timingOf(line);
    return timing ? [{ at, ...timing }] : [];
  });
  return timings.flatMap(({ at, start, end }, i) => {
    const next = timings[i + 1]?.at ?? lines.length;
    const block = lines.slice(at + 1, next);
    // The number of the next block, and empty lines before it. Empty lines inside of a text stay, as in players.
    if (i + 1 < timings.length && /^\s*\d+\s*$/.test(block.at(-1) ?? '')) block.pop();
    const shown = markupToAss(block.join('\n'));
    return shown === '' || end <= start ? [] : [plainEvent({ start, end, text: shown })];
  });
}
