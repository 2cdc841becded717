/** WebVTT (W3C): cues with settings of their place. https://www.w3.org/TR/webvtt1/ */
import { markupToAss } from './plain-text.js';
import { plainEvent, type ScriptEvent } from './script.js';
import { timingOf } from './subrip.js';

/** The override for the place that a cue's settings give: top, middle or bottom, left, centre or right. Empty for the usual one. */
export function placeOf(settings: string): string {
  const value = (name: string) => new RegExp(String.raw`(?:^|\s)${name}:(\S+)`).exec(settings)?.[1] ?? '';
  const line = value('line');
  const number = Number.parseFloat(line);
  const isShare = line.includes('%');
  // Lines are counted from the top, negative ones from the bottom.
  const isTop = line !== '' && (isShare ? number < 34 : number >= 0 && number < 6);
  const isMiddle = isShare && number >= 34 && number < 67;
  const align = value('align');
  const column = align === 'start' || align === 'left' ? 0 : align === 'end' || align === 'right' ? 2 : 1;
  const numpad = (isTop ? 7 : isMiddle ? 4 : 1) + column;
  return numpad === 2 ? '' : `{\\an${numpad}}`;
}

/** The events of a file. What is no cue is left out, so any text will do. */
export function parseWebVtt(text: string): ScriptEvent[] {
  const blocks = text.replace(/\r\n?/g, '\n').split(/\n{2,}/);
  return blocks.flatMap((block) => {
    const lines = block.split('\n');
    const at = lines.findIndex((line) => timingOf(line) !== null);
    const timing = timingOf(lines[at] ?? '');
    if (timing === null) return [];
    const shown = markupToAss(lines.slice(at + 1).join('\n'));
    const { start, end, settings } = timing;
    return shown === '' || end <= start ? [] : [plainEvent({ start, end, text: placeOf(settings) + shown })];
  });
}
