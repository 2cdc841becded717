/** Announces a test station on loopback until the process is ended. The argument is its name. */
import { openAnnouncer } from '../../src/discovery/announcer.js';
import { makeStation } from './stations.js';

const station = makeStation(1, { name: process.argv[2] });
await openAnnouncer({ stations: () => [station], localAddress: '127.0.0.1', log: console.error });
