/** Origin of a request: this machine or another, a page of this gateway or a foreign one. */
import type { IncomingHttpHeaders } from 'node:http';
import { isLoopback } from '../../base/ip-network.js';

/**
 * Headers by which a request shows that it was forwarded, also where its connection comes from this machine. A browser or
 * curl sends none of them.
 */
const forwardingHeaders: readonly RegExp[] = [
  /^forwarded$/, // RFC 7239
  /^via$/, // RFC 9110, section 7.6.3: every HTTP proxy should send it
  /^cdn-loop$/, // RFC 8586
  /^x-forwarded(-|$)/, // For, Host, Proto, Port, Server, By: HAProxy, Caddy, Traefik, Apache, load balancers
  /^x-(original|real|client|cluster-client|proxyuser|remote)-/, // nginx as commonly configured, ingress controllers
  /^(true|fastly|fly)-client-ip$/, // Akamai, Cloudflare, Fastly, Fly
  /^cf-/, // Cloudflare, whose tunnel ends at this machine
  /^x-(envoy|amzn|azure|appengine|arr|vercel|goog)-/, // Envoy, Amazon, Azure, Google, IIS
  /^(tailscale|ngrok)-/, // tunnels that end at this machine
  /^x-(nginx-proxy|proxy-id|request-start)$/, // older recipes for nginx, Heroku
];

/** The name or address in a Host header, without the port. */
const nameOf = (host: string): string => host.replace(/:\d{1,5}$/, '').toLowerCase();

const isLoopbackHost = (host: string): boolean => {
  const name = nameOf(host);
  return name === 'localhost' || isLoopback(name.replace(/^\[|\]$/g, ''));
};

export const isForwarded = (headers: IncomingHttpHeaders): boolean =>
  Object.keys(headers).some((name) => forwardingHeaders.some((pattern) => pattern.test(name)));

/** The client of a request, as far as the request shows it. */
export interface RequestOrigin {
  /** IP address of the client. */
  readonly address: string;
  readonly headers: IncomingHttpHeaders;
  /** Of the request; default 1.1. */
  readonly httpVersion?: string;
}

/**
 * Whether the client runs on this machine. The address alone is no proof: a proxy on this machine has it too, and so has a
 * page of any site whose name was pointed at 127.0.0.1 after loading (DNS rebinding). The Host header still has that name.
 * HTTP/1.0 is what nginx speaks to the server behind it where its configuration says nothing; browsers and curl do not.
 */
export function isFromThisMachine({ address, headers, httpVersion = '1.1' }: RequestOrigin): boolean {
  if (!isLoopback(address) || httpVersion === '1.0') return false;
  return isLoopbackHost(headers.host ?? '') && !isForwarded(headers);
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
