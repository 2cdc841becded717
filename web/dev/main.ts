/** The page with made-up stations. `?stations=3` or `?stations=awkward` chooses them. */
import { startPage, storageOf } from '../src/start.js';
import { FakeEngine } from './fake-engine.js';
import { fakeGuide, fakeStations } from './fake-stations.js';

const wanted = new URLSearchParams(location.search).get('stations') ?? '12';
const stations = fakeStations(wanted, Date.now());
const engine = new FakeEngine(stations);

startPage(document.getElementById('app')!, {
  engine,
  storage: storageOf(window),
  fetchGuide: async (from, to) => fakeGuide(stations, from, to),
});

// For tests, which set the state of the network.
Object.assign(window, { engine });
