/**
 * A second network, at the end of a long cable: with a delay that the cable has, and losses that its own firewall makes
 * of what arrives. Everything in it goes away with the benchmark.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { overflows } from '../../test/support/overflows.js';
import type { Hazards } from '../../test/support/relay.js';
import type { CableOptions } from './cable-process.js';
import { Program } from './processes.js';

/** The interface at both ends, and their addresses. */
export const NAME = 'cable';
export const NEAR = '10.77.0.1';
export const FAR = '10.77.0.2';

const entry = fileURLToPath(new URL('cable-process.js', import.meta.url));

/** What an end has sent and received. */
export interface Traffic {
  sent: { packets: number; bytes: number };
  received: { packets: number; bytes: number };
}

export class Cable {
  readonly #keeper: ChildProcess;
  readonly #process: Program;
  /** Words that, before a command, run it at the far end. */
  readonly atFarEnd: readonly string[];

  private constructor(keeper: ChildProcess, process: Program) {
    this.#keeper = keeper;
    this.#process = process;
    this.atFarEnd = inside(keeper.pid!);
  }

  /** Call it where the near end is to be: see `ownNetwork`. */
  static async lay(hazards: { there: Hazards; back: Hazards }): Promise<Cable> {
    const keeper = spawn('unshare', ['-n', 'sh', '-c', 'ip link set lo up && echo ready && exec cat'], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    await once(keeper.stdout!, 'data');
    const options: CableOptions = { far: keeper.pid!, ...hazards };
    const carrier = new Program(process.execPath, [entry, JSON.stringify(options)]);
    const cable = new Cable(keeper, carrier);
    const isLaid = once(carrier.child.stdout!, 'data').then(() => true);
    if (await Promise.race([isLaid, once(carrier.child, 'close').then(() => false)])) return cable;
    await cable.remove();
    throw new Error(`the cable could not be laid: ${carrier.said}`);
  }

  /** From now on this is what happens on the way to the far end. */
  change(there: Hazards): void {
    this.#process.child.stdin!.write(`${JSON.stringify(there)}\n`);
  }

  /** From now on the far end loses this share of the UDP datagrams that reach it, 0 to 1, at random. */
  lose(share: number): void {
    const steps = 10_000;
    const chance = `numgen random mod ${steps} < ${Math.round(share * steps)}`;
    filter(this.atFarEnd, 'loss', `iifname "${NAME}" meta l4proto udp ${chance} drop`);
  }

  /** From now on the near end does not hear what is asked of it as RTCP at this port; control messages it does. */
  deafen(port: number): void {
    // The two first bits of the UDP payload are RTCP's version, 10.
    filter([], 'deaf', `iifname "${NAME}" udp dport ${port} @th,64,2 2 drop`);
  }

  /** As the far end counts since the cable was laid, before anything is lost: with IP headers. */
  traffic(): Traffic {
    const line = readFileSync(`/proc/${this.#keeper.pid}/net/dev`, 'utf8')
      .split('\n')
      .find((text) => text.trim().startsWith(`${NAME}:`))!;
    const fields = line
      .slice(line.indexOf(':') + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    // receive: bytes packets errs drop fifo frame compressed multicast; transmit: the same
    const at = (i: number) => ({ bytes: fields[i] ?? 0, packets: fields[i + 1] ?? 0 });
    return { received: at(0), sent: at(8) };
  }

  /** Datagrams for which the far end's sockets have had no room since the cable was laid. */
  overflows(): number {
    return overflows(this.#keeper.pid);
  }

  async remove(): Promise<void> {
    spawnSync('nft', ['delete', 'table', 'inet', 'deaf']); // if there is one
    await this.#process.end();
    this.#keeper.kill('SIGKILL');
  }
}

/** Has packets that arrive checked by this rule alone, in the network to which the words `before` lead. */
function filter(before: readonly string[], name: string, rule: string): void {
  const table = `table inet ${name}`;
  const chain = `chain arriving {\n type filter hook prerouting priority raw;\n ${rule}\n}`;
  const [command, ...words] = [...before, 'nft', '-f', '-'];
  const input = `${table}\ndelete ${table}\n${table} {\n${chain}\n}\n`;
  const { status, stderr } = spawnSync(command, words, { encoding: 'utf8', input });
  if (status !== 0) throw new Error(`nft: ${stderr}`);
}

const inside = (pid: number): string[] => ['nsenter', `--net=/proc/${pid}/ns/net`, '--'];
