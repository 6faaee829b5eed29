/**
 * Does what a server does to its heap, and prints what came of it, a number. Arguments: which of these, and `tuned` for
 * heaps that are tuned.
 */
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';
import { tuneHeaps } from '../../src/app/heap.js';

const mib = 1024 * 1024;

/** Takes in bodies, of which a part is kept for long enough to be moved to old memory. @returns searches of old memory */
async function bodies(): Promise<number> {
  const turns = 3000;
  const bodiesOfTurn = 10;
  /** The text of a body, and what a connection has read beside that. */
  const bodyBytes = 64 * 1024;
  const turnsKept = 1000;
  const readings = Array.from({ length: 200 }, (_, value) => ({ device: 'd1', fields: { value } }));
  const body = JSON.stringify({ readings });
  let searches = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { kind } = (entry as PerformanceEntry & { detail: { kind: number } }).detail;
      if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) searches++;
    }
  }).observe({ entryTypes: ['gc'] });
  const kept: unknown[] = [];
  for (let index = 0; index < turns; index++) {
    kept[index % turnsKept] = Array.from({ length: bodiesOfTurn }, () => {
      const bytes = Buffer.alloc(bodyBytes);
      bytes.write(body);
      const parsed = JSON.parse(bytes.toString('latin1', 0, body.length)) as { readings: unknown[] };
      return parsed.readings.slice(0, 10);
    });
    await turn();
  }
  return searches;
}

/** Lets messages pile up, and then answers each at once, in turn. @returns MiB that old memory grew by in the second, in all */
async function piles(): Promise<number> {
  /** As a server has of its own: where next to nothing survives, V8 thinks again. */
  const own = Array.from({ length: 500_000 }, (_, at) => ({ own: at }));
  const message = (at: number) => ({ at, values: [at, at + 1, at + 2] });
  const handle = async (turns: number, messagesOfTurn: number, turnsKept: number) => {
    const kept: unknown[] = [];
    let [before, grown] = [oldBytes(), 0];
    for (let index = 0; index < turns; index++) {
      kept[index % turnsKept] = Array.from({ length: messagesOfTurn }, (_, at) => message(index + at));
      await turn();
      const now = oldBytes();
      grown += Math.max(0, now - before);
      before = now;
    }
    return grown / mib;
  };
  let grown = 0;
  for (let pile = 0; pile < 6; pile++) {
    await handle(120, 10_000, 120);
    grown += await handle(1000, 1000, 2);
  }
  if (own.length === 0) throw new Error('it was to be held until now');
  return grown;
}

function oldBytes(): number {
  return getHeapSpaceStatistics().find(({ space_name: name }) => name === 'old_space')!.space_used_size;
}

const [what, tuned] = process.argv.slice(2);
if (tuned) tuneHeaps();
process.stdout.write(String(Math.round(await (what === 'bodies' ? bodies() : piles()))));
