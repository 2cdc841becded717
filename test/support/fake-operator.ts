/** A server's operator without a server: the test sets the counters, and reads the commands that were executed. */

import { Problem } from '../../src/base/problem.js';
import { Millis } from '../../src/base/units.js';
import type { OperatorCommand, StationAction } from '../../src/contract/commands.js';
import type { Operator, ServerStation, ServerView, Slate } from '../../src/contract/server-view.js';
import { StationCounters } from '../../src/threads/station-counters.js';
import type { StationInfo } from '../../src/wire/station-info.js';

export type FakeServerStation = { -readonly [Name in keyof Omit<ServerStation, 'sent'>]: ServerStation[Name] } & {
  counters: StationCounters;
};

const everything: readonly StationAction[] = ['stop', 'skip', 'rename', 'reorder', 'reload', 'show'];

export const fakeServerStation = (info: StationInfo): FakeServerStation => ({
  info,
  onAir: true,
  items: [
    { id: 'a', name: 'First film', duration: Millis(60_000), notes: [] },
    {
      id: 'b',
      name: 'Second film',
      duration: Millis(90_000),
      notes: ['the file is cut off: 1.0 s of 2.0 s can be played'],
    },
  ],
  leftOut: [],
  slate: null,
  actions: everything,
  counters: new StationCounters(),
  parity: null,
  unicast: undefined,
});

export class FakeOperator implements Operator {
  stations: FakeServerStation[];
  receivers: ServerView['receivers'] = [];
  interface = { name: 'eth0', address: '192.0.2.1', internal: false, connected: true };
  clockOffset = Millis(0);
  revision = 0;
  warnings: string[] = [];
  readonly slates: Slate[] = [
    { id: 'back-soon', name: 'Back soon' },
    { id: 'alarm', name: 'Leave the building' },
  ];
  /** The commands that were executed, e.g. "skip station-1". */
  readonly done: string[] = [];
  /** Set to have the next command fail. */
  refusal: Error | null = null;

  constructor(...infos: StationInfo[]) {
    this.stations = infos.map(fakeServerStation);
  }

  view(): ServerView {
    const { slates, receivers, interface: at, clockOffset, warnings } = this;
    const stations = this.stations.map(({ counters, ...station }) => ({ ...station, sent: counters.snapshot() }));
    return { stations, slates, receivers, interface: at, clockOffset, warnings };
  }

  async execute(command: OperatorCommand): Promise<void> {
    const { refusal } = this;
    this.refusal = null;
    if (refusal) throw refusal;
    const { do: action, station, ...rest } = command;
    const words = Object.values(rest).flat();
    const where = station ?? 'everywhere';
    this.revision++;
    this.done.push([action, ...(action === 'show' ? [...words, where] : [where, ...words])].join(' '));
    for (const each of this.stations) {
      if (station === null || each.info.id === station) carryOut(command, each);
    }
  }

  station(id: string): FakeServerStation {
    const station = this.stations.find(({ info }) => info.id === id);
    if (station) return station;
    throw new Problem('station', `there is no station "${id}"`, 'msc list shows all.');
  }
}

function carryOut(command: OperatorCommand, station: FakeServerStation): void {
  switch (command.do) {
    case 'start':
      Object.assign(station, { onAir: true, actions: everything });
      break;
    case 'stop':
      Object.assign(station, { onAir: false, actions: ['start', 'rename'] });
      break;
    case 'rename':
      station.info = { ...station.info, name: command.name };
      break;
    case 'reorder':
      station.items = command.items.map((item) => station.items.find((each) => each.id === item)!);
      break;
    case 'show':
      station.slate = command.slate;
      break;
    case 'resume':
      station.slate = null;
      break;
    case 'skip':
    case 'reload':
  }
}
