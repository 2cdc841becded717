/** Conditions that the server watches, and the operator's next steps. */

import { Millis } from '../../base/units.js';
import type { Check, StationStats } from '../../contract/api.js';
import type { Sample } from './samples.js';

/** How long lost packets are reported. */
const TROUBLE_TIME = Millis(60_000);
const MOST_WARNINGS = 20;

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)}%`;

/** Responsible for: the time and number of the latest losses. */
export class Checks {
  #lost = 0;
  #lostAt: Millis = Millis(Number.NEGATIVE_INFINITY);
  #lostLately = 0;

  next({ server, stations, warnings }: Sample): Check[] {
    const { clockOffset, cpu, processors, interface: at } = server;
    const time = Millis(server.time);
    const lost = stations.reduce((sum, station) => sum + station.lost, 0);
    if (lost > this.#lost) {
      this.#lostLately = lost - this.#lost + (time - this.#lostAt < TROUBLE_TIME ? this.#lostLately : 0);
      this.#lostAt = time;
    }
    this.#lost = lost;
    return [
      ...(at === null ? [] : [this.#sending(time, stations), network(at)]),
      ...(clockOffset === null ? [] : [clock(Millis(clockOffset))]),
      processor(cpu / processors),
      ...reception(stations),
      ...warnings.slice(-MOST_WARNINGS).map(warning),
    ];
  }

  #sending(time: Millis, stations: readonly StationStats[]): Check {
    const id = 'sending';
    if (time - this.#lostAt < TROUBLE_TIME) {
      const title = `${this.#lostLately} packets were not sent in the last minute`;
      const detail =
        'They were too late, or could not be read or sent. The usual cause is a slow disk or a busy processor.';
      return { id, state: 'bad', title, detail };
    }
    const worst = Math.max(...stations.map(({ lateness }) => lateness ?? 0), 0);
    if (worst > 20) {
      const title = `Packets leave up to ${worst.toFixed(0)} ms late`;
      return { id, state: 'fair', title, detail: 'No packet is lost yet. The processor or the disk is busy.' };
    }
    return { id, state: 'good', title: 'Packets leave on time', detail: 'No packet was lost in the last minute.' };
  }
}

function network({ name, address, internal, connected }: NonNullable<Sample['server']['interface']>): Check {
  const id = 'network';
  if (!connected) {
    const detail = `Nothing reaches viewers until it is back. It had the address ${address}.`;
    return { id, state: 'bad', title: `The network interface ${name} is gone`, detail };
  }
  if (!internal) {
    return { id, state: 'good', title: `On the network of ${name}`, detail: `Stations are sent from ${address}.` };
  }
  const detail = 'Other machines cannot receive the groups. Start the server with --interface to reach a network.';
  return { id, state: 'fair', title: 'On this machine only', detail };
}

function clock(offset: Millis): Check {
  const id = 'clock';
  const size = Math.abs(offset);
  const detail = 'The server’s clock follows slowly, so that no station jumps.';
  if (size < 20) return { id, state: 'good', title: 'The clock is right', detail };
  const title = `The system’s clock is ${(size / 1000).toFixed(size < 1000 ? 3 : 0)} s ${offset > 0 ? 'ahead' : 'behind'}`;
  if (size < 1_000) return { id, state: 'fair', title, detail };
  return { id, state: 'bad', title, detail: `${detail} Restart the server to set it at once.` };
}

function processor(busy: number): Check {
  const state = busy > 0.9 ? 'bad' : busy > 0.7 ? 'fair' : 'good';
  const title = state === 'good' ? 'The processor has room' : 'The processor is nearly full';
  return { id: 'processor', state, title, detail: `The server uses ${percent(busy)} of the machine’s processors.` };
}

function reception(stations: Sample['stations']): Check[] {
  const reporting = stations.filter((station) => station.reporting > 0);
  if (reporting.length === 0) return [];
  const id = 'reception';
  const worst = Math.max(...reporting.map(({ loss }) => loss.p95));
  if (worst < 0.01) {
    return [
      { id, state: 'good', title: 'Receivers get all packets', detail: 'Hardly any packets are reported missing.' },
    ];
  }
  const title = `Some receivers miss ${percent(worst)} of the packets`;
  const detail = 'Repair replaces most of them. Check switches (IGMP snooping, a querier), cables and Wi-Fi.';
  return [{ id, state: worst > 0.05 ? 'bad' : 'fair', title, detail }];
}

const warning = (title: string, index: number): Check => ({ id: `warning-${index}`, state: 'fair', title, detail: '' });
