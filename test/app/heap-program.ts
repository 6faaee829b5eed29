/**
 * Takes in bodies as a server does, and prints how often old memory was searched for garbage meanwhile. With an argument it
 * keeps room in the heap.
 */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { tuneHeaps } from '../../src/app/heap.js';

const turns = 3000;
const bodiesOfTurn = 10;
/** The text of a body, and what a connection has read beside that. */
const bodyBytes = 64 * 1024;
const body = JSON.stringify({
  readings: Array.from({ length: 200 }, (_, value) => ({ device: 'd1', fields: { value } })),
});
/** Of each body something is kept for so many turns, long enough to be moved to old memory. */
const turnsKept = 1000;

let searches = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
    if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) searches++;
  }
}).observe({ entryTypes: ['gc'] });
if (process.argv.length > 2) tuneHeaps();

const kept: unknown[] = [];
for (let index = 0; index < turns; index++) {
  kept[index % turnsKept] = Array.from({ length: bodiesOfTurn }, () => {
    const bytes = Buffer.alloc(bodyBytes);
    bytes.write(body);
    const { readings } = JSON.parse(bytes.toString('latin1', 0, body.length)) as { readings: unknown[] };
    return readings.slice(0, 10);
  });
  await turn();
}
process.stdout.write(String(searches));
