/** SubStation Alpha, with and without "Advanced" (.ssa, .ass). */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';
import type { Script, ScriptEvent } from './script.js';

/** Fields of an event in the order of ASS v4+. */
const usualFields = ['layer', 'start', 'end', 'style', 'name', 'marginl', 'marginr', 'marginv', 'effect', 'text'];
const restFields = usualFields.slice(3);

/** "0:01:02.50" in ticks; null for anything else. */
function timeOf(text: string): Ticks90k | null {
  const [, hours, minutes, seconds] = /^\s*(\d+):(\d{1,2}):(\d{1,2}(?:[.:]\d+)?)\s*$/.exec(text) ?? [];
  if (seconds === undefined) return null;
  const whole = Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds.replace(':', '.'));
  return Ticks90k(Math.round(whole * TICKS_PER_SECOND));
}

/** The script of a file; without events where the text is none. */
export function parseSubStation(text: string): Script {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const head: string[] = [];
  const events: ScriptEvent[] = [];
  let isEvents = false;
  let fields = usualFields;
  for (const line of lines) {
    if (/^\s*\[.*\]\s*$/.test(line)) isEvents = /^\s*\[events\]/i.test(line);
    if (!isEvents) {
      head.push(line);
      continue;
    }
    const [, kind, value = ''] = /^\s*(format|dialogue)\s*:\s*(.*)$/i.exec(line) ?? [];
    if (kind?.toLowerCase() === 'format') {
      fields = value.split(',').map((field) => field.trim().toLowerCase().replace('actor', 'name'));
    } else if (kind) {
      const event = eventOf(value, fields);
      if (event) events.push(event);
    }
  }
  return { head: head.join('\n'), events };
}

/** Null for a line that is no event. */
function eventOf(value: string, fields: readonly string[]): ScriptEvent | null {
  const parts = value.split(',');
  // The text comes last, and may have commas.
  const last = fields.length - 1;
  const values = [...parts.slice(0, last), parts.slice(last).join(',')];
  const of = (name: string): string => values[fields.indexOf(name)] ?? '';
  const [start, end] = [timeOf(of('start')), timeOf(of('end'))];
  if (start === null || end === null || end <= start) return null;
  return { start, end, layer: Number.parseInt(of('layer'), 10) || 0, rest: restFields.map(of).join(',') };
}

/** An event as Matroska stores it: `ReadOrder,Layer,Style,Name,MarginL,MarginR,MarginV,Effect,Text`. Null for anything else. */
export function storedEvent(text: string, { start, end }: { start: Ticks90k; end: Ticks90k }): ScriptEvent | null {
  const [, layer, rest] = /^\d+,(-?\d*),(.*)$/s.exec(text) ?? [];
  if (rest === undefined) return null;
  // A line break would begin another line of the script.
  return { start, end, layer: Number(layer) || 0, rest: rest.trim().replace(/\r\n?|\n/g, '\\N') };
}
