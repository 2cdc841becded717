/** What only the server itself knows of its stations, for the operator. A gateway on another host has none of it. */

import type { Millis } from '../base/units.js';
import type { SessionView } from '../control/server-state.js';
import type { StationCounters } from '../threads/station-counters.js';
import type { UnicastStats } from '../unicast/unicast.js';
import type { FecMode } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';
import type { Operations, StationAction } from './commands.js';

export interface OperatorItem {
  /** Unique in its station. */
  readonly id: string;
  readonly name: string;
  readonly duration: Millis;
}

export interface OperatorStation {
  /** As it is described now, or would be. */
  readonly info: StationInfo;
  readonly onAir: boolean;
  /** In the order in which they are played. */
  readonly items: readonly OperatorItem[];
  /** Id of the slate that is shown in place of them. */
  readonly slate: string | null;
  /** What can be done to it now. */
  readonly actions: readonly StationAction[];
  /** Null while it is not on the air. */
  readonly progress: StationCounters | null;
  /** Null where it never has any. */
  readonly parity: { readonly mode: FecMode; readonly columns: StationCounters; readonly rows: StationCounters } | null;
  /** Undefined where nobody has asked anything of it. */
  readonly unicast: UnicastStats | undefined;
}

export interface Operator {
  readonly operations: Operations;
  /** Those that are not on the air too; in order of number. */
  readonly stations: readonly OperatorStation[];
  /** Receivers that have told the server that they have a station: whoever only listens to a group is not known. */
  readonly receivers: readonly SessionView[];
  /** The interface that packets leave by. */
  readonly interface: { readonly name: string; readonly address: string; readonly internal: boolean };
  /** How far the system's clock is ahead of the server's. */
  readonly clockOffset: Millis;
  /** What does not go as it should: whole sentences for the operator, the newest last. */
  readonly warnings: readonly string[];
}
