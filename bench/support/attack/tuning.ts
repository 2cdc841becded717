/**
 * A witness: a new viewer each second, of the build under test, that searches for a station and tunes. The answer is the
 * time from the request to its first whole picture.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { findChannels as FindChannels } from '../../../src/cli/find.js';
import type { StationReceiver } from '../../../src/receiver/station-receiver.js';
import type { Tuner as TunerClass } from '../../../src/receiver/tuner.js';
import { Pid, pidOf, startsPayloadUnit, TS_PACKET_LENGTH } from '../../../src/wire/ts.js';
import { readTask } from '../helper.js';
import { inTime, probe } from './probe.js';

export interface TuningTask {
  /** The folder dist of the build. */
  dist: string;
  station: string;
}

const PERIOD = 1_000;
const PATIENCE = 3_000;

const { dist, station }: TuningTask = readTask();
const load = (module: string) => import(pathToFileURL(join(dist, 'src', module)).href);
const { findChannels }: { findChannels: typeof FindChannels } = await load('cli/find.js');
const { Tuner }: { Tuner: typeof TunerClass } = await load('receiver/tuner.js');

/** Resolves when the first picture and the start of the next can be read. */
async function firstPicture({ buffer }: StationReceiver): Promise<void> {
  const settled = (cursor: Parameters<typeof buffer.wait>[0]) =>
    new Promise<void>((resolve) => buffer.wait(cursor, resolve));
  await settled(null);
  const cursor = buffer.openAtLastRandomAccess();
  if (cursor === null) throw new Error('the stream has ended');
  for (let begun = 0; begun < 2; ) {
    await settled(cursor);
    for (const { data } of buffer.read(cursor, 1 << 20) ?? []) {
      for (let at = 0; at + TS_PACKET_LENGTH <= data.length; at += TS_PACKET_LENGTH) {
        if (pidOf(data, at) === Pid.video && startsPayloadUnit(data, at)) begun++;
      }
    }
  }
}

await probe(PERIOD, async () => {
  const channels = await findChannels({ interface: process.env.MSC_INTERFACE, station });
  const channel = channels.find(({ info }) => info.id === station);
  if (channel === undefined) throw new Error(`${station} was not found`);
  const tuner = new Tuner({ onServer: () => undefined, onTrouble: () => undefined });
  const began = performance.now();
  const tuned = await inTime(tuner.tune(channel.found).then(firstPicture), PATIENCE);
  const took = performance.now() - began;
  await inTime(tuner.close(), PATIENCE);
  return tuned === null ? null : took;
});
