/**
 * Text subtitles of every kind as a script in Advanced SubStation Alpha (ASS v4+), which libass renders.
 * http://www.tcax.org/docs/ass-specs.htm
 */
import { TICKS_PER_SECOND, Ticks90k } from '../../base/units.js';

/** One line of `[Events]`. */
export interface ScriptEvent {
  /** Ticks from the beginning of the file, or on the clock of the film's packets. */
  start: Ticks90k;
  end: Ticks90k;
  layer: number;
  /** `Style,Name,MarginL,MarginR,MarginV,Effect,Text` */
  rest: string;
}

export interface Script {
  /** Everything before the events: script info, styles and fonts. */
  head: string;
  events: ScriptEvent[];
}

/** The size for which the styles of plain text are made; libass scales them to the picture. */
const PLAY_HEIGHT = 720;
const STYLE_FIELDS =
  'Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, ' +
  'StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding';

/** The head for text without styles of its own: white letters of a fifteenth of the picture's height, with a black outline. */
export function plainHead({ width, height }: { width: number; height: number }): string {
  const playWidth = Math.max(1, Math.round((PLAY_HEIGHT * width) / height));
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${playWidth}`,
    `PlayResY: ${PLAY_HEIGHT}`,
    'ScaledBorderAndShadow: yes',
    'WrapStyle: 0',
    '',
    '[V4+ Styles]',
    `Format: ${STYLE_FIELDS}`,
    'Style: Default,sans-serif,48,&H00FFFFFF,&H000000FF,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,3,0,2,40,40,36,1',
    '',
  ].join('\n');
}

/** An event of plain text; `text` in the notation of ASS. */
export const plainEvent = ({ start, end, text }: { start: Ticks90k; end: Ticks90k; text: string }): ScriptEvent => ({
  ...{ start, end },
  layer: 0,
  rest: `Default,,0,0,0,,${text}`,
});

/** Fields of `rest` before the text. */
const FIELDS_BEFORE_TEXT = 6;

/** The text of an event for people: lines, without any markup. */
export function plainText({ rest }: ScriptEvent): string {
  const text = rest.split(',').slice(FIELDS_BEFORE_TEXT).join(',');
  // Drawings are numbers.
  if (/\{[^}]*\\p[1-9]/.test(text)) return '';
  return text
    .replace(/\{[^}]*\}/g, '')
    .replace(/\\[Nn]/g, '\n')
    .replaceAll('\\h', ' ')
    .replaceAll('\\{', '{')
    .trim();
}

/** A moment of ASS, in hundredths of a second: rounded down, so that an event is not late for the picture that it begins with. */
export function scriptTime(ticks: number): string {
  const hundredths = Math.max(0, Math.floor((ticks * 100) / TICKS_PER_SECOND + 1e-6));
  const two = (value: number) => String(value).padStart(2, '0');
  const seconds = Math.floor(hundredths / 100);
  return `${Math.floor(seconds / 3_600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

/** The script as a file. Its times are those of the events plus `shift`; events that end before 0 are left out. */
export function scriptFile({ head, events }: Script, shift: Ticks90k = Ticks90k(0)): string {
  const lines = events
    .filter(({ start, end }) => end > start && end + shift > 0)
    .map(({ start, end, layer, rest }) => {
      return `Dialogue: ${layer},${scriptTime(start + shift)},${scriptTime(end + shift)},${rest}`;
    });
  const format = 'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text';
  return [head, '[Events]', format, ...lines, ''].join('\n');
}
