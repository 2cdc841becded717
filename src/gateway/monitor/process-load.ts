/** Load of this process. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { residentMemory } from '../../base/resident-memory.js';
import { Millis } from '../../base/units.js';

export interface ProcessLoad {
  readonly version: string;
  readonly processors: number;
  /** Processor time of all threads. */
  cpu(): Millis;
  /** Resident memory, bytes. */
  memory(): number;
  uptime(): Millis;
}

const { version } = JSON.parse(readFileSync(new URL('../../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

export const processLoad: ProcessLoad = {
  version,
  processors: availableParallelism(),
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return Millis((user + system) / 1000);
  },
  memory: () => residentMemory(),
  uptime: () => Millis(process.uptime() * 1000),
};
