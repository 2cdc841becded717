/** What network interfaces have carried: proc_pid_net(5). */
import { readFileSync } from 'node:fs';

/** Bytes with IP headers. */
export interface Traffic {
  sent: number;
  received: number;
}

/** Of an interface in the network of process `pid`, since it was made; dropped packets included. */
export function trafficOf(pid: number, name: string): Traffic {
  const line = readFileSync(`/proc/${pid}/net/dev`, 'utf8')
    .split('\n')
    .find((text) => text.trim().startsWith(`${name}:`))!;
  const fields = line
    .slice(line.indexOf(':') + 1)
    .trim()
    .split(/\s+/)
    .map(Number);
  // receive: bytes packets errs drop fifo frame compressed multicast; transmit: the same
  return { received: fields[0]!, sent: fields[8]! };
}
