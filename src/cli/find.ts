/** The first step of `list`, `watch` and `record`: finding the stations on the interface that was named. */

import { Millis } from '../base/units.js';
import { type FoundStation, findStations, leftOutLines, type StationServer, serverNames } from '../discovery/find.js';
import { resolveInterface } from '../net/interfaces.js';
import { channelsOf, type FoundChannel, matching } from '../viewer/channels.js';
import type { MessageKey } from '../wire/seal.js';
import type { StationInfo } from '../wire/station-info.js';

export interface FindChannelsOptions {
  /** Name or address; undefined: all. */
  interface?: string;
  /** Further interfaces, named or by address: servers there that send the same stations. */
  also?: readonly string[];
  /** Longest wait for answers; default that of findStations. */
  timeout?: Millis;
  /** With it, only servers that have the same key are believed. */
  key?: MessageKey;
  /** The wanted station: until it is found, the search lasts for the whole `timeout`. */
  station?: string;
  /** Stations found before, which keep their keys. */
  before?: readonly FoundChannel[];
  /** Called with what is not in the list: whole sentences. */
  onLeftOut?: (lines: readonly string[]) => void;
}

/** Rejects with a Problem when there is no such interface. */
export async function findChannels(options: FindChannelsOptions): Promise<FoundChannel[]> {
  const { timeout, key, station, before, onLeftOut, also = [] } = options;
  const first = options.interface === undefined ? null : resolveInterface(options.interface);
  const interfaces = first === null ? undefined : [first, ...also.map((name) => resolveInterface(name))];
  const isEnough = (found: readonly FoundStation[]): boolean =>
    station === undefined || matching(channelsOf(found), station).length > 0;
  const all = await findStations({
    interfaces,
    timeout,
    key,
    isEnough,
    before: before?.map(({ found }) => found),
    onLeftOut: (leftOut) => onLeftOut?.(leftOutLines(leftOut)),
  });
  const channels = channelsOf(first === null ? all : all.flatMap((found) => reachedAt(found, first.address)));
  return channels.sort((a, b) => a.info.number - b.info.number || a.info.server.localeCompare(b.info.server));
}

/** Longest search for a station that does not arrive any more. */
const SEARCH_TIME = Millis(500);

/** A search for one of the stations `before`, whose server may have moved; for `TunerOptions`. */
export const searchAgain =
  (options: Pick<FindChannelsOptions, 'interface' | 'also' | 'key'>, before: readonly FoundChannel[]) =>
  async (wanted: string): Promise<FoundStation | null> => {
    const found = await findChannels({
      interface: options.interface,
      also: options.also,
      key: options.key,
      timeout: SEARCH_TIME,
      station: wanted,
      before,
    });
    return found.find(({ key }) => key === wanted)?.found ?? null;
  };

/** The station with its servers at that interface first, which it is received on; none if there are none. */
function reachedAt(found: FoundStation, localAddress: string): FoundStation[] {
  const isThere = (server: StationServer): boolean => server.localAddress === localAddress;
  const [server, ...others] = found.servers.filter(isThere);
  if (server === undefined) return [];
  return [{ ...found, servers: [server, ...others, ...found.servers.filter((each) => !isThere(each))] }];
}

/** For a table: with the names of all its servers. */
export const listed = ({ info, found }: FoundChannel): StationInfo => ({ ...info, server: serverNames(found) });
