/**
 * The file form of a station's log: a line for each entry.
 *
 *     CRC-32 of the text, 8 hexadecimal digits | space | bytes of the text | space | text | \n
 *
 * The text is JSON, in which no line break occurs. The file is created whole with its first line; other lines are appended.
 * So a crash can only tear the last line, which is then left out: its entry was never reported as durable.
 */
import { crc32 } from 'node:zlib';

export interface LogLine {
  readonly number: number;
  readonly entry: unknown;
}

export interface ParsedLog {
  /** Never empty. */
  readonly lines: readonly LogLine[];
  /** Bytes of whole lines. */
  readonly length: number;
  /** Whether a line that is torn, or damaged, lies behind them. */
  readonly isCut: boolean;
}

/** Bytes of one line. */
export function logLine(line: LogLine): Buffer {
  const text = Buffer.from(JSON.stringify(line));
  return Buffer.concat([Buffer.from(`${checksumOf(text)} ${text.length} `), text, Buffer.from('\n')]);
}

/** Throws where the first line is not whole, or another than the last, or numbers are missing. */
export function parseLog(bytes: Buffer): ParsedLog {
  const lines: LogLine[] = [];
  let length = 0;
  while (length < bytes.length) {
    const end = bytes.indexOf('\n', length);
    const line = end < 0 ? null : parseLine(bytes.subarray(length, end));
    const isLast = end < 0 || end === bytes.length - 1;
    if (line === null && (lines.length === 0 || !isLast)) throw new RangeError(`line ${lines.length + 1} is damaged`);
    if (line === null) break;
    const before = lines.at(-1);
    if (before !== undefined && line.number !== before.number + 1) {
      throw new RangeError(`entry ${line.number} follows entry ${before.number}`);
    }
    lines.push(line);
    length = end + 1;
  }
  if (lines.length === 0) throw new RangeError('it is empty');
  return { lines, length, isCut: length < bytes.length };
}

function parseLine(line: Buffer): LogLine | null {
  const afterChecksum = line.indexOf(' ');
  const afterLength = line.indexOf(' ', afterChecksum + 1);
  if (afterChecksum < 0 || afterLength < 0) return null;
  const text = line.subarray(afterLength + 1);
  const head = line.toString('latin1', 0, afterLength);
  if (head !== `${checksumOf(text)} ${text.length}`) return null;
  return JSON.parse(text.toString('utf8'));
}

const checksumOf = (text: Buffer): string => crc32(text).toString(16).padStart(8, '0');
