/** Stations of servers under test, as whoever searches the network finds them. */
import type { TestContext } from 'node:test';
import { type FoundStation, findStations } from '../../src/discovery/find.js';
import { loopback } from '../../src/net/interfaces.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { until } from './display.js';

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
