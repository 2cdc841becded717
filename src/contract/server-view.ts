/** What a server shows its operator: plain data, and one function that executes commands. */
import type { Millis } from '../base/units.js';
import type { FecMode } from '../wire/fec.js';
import type { StationInfo } from '../wire/station-info.js';
import type { ReceiverSession } from './api.js';
import type { OperatorCommand, StationAction } from './commands.js';

/** What was sent of one stream since it went on the air. */
export interface SendStats {
  /** Packets, and their bytes with RTP headers. */
  readonly packets: number;
  readonly bytes: number;
  /** Packets that were not sent: too late, unreadable, refused by the system. */
  readonly droppedLate: number;
  readonly unread: number;
  readonly refused: number;
  /** Times that packets were due before the disk had brought them. */
  readonly waits: number;
  /** Packets by lateness: the histogram of threads/lateness.ts, as it is now or later. Not to be written to. */
  readonly lateness: Uint32Array;
}

/** Nearest-rank percentiles. */
export interface Percentiles {
  p50: number;
  p95: number;
}

/** What the receivers of a station report. */
export interface ReceptionReports {
  /** Receivers that have reported lately. */
  receivers: number;
  /** Packets of all receivers since the server started: received, missing before repair, missing after it. */
  received: number;
  lost: number;
  unrepaired: number;
  /** Share of the packets missing before repair, 0 to 1, over the receivers that have reported lately. */
  loss: Percentiles;
  /** Milliseconds. */
  jitter: Percentiles;
  buffer: Percentiles;
  delay: Percentiles;
}

/** What one station sent to single viewers since the server started. */
export interface UnicastCounts {
  /** Packets requested, and sent in reply: to single viewers, and to the group. */
  requested: number;
  repaired: number;
  repairedForAll: number;
  bursts: number;
  replays: number;
  /** Packets of bursts and replays. */
  flowPackets: number;
  /** Bytes of all of these. */
  bytes: number;
  /** Packets and flows refused for want of budget. */
  refusedPackets: number;
  refusedFlows: number;
  /** Packets that could not be read, or not in time. */
  unread: number;
}

export interface UnicastStats extends UnicastCounts {
  reports: ReceptionReports;
}

export interface ServerItem {
  /** Unique in its station. */
  readonly id: string;
  readonly name: string;
  readonly duration: Millis;
  /** What it lacks of its source, or shows differently, one phrase each. */
  readonly notes: readonly string[];
}

/** A station of the line-up, on the air or not. */
export interface ServerStation {
  /** The description of now; of a station that is off the air, the one that it would have. */
  readonly info: StationInfo;
  readonly onAir: boolean;
  /** In playing order. */
  readonly items: readonly ServerItem[];
  /** What of its folder is not played, one phrase each. */
  readonly leftOut: readonly string[];
  /** Id of the slate on the air; null: none. */
  readonly slate: string | null;
  /** The actions that are possible now. */
  readonly actions: readonly StationAction[];
  /** Null: off the air. */
  readonly sent: SendStats | null;
  /** Null: no parity is configured. */
  readonly parity: { readonly mode: FecMode; readonly columns: SendStats; readonly rows: SendStats } | null;
  /** Undefined: no viewer has requested anything yet. */
  readonly unicast: UnicastStats | undefined;
}

/** Something prepared that can replace the programme of stations: a slate, an announcement, an alarm. */
export interface Slate {
  /** Unique, and stable across restarts. */
  readonly id: string;
  readonly name: string;
}

/** The server at one moment. */
export interface ServerView {
  /** By number. */
  readonly stations: readonly ServerStation[];
  readonly slates: readonly Slate[];
  /** Receivers with a session. A receiver that only joins the group is unknown. */
  readonly receivers: readonly ReceiverSession[];
  /** The interface that packets leave by; one that is gone as it was before. */
  readonly interface: {
    readonly name: string;
    readonly address: string;
    readonly internal: boolean;
    readonly connected: boolean;
  };
  /** System clock minus server clock. */
  readonly clockOffset: Millis;
  /** Whole sentences, the newest last. */
  readonly warnings: readonly string[];
}

/** The operator's side of a server in the same process. A gateway on another host has none. */
export interface Operator {
  /** Grows with each change of the stations, their items, actions, slates or parity modes; counters and time do not count. */
  readonly revision: number;
  view(): ServerView;
  /**
   * Resolves when the command is carried out and stored; the air changes at the next random access point. Rejects with a
   * Problem: of code `station` where there is no such station, `usage` where the command is not possible now.
   */
  execute(command: OperatorCommand): Promise<void>;
}
