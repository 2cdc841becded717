/**
 * A witness: a new viewer each second, of the build under test, that searches for a station and tunes. The answer is the
 * time from the request to its first whole picture.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { findChannels as FindChannels } from '../../../src/cli/find.js';
import type { Tuner as TunerClass } from '../../../src/receiver/tuner.js';
import { firstPicture } from '../first-picture.js';
import { readTask } from '../helper.js';
import { inTime } from './in-time.js';
import { probe } from './probe.js';

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
