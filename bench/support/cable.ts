/** A second network behind a cable with a delay. The firewall of that network drops packets. It ends with the benchmark. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { overflows } from '../../test/support/overflows.js';
import type { Hazards } from '../../test/support/relay.js';
import type { CableTask } from './cable-process.js';
import { HelperProcess } from './processes.js';
import { type Traffic, trafficOf } from './traffic.js';

/** The interface at both ends, and their addresses. */
export const NAME = 'cable';
export const NEAR = '10.77.0.1';
export const FAR = '10.77.0.2';

export class Cable {
  readonly #keeper: ChildProcess;
  readonly #process: HelperProcess;
  /** A command that runs another command at the far end. */
  readonly atFarEnd: readonly string[];

  private constructor(keeper: ChildProcess, process: HelperProcess) {
    this.#keeper = keeper;
    this.#process = process;
    this.atFarEnd = ['nsenter', `--net=/proc/${keeper.pid}/ns/net`, '--'];
  }

  /** The near end is in the network of this process: see `ownNetwork`. */
  static async lay(hazards: { there: Hazards; back: Hazards }): Promise<Cable> {
    const keeper = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(keeper.stdout!, 'data');
    const task: CableTask = { far: keeper.pid!, ...hazards };
    try {
      return new Cable(keeper, await HelperProcess.start('cable-process', task));
    } catch (error) {
      keeper.kill('SIGKILL');
      throw error;
    }
  }

  /** Changes the hazards on the way to the far end. */
  change(there: Hazards): void {
    this.#process.write(JSON.stringify(there));
  }

  /** Drops a share of the UDP datagrams that arrive at the far end, 0 to 1, at random. */
  lose(share: number): void {
    const steps = 10_000;
    const chance = `numgen random mod ${steps} < ${Math.round(share * steps)}`;
    filter(this.atFarEnd, 'loss', `iifname "${NAME}" meta l4proto udp ${chance} drop`);
  }

  /** Drops RTCP that arrives at this port of the near end, but not control messages. */
  deafen(port: number): void {
    // The first two bits of the UDP payload are RTCP's version, 10.
    filter([], 'deaf', `iifname "${NAME}" udp dport ${port} @th,64,2 2 drop`);
  }

  /** Traffic of the far end since the cable was laid, dropped packets included. */
  traffic(): Traffic {
    return trafficOf(this.#keeper.pid!, NAME);
  }

  /** Datagrams dropped since the cable was laid because sockets at the far end were full. */
  overflows(): number {
    return overflows(this.#keeper.pid);
  }

  async remove(): Promise<void> {
    spawnSync('nft', ['delete', 'table', 'inet', 'deaf']); // If it exists.
    await this.#process.end();
    this.#keeper.kill('SIGKILL');
  }
}

/** Sets the rule for arriving packets, in the network in which `before` runs a command. */
function filter(before: readonly string[], name: string, rule: string): void {
  const table = `table inet ${name}`;
  const chain = `chain arriving {\n type filter hook prerouting priority raw;\n ${rule}\n}`;
  const [command, ...words] = [...before, 'nft', '-f', '-'];
  const input = `${table}\ndelete ${table}\n${table} {\n${chain}\n}\n`;
  const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`nft: ${stderr}`);
}
