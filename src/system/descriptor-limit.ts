/** How many files and sockets the system lets this process have open. */
import { readFileSync } from 'node:fs';

/** Linux: proc(5), "Max open files  <soft>  <hard>  files". */
const fromProc = (): number => {
  const [, soft = ''] = /^Max open files\s+(\d+|unlimited)\s/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  return Number(soft);
};

/** Other systems: Node.js's diagnostic report, without the names of network peers, which it would look up. */
const fromReport = (): number => {
  const { report } = process as { report?: NodeJS.ProcessReport & { excludeNetwork?: boolean } };
  if (report === undefined) return Number.NaN;
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  return Number(userLimits?.open_files?.soft);
};

/** Null: there is no limit, or it is unknown. Node.js has raised the soft limit to the hard one at its start. */
export function descriptorLimit(platform: NodeJS.Platform = process.platform): number | null {
  if (platform === 'win32') return null;
  try {
    const limit = platform === 'linux' ? fromProc() : fromReport();
    return Number.isSafeInteger(limit) && limit > 0 ? limit : null;
  } catch {
    return null; // A sandbox may hide it: then nothing is known to be short.
  }
}
