/** What V8 is told of the heaps of this process: for acknowledgements the collector of garbage is what is most in the way. */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/**
 * By how much old memory may grow until it is searched for garbage. V8 does it after 8 MiB as long as there is little, and
 * what comes in counts until the next collection of young memory: under load that was once or twice a second, and
 * acknowledgements of that time waited for up to 45 ms, as its threads want both cores and the main one stands still at the end.
 */
const roomBytes = 48 * 1024 * 1024;
/** Where there is much, by half of it at least. */
const leastPercent = 50;

/** Of entries of the type `gc`; Node's own types leave it out. */
type GcEntry = PerformanceEntry & { detail: { kind: number } };

export function tuneHeaps(): void {
  // When messages pile up, what is made of them lives long; V8 then has code that makes such objects in old memory at once, and
  // keeps it when they are short-lived again. After a while of full speed old memory grew by 10 to 40 MB a second, for good.
  setFlagsFromString('--no-allocation-site-pretenuring');
  // What this thread has of young memory is settled. The workers get as much as V8 usually gives, 32 MiB: with the 64 of this
  // thread DuckDB's took no more readings a second, and grew to that while its disk was full.
  setFlagsFromString('--max-semi-space-size=0');
  makeRoom();
  new PerformanceObserver((list) => {
    const kinds = list.getEntries().map((entry) => (entry as GcEntry).detail.kind);
    if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) makeRoom();
  }).observe({ entryTypes: ['gc'] });
}

/** V8 takes the room as a share of what is there, for the whole process; so it is told anew after each search. */
function makeRoom(): void {
  const old = getHeapSpaceStatistics().filter(({ space_name: name }) => !name.startsWith('new_'));
  const used = old.reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
  setFlagsFromString(`--heap-growing-percent=${Math.max(leastPercent, Math.round((roomBytes / used) * 100))}`);
}
