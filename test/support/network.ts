/** An isolated network for a test: only loopback, which also carries multicast. Linux, root. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import type { TestContext } from 'node:test';

const setUp = 'ip link set lo up && ip route add 224.0.0.0/4 dev lo';

/** For the `skip` option of a test: false where such networks can be made, else the reason. */
export const withoutNetwork = (): string | false =>
  process.platform === 'linux' && spawnSync('unshare', ['-n', 'sh', '-c', setUp]).status === 0
    ? false
    : 'needs root on Linux, to make a network of its own (unshare -n)';

/** Makes one that is removed with the test. Returns the process that keeps it. */
async function keepNetwork(context: TestContext): Promise<number> {
  const keeper = spawn('unshare', ['-n', 'sh', '-c', `${setUp} && echo ready && exec cat`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => keeper.kill('SIGKILL'));
  await once(keeper.stdout, 'data');
  return keeper.pid!;
}

const inNetwork = (keeper: number) => ['nsenter', `--net=/proc/${keeper}/ns/net`, '--'];

/** Runs a command in that network. */
function run(keeper: number, words: string): void {
  const [program, ...rest] = [...inNetwork(keeper), ...words.split(' ')];
  const { status, stderr } = spawnSync(program!, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words}: ${stderr}`);
}

/** Makes one that goes away with the test. Returns the words that, before a command, run it in there. */
export const ownNetwork = async (context: TestContext): Promise<string[]> => inNetwork(await keepNetwork(context));

export interface CableEnd {
  /** Address of the only interface besides loopback. */
  address: string;
  /** Calls `open` with this thread in that network. The sockets that it opens stay there. */
  inside<T>(open: () => T | Promise<T>): Promise<T>;
}

/** Makes two networks with a cable between them, whose ends have MTUs of `mtus` bytes. */
export async function cable(context: TestContext, mtus: [number, number]): Promise<[CableEnd, CableEnd]> {
  const { default: koffi } = await import('koffi');
  const setns = koffi.load(null).func('int setns(int fd, int type)');
  const keepers = [await keepNetwork(context), await keepNetwork(context)];
  const ends = keepers.map((keeper, i) => ({ keeper, address: `10.0.0.${i + 1}`, mtu: mtus[i] }));
  run(keepers[0]!, `ip link add cable type veth peer name cable netns ${keepers[1]}`);
  for (const { keeper, address, mtu } of ends) {
    run(keeper, `ip address add ${address}/24 dev cable`);
    run(keeper, `ip link set cable mtu ${mtu} up`);
  }
  for (const keeper of keepers) untilRunning(keeper, 'cable');
  const enter = async <T>(keeper: number, open: () => T | Promise<T>): Promise<T> => {
    const [here, there] = ['self', keeper].map((process) => openSync(`/proc/${process}/ns/net`, 'r'));
    if (setns(there, 0) !== 0) throw new Error('setns failed');
    try {
      return await open();
    } finally {
      setns(here, 0);
      for (const descriptor of [here, there]) closeSync(descriptor!);
    }
  };
  const [near, far] = ends.map(({ keeper, address }): CableEnd => ({ address, inside: (open) => enter(keeper, open) }));
  return [near!, far!];
}

/** A network with one cable to each of several others. */
export interface Star {
  /** Words that run a command in the middle, and its interfaces, one for each cable. */
  middle: string[];
  interfaces: string[];
  /** The same of each end, whose only interface but loopback is `cable`. */
  ends: string[][];
  /** Takes a cable away, with the interfaces at both ends, and lays it again with other interfaces of the same names. */
  cut(cable: number): void;
  lay(cable: number): void;
}

/** Makes one that goes away with the test. */
export async function star(context: TestContext, ends: number): Promise<Star> {
  const middle = await keepNetwork(context);
  const keepers: number[] = [];
  const lay = (i: number): void => {
    const end = keepers[i]!;
    run(middle, `ip link add cable${i} type veth peer name cable netns ${end}`);
    run(middle, `ip address add 10.${i}.0.1/24 dev cable${i}`);
    run(end, `ip address add 10.${i}.0.2/24 dev cable`);
    run(middle, `ip link set cable${i} up`);
    run(end, 'ip link set cable up');
    for (const [keeper, name] of [
      [middle, `cable${i}`],
      [end, 'cable'],
    ] as const)
      untilRunning(keeper, name);
  };
  const cut = (i: number): void => run(middle, `ip link delete cable${i}`);
  const made: Star = { middle: inNetwork(middle), interfaces: [], ends: [], cut, lay };
  for (let i = 0; i < ends; i++) {
    keepers.push(await keepNetwork(context));
    lay(i);
    made.interfaces.push(`cable${i}`);
    made.ends.push(inNetwork(keepers[i]!));
  }
  return made;
}

/** A cable works a moment after it is up; before that, programs do not see it. */
function untilRunning(keeper: number, name: string): void {
  const [program, ...rest] = [...inNetwork(keeper), 'ip', '-o', 'link', 'show', name];
  while (!spawnSync(program, rest, { encoding: 'utf8' }).stdout.includes('state UP'));
}
