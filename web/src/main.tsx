/** The viewer's page. */
import { fetchGuide } from './app/guide-store.js';
import { createEngine } from './player/engine.js';
import { startPage, storageOf } from './start.js';

startPage(document.getElementById('app')!, { engine: createEngine(), storage: storageOf(window), fetchGuide });
