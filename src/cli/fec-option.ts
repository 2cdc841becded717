/** What `--fec` says. */
import { InvalidArgumentError } from 'commander';
import { type FecMode, type FecSize, fecSizeFault } from '../wire/fec.js';

/** Parity of all stations; `auto` sends as much as the viewers' losses make worth it. */
export type FecOption = 'none' | { size: FecSize; mode: FecMode | 'auto' };

/** A tenth of a second at 5 Mbit/s; a burst of ten packets, 20 ms, is repaired. */
const DEFAULT_SIZE: FecSize = { columns: 10, rows: 5 };

/** "none", "auto", "10x5", "10x5:columns". Throws an InvalidArgumentError. */
export function fecOption(text: string): FecOption {
  if (text === 'none') return text;
  if (text === 'auto') return { size: DEFAULT_SIZE, mode: 'auto' };
  const match = /^(\d+)x(\d+)(:columns)?$/.exec(text);
  if (!match) throw new InvalidArgumentError('It is none, auto, or columns x rows such as 10x5 or 10x5:columns.');
  const size = { columns: Number(match[1]), rows: Number(match[2]) };
  const mode = match[3] ? 'columns' : 'both';
  const fault = fecSizeFault(size, mode);
  if (fault !== null) throw new InvalidArgumentError(`SMPTE 2022-1 does not allow it: ${fault}.`);
  return { size, mode };
}
