/** Presentation graphics of Blu-ray discs as a `.sup` file, which no encoder of FFmpeg makes: rectangles of one colour. */
import { writeFileSync } from 'node:fs';

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PgsCue extends Rectangle {
  /** Seconds. */
  from: number;
  to: number;
  /** Y′, Cr, Cb. */
  colour: [number, number, number];
  /** forced_on_flag: shown although the viewer wants no subtitles. */
  isForced?: boolean;
}

const u16 = (...values: number[]) => values.flatMap((value) => [value >> 8, value & 0xff]);
const u24 = (value: number) => [value >> 16, ...u16(value & 0xffff)];

/** Presentation composition, window definition, palette definition, object definition, end of display set. */
const Segment = { composition: 0x16, window: 0x17, palette: 0x14, object: 0x15, end: 0x80 } as const;

/** "PG", PTS, DTS, type, length, data. */
function segment(seconds: number, type: number, data: number[]): Buffer {
  const head = Buffer.alloc(13);
  head.write('PG', 'latin1');
  head.writeUInt32BE(Math.round(seconds * 90_000), 2);
  head[10] = type;
  head.writeUInt16BE(data.length, 11);
  return Buffer.concat([head, Buffer.from(data)]);
}

const EPOCH_START = 0x80;
const FORCED = 0x40;
/** last_in_sequence, first_in_sequence */
const WHOLE = 0xc0;
const COLOUR = 1;

function composition(canvas: { width: number; height: number }, number: number, object: number[]): number[] {
  const count = object.length > 0 ? 1 : 0;
  return [
    ...u16(canvas.width, canvas.height),
    0x10,
    ...u16(number),
    count > 0 ? EPOCH_START : 0,
    0,
    0,
    count,
    ...object,
  ];
}

/** Each line: 0, 11 and a length of 14 bits, the colour; 0 0 at its end. */
const runs = ({ width, height }: Rectangle): number[] =>
  Array.from({ length: height }, () => [0, 0xc0 | (width >> 8), width & 0xff, COLOUR, 0, 0]).flat();

/** Writes the cues, in the order of their times. */
export function writePgs(path: string, canvas: { width: number; height: number }, cues: readonly PgsCue[]): void {
  const sets = cues.flatMap((cue, i) => {
    const { x, y, width, height, from, to, colour } = cue;
    const window = [1, 0, ...u16(x, y, width, height)];
    const object = runs(cue);
    return [
      segment(
        from,
        Segment.composition,
        composition(canvas, 2 * i, [...u16(0), 0, cue.isForced ? FORCED : 0, ...u16(x, y)]),
      ),
      segment(from, Segment.window, window),
      segment(from, Segment.palette, [0, 0, COLOUR, ...colour, 0xff]),
      segment(from, Segment.object, [...u16(0), 0, WHOLE, ...u24(object.length + 4), ...u16(width, height), ...object]),
      segment(from, Segment.end, []),
      segment(to, Segment.composition, composition(canvas, 2 * i + 1, [])),
      segment(to, Segment.window, window),
      segment(to, Segment.end, []),
    ];
  });
  writeFileSync(path, Buffer.concat(sets));
}
