/** Receives many stations in one process, and keeps the last seconds of each. `end` prints a ManyReport. */
import type { Millis } from '../../src/base/units.js';
import { openGroupBatched } from '../../src/net/receive-batched.js';
import { receiveStation } from '../../src/receiver/station-receiver.js';
import type { StationInfo } from '../../src/wire/station-info.js';
import { commands, readTask } from './helper.js';
import { sum } from './stats.js';

/** `latency`: the time that packets can wait to be read together, ms. */
export interface ManyTask {
  stations: StationInfo[];
  latency: Millis;
}

/** Of all stations, since the start. */
export interface ManyReport {
  packets: number;
  lost: number;
}

const { stations, latency } = readTask<ManyTask>();
const onError = (error: Error) => {
  throw error;
};
const buffer = { maxBytes: 1_000_000 };
const receivers = await Promise.all(
  stations.map((station) =>
    receiveStation({ station, localAddress: '127.0.0.1', openGroup: openGroupBatched, latency, buffer, onError }),
  ),
);
for await (const _ of commands()) {
  const reports = receivers.map((receiver) => receiver.report());
  const report: ManyReport = {
    packets: sum(reports.map(({ received }) => received)),
    lost: sum(reports.map(({ lost }) => lost)),
  };
  console.log(JSON.stringify(report));
}
process.exit();
