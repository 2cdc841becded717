/** The attacks. Each prepares itself, and then does its worst until a time. */
import type { StationInfo } from '../../../src/wire/station-info.js';
import type { Server } from './client.js';

/** What an attacker knows, and has. */
export interface AttackTask {
  name: string;
  server: Server;
  /** HTTP of the server, and of a gateway. */
  http: { address: string; port: number };
  gateway: { address: string; port: number };
  stations: readonly StationInfo[];
  /** Its addresses. */
  from: readonly string[];
  /** Datagrams and connections a second, at most. */
  rate: number;
  connections: number;
}

/** Runs until a time of `performance.now()`; resolves with how many datagrams, or connections, it has sent. */
export type Attack = (until: number) => Promise<number>;

export type Prepare = (task: AttackTask) => Promise<Attack>;
