// `npm start`: installs and builds when that is still to be done, then becomes the server, in this very process, so
// that a signal sent to it reaches the server.
import { prepare } from './prepare.mjs';

await prepare({ development: false });
await import('../dist/src/main.js');
