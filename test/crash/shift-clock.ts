/**
 * Loaded into the real service with `--import`: its clock, and not the machine's, is set back by CLOCK_BACK_MS at each
 * SIGUSR2, or from the start with CLOCK_IS_BACK.
 */
import { isMainThread } from 'node:worker_threads';

const backMs = Number(process.env['CLOCK_BACK_MS']);
let offsetMs = process.env['CLOCK_IS_BACK'] === undefined ? 0 : -backMs;
const now = Date.now.bind(Date);
Date.now = () => now() + offsetMs;
if (isMainThread) process.on('SIGUSR2', () => (offsetMs -= backMs));
