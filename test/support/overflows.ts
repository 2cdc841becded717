import { existsSync, readFileSync } from 'node:fs';

/**
 * Datagrams dropped for want of socket buffer since the start, in the network of a process: proc(5), /proc/net/snmp.
 * Always 0 where the kernel does not count them.
 */
export function overflows(processId: number | 'self' = 'self'): number {
  const path = `/proc/${processId}/net/snmp`;
  if (!existsSync(path)) return 0;
  const [names, values] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('Udp:'))
    .map((line) => line.split(' '));
  return Number(values![names!.indexOf('RcvbufErrors')]);
}
