/** The option `--fec`. */
import { InvalidArgumentError } from 'commander';
import type { FecConfig } from '../server/config.js';
import { type FecSize, fecSizeFault } from '../wire/fec.js';

/** A tenth of a second at 5 Mbit/s; a burst of ten lost packets, 20 ms, is repaired. */
const DEFAULT_SIZE: FecSize = { columns: 10, rows: 5 };

/** "none", "auto", "10x5", "10x5:columns". Throws an InvalidArgumentError. */
export function fecOption(text: string): FecConfig {
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
