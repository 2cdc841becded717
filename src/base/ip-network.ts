/** IP addresses as clients are counted: by network, however an address is written. */
import { isIPv4, isIPv6 } from 'node:net';

/** Prefix of IPv4-mapped addresses, ::ffff:0:0/96 (RFC 4291, section 2.5.5.2): how a socket of both families shows IPv4. */
const MAPPED = [0, 0, 0, 0, 0, 0xffff];
/** Groups of 16 bits in an IPv6 network's prefix: each of its hosts has all 2^64 addresses behind it. */
const NETWORK_GROUPS = 4;

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: number, low: number) => (high * 256 + low).toString(16);
  const [, before = '', a, b, c, d] = dotted ?? [];
  const text = dotted ? `${before}${hex(Number(a), Number(b))}:${hex(Number(c), Number(d))}` : address;
  const [head = '', tail] = text.split('::');
  const numbers = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  return [...first, ...new Array<number>(zeros).fill(0), ...last];
}

/** An address in one form: IPv4 where it is IPv4-mapped, without a zone, in lower case. Other text stays as it is. */
export function plainAddress(address: string): string {
  const plain = address.replace(/%.*$/, '').toLowerCase();
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  if (!MAPPED.every((group, index) => groups[index] === group)) return plain;
  const [high = 0, low = 0] = groups.slice(MAPPED.length);
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}

/** What counts as one client: an IPv4 address, or the /64 of an IPv6 address. */
export function networkOf(address: string): string {
  const plain = plainAddress(address);
  if (!isIPv6(plain) || isLoopback(plain)) return plain;
  const groups = groupsOf(plain).slice(0, NETWORK_GROUPS);
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`;
}

/** An address within what one host may have: of IPv6 one of its /64, of IPv4 the same twice. */
export interface Place {
  readonly network: string;
  readonly address: string;
}

/**
 * The two levels of a share. A /64 can be one host, with all of its addresses, or a whole link: clients share as networks,
 * and those of one network as addresses.
 */
export const placeOf = (address: string): Place => ({ network: networkOf(address), address: plainAddress(address) });

/** Whether packets of the address do not leave this machine: 127.0.0.0/8, ::1. */
export function isLoopback(address: string): boolean {
  const plain = plainAddress(address);
  if (isIPv4(plain)) return plain.startsWith('127.');
  return isIPv6(plain) && groupsOf(plain).every((group, index) => group === (index === 7 ? 1 : 0));
}
