/** Stations of servers under test, as a search finds them. */
import type { TestContext } from 'node:test';
import { Millis } from '../../src/base/units.js';
import { type FoundStation, findStations } from '../../src/discovery/find.js';
import { FindState } from '../../src/discovery/find-state.js';
import { loopback } from '../../src/net/interfaces.js';
import { encodeMessage, message } from '../../src/wire/message.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { until } from './display.js';

/** What a search finds where these servers answer it, each from its address with its stations. */
export function foundAt(answers: readonly { address: string; stations: StationInfo[] }[]): readonly FoundStation[] {
  const localAddress = '192.0.2.200';
  const search = new FindState({
    localAddresses: [localAddress],
    query: { address: '', port: 0 },
    requestId: 1,
    now: Millis(0),
  });
  for (const { address, stations } of answers) {
    const from = { address, port: 5601 };
    const cookie = Buffer.alloc(16, 1);
    const body = { server: 'any', controlPort: 5601, stations: stations.length };
    search.receive(encodeMessage(message('challenge', 1, body, { cookie })), from, localAddress, Millis(0));
    search.receive(encodeMessage(message('stations', 1, stations, { pages: 1 })), from, localAddress, Millis(0));
  }
  return search.found;
}

/** Searches until it is found: on a busy machine the others may have answered long before its server does. */
export async function findOnAir(context: TestContext, { id, group }: StationInfo): Promise<FoundStation> {
  let found: FoundStation | undefined;
  await until(context, async () => {
    const all = await findStations({ interfaces: [loopback()] });
    found = all.find(({ info }) => info.id === id && info.group === group);
    return found !== undefined;
  });
  return found!;
}
