/** A witness: a session that asks the server for its time, and searches without a cookie, in turn. */
import { readTask } from '../helper.js';
import { Client, type Server } from './client.js';
import { probe } from './probe.js';

export interface ControlTask {
  server: Server;
  /** The witness's own address. */
  address: string;
  station: string;
}

const PERIOD = 50;

const { server, address, station }: ControlTask = readTask();
const session = await Client.open(server, address);
await session.tune(station);
const stranger = await Client.open(server, address);
let turn = 0;
await probe(PERIOD, async () => {
  const began = performance.now();
  const reply = turn++ % 2 === 0 ? await session.ask('keepalive') : await stranger.challenge();
  return reply === null ? null : performance.now() - began;
});
