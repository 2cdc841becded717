// `npm start`: two demo stations on the air of this machine. Arguments go to `msc demo`.
import { build, install } from './setup.mjs';

install();
build();
process.argv.splice(2, 0, 'demo');
await import('../bin/msc.js');
