/**
 * A viewer on the interface of MSC_INTERFACE. Each command answers with the milliseconds to the first whole picture:
 *
 *     tune ID    receives the station as for a player, in the current session
 *     begin ID   receives it in a new session
 *     watch ID   shows it in the window of a player that is open
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { findChannels } from '../../src/cli/find.js';
import { Tuner } from '../../src/receiver/tuner.js';
import type { FoundChannel } from '../../src/viewer/channels.js';
import { MpvPlayer } from '../../src/viewer/players/mpv.js';
import { Viewer } from '../../src/viewer/viewer.js';
import { firstPicture } from './first-picture.js';
import { commands } from './helper.js';

/** Time for packets of the station before to arrive, ms. */
const REST = 300;

const channels = await findChannels({ interface: process.env.MSC_INTERFACE });
const channelOf = (id: string): FoundChannel => {
  const found = channels.find(({ info }) => info.id === id);
  if (!found) throw new Error(`no station ${id}`);
  return found;
};
const events = {
  onServer: () => undefined,
  onTrouble: (problem: Error) => process.stderr.write(`${problem.message}\n`),
};

/** Milliseconds from the request to the first picture. */
async function timeTune(tuner: Tuner, id: string): Promise<number> {
  const began = performance.now();
  await firstPicture(await tuner.tune(channelOf(id).found));
  return performance.now() - began;
}

let tuner: Tuner | null = null;

async function tune(id: string): Promise<number> {
  tuner ??= new Tuner(events);
  const before = tuner.current;
  const took = await timeTune(tuner, id);
  await before?.close();
  await sleep(REST);
  return took;
}

async function begin(id: string): Promise<number> {
  const tuner = new Tuner(events);
  const took = await timeTune(tuner, id);
  await tuner.close();
  return took;
}

let viewer: Viewer | null = null;
let onPicture: () => void = () => undefined;

async function watch(id: string): Promise<number> {
  const shown = new Promise<void>((resolve) => {
    onPicture = resolve;
  });
  const began = performance.now();
  if (viewer === null) {
    viewer = new Viewer({
      channels,
      startPlayer: (playerEvents) => {
        const onPictureToo = () => {
          onPicture();
          playerEvents.onPicture();
        };
        return MpvPlayer.start({
          program: 'mpv',
          events: { ...playerEvents, onPicture: onPictureToo },
          extraOptions: ['--ao=null'],
        });
      },
      show: () => undefined,
      refresh: async () => channels,
    });
    viewer.run(channelOf(id)).catch((error: Error) => {
      throw error;
    });
  } else {
    const { number } = channelOf(id).info;
    for (const digit of `${number}`) viewer.key(digit);
    viewer.key('enter');
  }
  await shown;
  return performance.now() - began;
}

const actions: Record<string, (id: string) => Promise<number>> = { tune, begin, watch };

for await (const [word, id] of commands()) console.log(String(await actions[word!]!(id!)));
process.exit();
