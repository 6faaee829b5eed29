/** A subscription in a URL: lists comma-separated, tags as `tag.site=lyon`. */
import type { SubscriptionFilter as Filter } from '../../domain/generated/live-frames.js';
import { Refusal } from '../../domain/refusal.js';

const lists = ['devices', 'types', 'fields'] as const;

/** @returns undefined when the URL has no query at all: then commands will come */
export function filterOfQuery(query: Record<string, unknown>): Filter | Refusal | undefined {
  const filter: { -readonly [Key in keyof Filter]: Filter[Key] } = {};
  const tags: [key: string, value: string][] = [];
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') return new Refusal('invalid_parameter', `${name}: is given more than once`);
    const list = lists.find((known) => known === name);
    if (list) filter[list] = value.split(',');
    else if (name.startsWith('tag.')) tags.push([name.slice('tag.'.length), value]);
    else if (name === 'snapshot' && (value === 'true' || value === 'false')) filter.snapshot = value === 'true';
    else return new Refusal('invalid_parameter', `${name}: is not a parameter of a live feed, or has no such value`);
  }
  if (tags.length > 0) filter.tags = Object.fromEntries(tags);
  return Object.keys(query).length === 0 ? undefined : filter;
}
