/** Announces a made-up station on loopback until it is ended; its name is the one argument. */
import { openAnnouncer } from '../../src/discovery/announcer.js';
import { makeStation } from './stations.js';

const station = makeStation(1, { name: process.argv[2] });
await openAnnouncer({ stations: () => [station], localAddress: '127.0.0.1', log: console.error });
