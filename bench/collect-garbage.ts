/** Imported into a server under measurement, before its program: on SIGUSR2 its main thread collects all garbage. */
import { collectGarbage } from './garbage.js';

process.on('SIGUSR2', () => collectGarbage());
