/** Whether a request is what it seems: from this machine, and from a page of this gateway if from a page at all. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || isIPv4Loopback(address.replace(/^::ffff:/i, ''));

const isIPv4Loopback = (address: string): boolean => isIPv4(address) && address.startsWith('127.');

/** What a proxy adds when it hands on somebody else's request. */
const handedOn = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** The name or address in a Host header, without the port. */
const nameOf = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();

/**
 * Whether whoever asks sits at this machine. The address alone does not say so: a proxy on this machine has it too, and
 * so has a page from anywhere whose name was pointed at 127.0.0.1 after it was loaded (DNS rebinding): its Host header
 * still has that name.
 */
export function isFromThisMachine(address: string, headers: IncomingHttpHeaders): boolean {
  if (!isLoopbackAddress(address) || handedOn.some((name) => headers[name] !== undefined)) return false;
  const name = nameOf(headers.host ?? '');
  return name === 'localhost' || name === '[::1]' || isIPv4Loopback(name);
}

/**
 * Whether a browser says that a page of somebody else's asks, which would use its reader's rights. Programs that are no
 * browsers say nothing, and have no rights lying about.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const sameHost = /^https?:\/\/([^/]+)$/.exec(origin)?.[1].toLowerCase() === host?.toLowerCase();
  return !sameHost;
}
