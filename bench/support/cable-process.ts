/**
 * A cable between two networks: carries all IP packets, with the hazards of each direction. It runs in the network of
 * the near end. A command is a Hazards object, for the way to the far end. Tun devices have no delay, and a kernel can
 * lack netem, so the packets pass through this process.
 */

import { spawnSync } from 'node:child_process';
import { openSync, read, writeSync } from 'node:fs';
import { Millis } from '../../src/base/units.js';
import { type Hazards, Path } from '../../test/support/relay.js';
import { FAR, NAME, NEAR } from './cable.js';
import { commands, readTask } from './helper.js';

export interface CableTask {
  /** A process in the network of the far end. */
  far: number;
  /** Hazards on the way to the far end, and to the near end. */
  there: Hazards;
  back: Hazards;
}

/** linux/if_tun.h */
const TUNSETIFF = 0x400454ca;
const IFF_TUN = 1;
const IFF_NO_PI = 0x1000;
/** struct ifreq: ifr_name 16, ifr_flags 2, and a union that is not used here. */
const IFREQ_LENGTH = 40;
const IFNAMSIZ = 16;
const LARGEST_PACKET = 65_536;

const { far, there, back }: CableTask = readTask();
const { default: koffi } = await import('koffi');
const ioctl = koffi.load(null).func('int ioctl(int fd, unsigned long request, void *argument)');

/** Reading the descriptor gives packets that the system sends through the device; the system receives written ones. */
function openTun(name: string): number {
  const descriptor = openSync('/dev/net/tun', 'r+');
  const request = Buffer.alloc(IFREQ_LENGTH);
  request.write(name);
  request.writeUInt16LE(IFF_TUN | IFF_NO_PI, IFNAMSIZ);
  if (ioctl(descriptor, TUNSETIFF, request) !== 0) throw new Error(`tun device ${name} cannot be created`);
  return descriptor;
}

function run(words: string): void {
  const [command, ...rest] = words.split(' ');
  const { status, stderr, error } = spawnSync(command!, rest, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${words}: ${error?.message ?? stderr}`);
}

const near = openTun(NAME);
const other = openTun(`${NAME}-far`);
run(`ip link set ${NAME}-far netns ${far} name ${NAME}`);
const inside = `nsenter --net=/proc/${far}/ns/net -- `;
for (const [before, address] of [
  ['', NEAR],
  [inside, FAR],
]) {
  run(`${before}ip address add ${address}/24 dev ${NAME}`);
  run(`${before}ip link set ${NAME} txqueuelen 10000 up`);
  run(`${before}ip route replace 224.0.0.0/4 dev ${NAME} metric 1`);
}

/** Carries one direction. */
function carry(from: number, to: number, hazards: Hazards): Path<Buffer> {
  const path = new Path<Buffer>(hazards);
  const memory = Buffer.allocUnsafe(LARGEST_PACKET);
  let timer: NodeJS.Timeout | undefined;
  const deliver = () => {
    for (const packet of path.leave(Millis(performance.now()))) writeSync(to, packet);
    const { next } = path;
    timer = next === null ? undefined : setTimeout(deliver, next - performance.now());
  };
  const listen = () =>
    read(from, memory, 0, memory.length, null, (error, length) => {
      if (error) throw error;
      path.enter(Buffer.from(memory.subarray(0, length)), Millis(performance.now()));
      if (timer === undefined) deliver();
      listen();
    });
  listen();
  return path;
}

const towards = carry(near, other, there);
carry(other, near, back);
for await (const words of commands()) towards.change(JSON.parse(words.join(' ')));
process.exit(); // The benchmark has ended.
