/** Where a client goes on that comes back with a cursor, from this instance or from another one. */
import type { Gap } from '../domain/generated/live-frames.js';
import { decodeCursor } from './cursor.js';
import type { Origins } from './origin.js';
import type { Place } from './place.js';

export interface Resumption {
  from: Place;
  /** What is known to be missing. */
  gap: Gap | undefined;
}

/**
 * @param place where the feed is
 * @param knowsAll whether an instance that is not known now is one that will not be heard of
 */
export function resumption(cursor: string, place: Place, origins: Origins, knowsAll: boolean): Resumption {
  const asked = decodeCursor(cursor) ?? new Map<string, number>();
  let from = place;
  let reason: Gap['reason'] | undefined = asked.size === 0 ? 'unknown_cursor' : undefined;
  for (const [name, reached] of place.positions) {
    const position = asked.get(name);
    const { memory, peer } = origins.get(name)!;
    // Of another instance a client may have more than has come here. Of this one nobody can.
    if (position === undefined || (!peer && position > reached)) {
      if (reached > 0) reason ??= 'unknown_cursor';
      continue;
    }
    const tail = Math.min(memory.tail, memory.recentTail ?? Infinity);
    from = from.with(name, Math.max(position, tail));
    if (position < tail) reason ??= 'cursor_too_old';
  }
  for (const [name, position] of asked) {
    if (origins.has(name)) continue;
    if (knowsAll) reason ??= 'unknown_cursor';
    // It may still be heard of.
    else from = from.with(name, position);
  }
  return { from, gap: reason && { fromTs: null, toTs: null, reason } };
}
