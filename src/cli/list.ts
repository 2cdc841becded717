/** `msc list`: every station that can be reached, with its properties. */
import { Problem } from '../base/problem.js';
import type { Millis } from '../base/units.js';
import { stationTable } from '../contract/station-text.js';
import { findHint } from '../viewer/channels.js';
import { findChannels, listed } from './find.js';
import { readKey } from './key.js';
import { openOutput, printJson, printProblem, printResult } from './output.js';

export interface ListOptions {
  /** Name or address; undefined: all interfaces. */
  interface?: string;
  /** File with the key of the servers that are believed; undefined: those without one. */
  key?: string;
  /** Longest wait for answers. */
  timeout?: Millis;
  /** An array on standard output instead of a table. */
  json: boolean;
  /** No table: only the exit code shows whether there is a station. */
  quiet: boolean;
}

/** Exit code 0, or that of Problem "station" when there is none. Rejects with a Problem for a wrong interface. */
export async function runList(options: ListOptions): Promise<number> {
  const { print } = openOutput(options);
  const key = await readKey(options.key, print);
  const onLeftOut = (lines: readonly string[]): void => lines.forEach(print);
  const channels = await findChannels({ ...options, key, onLeftOut });
  if (options.json) {
    const stations = channels.map(({ info, found }) => ({ ...info, servers: found.servers }));
    printJson(stations, { indent: 2 });
  }
  if (channels.length === 0) {
    const problem = new Problem('station', 'No stations were found', findHint(options.interface));
    printProblem(problem);
    return problem.exitCode;
  }
  if (!options.json && !options.quiet) {
    printResult(stationTable(channels.map(listed), process.stdout.columns).split('\n'));
  }
  return 0;
}
