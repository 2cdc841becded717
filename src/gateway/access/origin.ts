/** Origin of a request: this machine or another, a page of this gateway or a foreign one. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIPv4 } from 'node:net';

const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || isIPv4Loopback(address.replace(/^::ffff:/i, ''));

const isIPv4Loopback = (address: string): boolean => isIPv4(address) && address.startsWith('127.');

/** Headers that proxies add to the requests that they forward. */
const forwardingHeaders = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'];

/** The name or address in a Host header, without the port. */
const nameOf = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();

/**
 * Whether the client runs on this machine. The address alone is no proof: a proxy on this machine has it too, and so has a
 * page of any site whose name was pointed at 127.0.0.1 after loading (DNS rebinding). The Host header still has that name.
 */
export function isFromThisMachine(address: string, headers: IncomingHttpHeaders): boolean {
  if (!isLoopbackAddress(address) || forwardingHeaders.some((name) => headers[name] !== undefined)) return false;
  const name = nameOf(headers.host ?? '');
  return name === 'localhost' || name === '[::1]' || isIPv4Loopback(name);
}

/**
 * Whether the request comes from a page of another site, which would use the rights of the browser's user. Programs other
 * than browsers send none of these headers, and have no cookies to misuse.
 */
export function isFromForeignPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  const { origin, host } = headers;
  if (origin === undefined) return false;
  const sameHost = /^https?:\/\/([^/]+)$/.exec(origin)?.[1]?.toLowerCase() === host?.toLowerCase();
  return !sameHost;
}
