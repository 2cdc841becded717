/** The attacker: prepares what its task names, attacks for as many milliseconds as `begin` says, and prints what it sent. */
import { setTimeout as sleep } from 'node:timers/promises';
import { commands, readTask } from '../helper.js';
import type { AttackTask, Prepare } from './attacks.js';
import { connectionAttacks } from './connections.js';
import { forgeries } from './forgeries.js';
import { impostors } from './impostors.js';
import { sessionAttacks } from './sessions.js';

/** For comparison: what is seen of a server that nobody attacks. */
const nothing: Prepare = async () => async (until) => {
  await sleep(until - performance.now());
  return 0;
};

const attacks: Record<string, Prepare> = {
  nothing,
  ...sessionAttacks,
  ...forgeries,
  ...connectionAttacks,
  ...impostors,
};

const task: AttackTask = readTask();
const attack = await attacks[task.name]!(task);
for await (const [, duration] of commands()) {
  const began = performance.now();
  const sent = await attack(began + Number(duration));
  console.log(JSON.stringify({ sent, seconds: (performance.now() - began) / 1000 }));
  break;
}
process.exit();
