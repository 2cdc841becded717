/** The machine's interfaces and their IPv4 addresses. */
import { isIPv4 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { messageOf, Problem } from '../base/problem.js';
import { isStationGroup } from '../wire/station-format.js';

export interface NetInterface {
  /** The system's name: eth0, en0, "Wi-Fi". */
  name: string;
  /** IPv4. An interface with several addresses is listed once for each. */
  address: string;
  /** The machine's loopback. */
  internal: boolean;
  /** IPv4; without one, the network is the address itself. */
  netmask?: string;
  /** Address of the hardware; undefined where it is unknown. */
  mac?: string;
}

/** Every interface that is up and has an IPv4 address, in the system's order. Throws a Problem where the system fails. */
export function listInterfaces(): NetInterface[] {
  return Object.entries(readInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ family }) => family === 'IPv4')
      .map(({ address, internal, netmask, mac }) => ({ name, address, internal, netmask, mac })),
  );
}

function readInterfaces(): ReturnType<typeof networkInterfaces> {
  try {
    return networkInterfaces();
  } catch (error) {
    const next = 'Check how many files this process may open (ulimit -n), and try again.';
    throw new Problem('network', `The network interfaces cannot be read: ${messageOf(error)}`, next, { cause: error });
  }
}

const listed = (interfaces: readonly NetInterface[]): string =>
  interfaces.length === 0
    ? 'No interface with an IPv4 address is up.'
    : `Choose one of ${interfaces.map(({ name, address }) => `${name} (${address})`).join(', ')}.`;

/** The loopback interface, under any name. Throws a Problem where it is down. */
export function loopback(interfaces: readonly NetInterface[] = listInterfaces()): NetInterface {
  const found = interfaces.find(({ internal }) => internal);
  if (found !== undefined) return found;
  throw new Problem('network', 'The loopback interface has no IPv4 address', 'Bring it up (ip link set lo up).');
}

/** The interface of that name or IPv4 address; `lo` and `loopback` on every system. Throws a Problem for others. */
export function resolveInterface(
  nameOrAddress: string,
  interfaces: readonly NetInterface[] = listInterfaces(),
): NetInterface {
  const wanted = nameOrAddress.trim();
  const found = interfaces.find(({ name, address }) => name === wanted || address === wanted);
  if (found !== undefined) return found;
  if (wanted === 'lo' || wanted === 'loopback') return loopback(interfaces);
  throw new Problem(
    'network',
    `There is no network interface "${nameOrAddress}" with an IPv4 address`,
    listed(interfaces),
  );
}

/** An IPv4 address as a number of 32 bits. */
const numberOf = (address: string): number => Buffer.from(address.split('.').map(Number)).readUInt32BE(0);

/** Whether `address` is on the network of `at`. */
export function isOnNetworkOf(at: NetInterface, address: string): boolean {
  if (!isIPv4(address)) return false;
  const mask = numberOf(at.netmask ?? '255.255.255.255');
  return (numberOf(address) & mask) === (numberOf(at.address) & mask);
}

/** Throws a Problem unless `group` is an IPv4 multicast group that a station may have. */
export function checkGroup(group: string): void {
  if (isIPv4(group) && isStationGroup(group)) return;
  throw new Problem(
    'network',
    `"${group}" is not a multicast group for stations`,
    'Use an IPv4 address from 224.0.1.0 to 239.255.255.255; 239.0.0.0/8 is for your own network.',
  );
}
