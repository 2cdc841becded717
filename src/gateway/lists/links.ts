/** Addresses of a gateway's stations, for programs that need them whole. */
import type { FastifyRequest } from 'fastify';
import type { StationInfo } from '../../wire/station-info.js';
import { HttpProblem } from '../http-problem.js';
import type { StationSource } from '../source.js';

/** A name or IPv4 address, or an IPv6 address in brackets; then a port. */
const hostPattern = /^(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Where whoever asks reaches this gateway, e.g. `http://tv.example:8080`. Throws an HttpProblem for what is no host. */
export function originOf(request: FastifyRequest): string {
  const { host, protocol } = request;
  if (hostPattern.test(host)) return `${protocol}://${host}`;
  throw new HttpProblem(400, 'Not a host', 'The Host header is a name or an address, and a port where it needs one.');
}

export const stationAddress = (origin: string, { id }: StationInfo, suffix: string): string =>
  `${origin}/stations/${encodeURIComponent(id)}${suffix}`;

/** A picture of the station: its poster, or where it has none what it sends now. */
export async function pictureAddress(origin: string, source: StationSource): Promise<string> {
  return stationAddress(origin, source.info, (await source.poster()) ? '/poster.jpg' : '/thumbnail.jpg');
}
