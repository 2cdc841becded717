/** Absolute addresses of a gateway's stations. */
import type { FastifyRequest } from 'fastify';
import type { StationInfo } from '../../wire/station-info.js';
import { HttpProblem } from '../http-problem.js';
import type { StationSource } from '../source.js';

/** A name or IPv4 address, or an IPv6 address in brackets; then a port. */
const hostPattern = /^(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** The origin by which the client reaches this gateway, e.g. `http://tv.example:8080`. Throws an HttpProblem for an invalid host. */
export function originOf(request: FastifyRequest): string {
  const { host, protocol } = request;
  if (hostPattern.test(host)) return `${protocol}://${host}`;
  throw new HttpProblem(400, 'Not a host', 'The Host header must be a name or an address, with an optional port.');
}

export const stationAddress = (origin: string, { id }: StationInfo, suffix: string): string =>
  `${origin}/stations/${encodeURIComponent(id)}${suffix}`;

/** Address of a picture of the station: its poster, or else its thumbnail. */
export async function pictureAddress(origin: string, source: StationSource): Promise<string> {
  return stationAddress(origin, source.info, (await source.poster()) ? '/poster.jpg' : '/thumbnail.jpg');
}
