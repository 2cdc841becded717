/** Subtitles as text in a film's packets, as events of a script. */
import { AV_PKT_DATA_WEBVTT_SETTINGS } from 'node-av/constants';
import { Ticks90k } from '../../base/units.js';
import type { TimedPacket } from '../input/input.js';
import { markupToAss } from './plain-text.js';
import { plainEvent, type ScriptEvent } from './script.js';
import { storedEvent } from './sub-station.js';
import { decodeText } from './text-encoding.js';
import { placeOf } from './webvtt.js';

/** How long a text without a duration is shown, unless another one follows. */
const UNTOLD = Ticks90k(5 * 90_000);

/** The event in a packet; null where there is none, as in packets that only fill gaps. */
export function eventOf(timed: TimedPacket, format: 'subrip' | 'webvtt' | 'ass' | 'mov_text'): ScriptEvent | null {
  const { packet, pts, duration } = timed;
  const { data } = packet;
  if (data === null || pts === null) return null;
  const times = { start: pts, end: Ticks90k(pts + (duration > 0 ? duration : UNTOLD)) };
  if (format === 'ass') return storedEvent(decodeText(data), times);
  const text =
    format === 'mov_text'
      ? movText(data)
      : format === 'webvtt'
        ? placeOf((packet.getSideData(AV_PKT_DATA_WEBVTT_SETTINGS) ?? '').toString()) + markupToAss(decodeText(data))
        : markupToAss(decodeText(data));
  return text === '' ? null : plainEvent({ ...times, text });
}

/** Bits of a style's face (3GPP TS 26.245, 5.16). */
const faces = [
  [1, 'b'],
  [2, 'i'],
  [4, 'u'],
] as const;

/**
 * Timed text of MP4 (3GPP TS 26.245, 5.17): its length, the text, and boxes, of which `styl` has the faces of letters:
 *
 *     entry-count (16 bits), then for each: startChar, endChar, font-ID (16 bits each), face-style-flags, font-size, RGBA
 */
export function movText(data: Buffer): string {
  if (data.length < 2) return '';
  const end = Math.min(data.length, 2 + data.readUInt16BE(0));
  const characters = [...decodeText(data.subarray(2, end))];
  const marks = new Map<number, string>();
  const mark = (at: number, text: string) => marks.set(at, (marks.get(at) ?? '') + text);
  for (let at = end; at + 8 <= data.length; ) {
    const length = data.readUInt32BE(at);
    if (length < 8) break;
    if (data.toString('latin1', at + 4, at + 8) === 'styl' && at + 10 <= data.length) {
      for (let entry = at + 10; entry + 12 <= Math.min(data.length, at + length); entry += 12) {
        const flags = data[entry + 6]!;
        for (const [bit, name] of faces) {
          if ((flags & bit) === 0) continue;
          mark(data.readUInt16BE(entry), `{\\${name}1}`);
          mark(data.readUInt16BE(entry + 2), `{\\${name}0}`);
        }
      }
    }
    at += length;
  }
  const shown = characters.map((character, i) => (marks.get(i) ?? '') + (character === '{' ? '\\{' : character));
  const text = shown.join('') + (marks.get(characters.length) ?? '');
  return text.trim().replace(/\r\n?|\n/g, '\\N');
}
