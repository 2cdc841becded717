/** A server's operator without a server: stations whose counters a test sets, and a list of what was done. */

import { Problem } from '../../src/base/problem.js';
import type { Operations, Slate, StationAction } from '../../src/contract/commands.js';
import type { Operator, OperatorStation } from '../../src/contract/server-view.js';
import { StationCounters } from '../../src/threads/station-counters.js';
import type { StationInfo } from '../../src/wire/station-info.js';

export type FakeOperatorStation = { -readonly [Name in keyof OperatorStation]: OperatorStation[Name] } & {
  progress: StationCounters;
};

const everything: readonly StationAction[] = ['stop', 'skip', 'rename', 'reorder', 'reload', 'show'];

export const fakeOperatorStation = (info: StationInfo): FakeOperatorStation => ({
  info,
  onAir: true,
  items: [
    { id: 'a', name: 'First film', duration: 60_000 },
    { id: 'b', name: 'Second film', duration: 90_000 },
  ],
  slate: null,
  actions: everything,
  progress: new StationCounters(),
  parity: null,
  unicast: undefined,
});

export class FakeOperator implements Operator {
  stations: FakeOperatorStation[];
  receivers: Operator['receivers'] = [];
  interface = { name: 'eth0', address: '192.0.2.1', internal: false };
  clockOffset = 0;
  warnings: string[] = [];
  readonly slates: Slate[] = [
    { id: 'back-soon', name: 'Back soon' },
    { id: 'alarm', name: 'Leave the building' },
  ];
  /** What was done, e.g. "skip station-1". */
  readonly done: string[] = [];
  /** Set to have the next operation fail. */
  refusal: Problem | null = null;

  constructor(...infos: StationInfo[]) {
    this.stations = infos.map(fakeOperatorStation);
  }

  readonly operations: Operations = {
    slates: this.slates,
    start: async (id) => {
      this.#does('start', id);
      Object.assign(this.station(id), { onAir: true, actions: everything });
    },
    stop: async (id) => {
      this.#does('stop', id);
      Object.assign(this.station(id), { onAir: false, actions: ['start', 'rename'] });
    },
    skip: async (id) => this.#does('skip', id),
    rename: async (id, name) => {
      this.#does('rename', id, name);
      const station = this.station(id);
      station.info = { ...station.info, name };
    },
    reorder: async (id, items) => {
      this.#does('reorder', id, ...items);
      const station = this.station(id);
      station.items = items.map((item) => station.items.find((each) => each.id === item)!);
    },
    reload: async (id) => this.#does('reload', id),
    show: async (slate, id) => {
      this.#does('show', slate, id ?? 'everywhere');
      for (const station of this.stations) if (id === null || station.info.id === id) station.slate = slate;
    },
    resume: async (id) => {
      this.#does('resume', id ?? 'everywhere');
      for (const station of this.stations) if (id === null || station.info.id === id) station.slate = null;
    },
  };

  station(id: string): FakeOperatorStation {
    const station = this.stations.find(({ info }) => info.id === id);
    if (station) return station;
    throw new Problem('station', `there is no station "${id}"`, 'msc list shows all.');
  }

  #does(...what: string[]): void {
    const { refusal } = this;
    this.refusal = null;
    if (refusal) throw refusal;
    this.done.push(what.join(' '));
  }
}
