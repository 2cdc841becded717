/** WebVTT of an HLS segment (RFC 8216, 3.5), from the text beside the pages of DVB subtitles. */
import { PTS_MODULUS, Ticks90k, unwrap, wrap } from '../../base/units.js';
import { MEDIA_DELAY_TICKS } from '../../contract/timing.js';
import { textsIn } from '../../wire/dvb-subtitle.js';
import { PesCollector } from '../../wire/pes-collector.js';

/** Ticks in a millisecond. */
const MILLI = 90;

/** "01:02:03.004" */
function timeText(milliseconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = milliseconds / 1_000;
  const fraction = String(milliseconds % 1_000).padStart(3, '0');
  return `${two(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/**
 * The cues in TS packets of one stream of subtitles that leave from `from` on. A cue has the same times in each segment that it is in:
 * players know it again. Those without text, as bitmaps of a disc, are left out.
 */
export function webVtt(packets: Uint8Array, from: Ticks90k): string {
  // A day before, so that cues that have begun before the segment have a time.
  const day = Ticks90k(24 * 3_600_000 * MILLI);
  const base = Ticks90k(Math.floor(from / day) * day);
  const cues = new Set<string>();
  for (const { pts, data } of new PesCollector(() => true).take(packets)) {
    const time = unwrap(pts, from + MEDIA_DELAY_TICKS, PTS_MODULUS);
    for (const { age, duration, text } of textsIn(data)) {
      const start = Math.max(0, Math.round((time - base) / MILLI) - age);
      const end = start + age + duration;
      const lines = escaped(text).split('\n').filter(Boolean);
      if (lines.length > 0) cues.add([`${timeText(start)} --> ${timeText(end)}`, ...lines].join('\n'));
    }
  }
  const map = `X-TIMESTAMP-MAP=LOCAL:00:00:00.000,MPEGTS:${wrap(base, PTS_MODULUS)}`;
  return `${['WEBVTT', map].join('\n')}\n\n${[...cues].map((cue) => `${cue}\n\n`).join('')}`;
}
