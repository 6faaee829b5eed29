/** A subscription in a URL: lists comma-separated, tags as `tag.site=lyon`, history as `since` and `maxPoints`. */
import type { SubscriptionFilter } from '../domain/generated/live-frames.js';
import type { LiveCommands } from '../domain/live-command.js';
import { Refusal } from '../domain/refusal.js';

const lists = ['devices', 'types', 'fields'] as const;
const flags = ['snapshot', 'onChange', 'presence'] as const;
const numbers = ['maxPoints', 'maxRateHz'] as const;

/** @returns undefined when the URL has no query at all */
export function filterOfQuery(
  query: Record<string, unknown>,
  commands: LiveCommands,
): SubscriptionFilter | Refusal | undefined {
  const filter = readQuery(query);
  if (filter === undefined || filter instanceof Refusal) return filter;
  return commands.refuseFilter(filter) ?? filter;
}

/** @returns what is still to be held to the schema */
function readQuery(query: Record<string, unknown>): Record<string, unknown> | Refusal | undefined {
  const filter: Record<string, unknown> = {};
  const tags: [key: string, value: string][] = [];
  const history: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(query)) {
    if (typeof value !== 'string') return new Refusal('invalid_parameter', `${name}: is given more than once`);
    if (lists.some((known) => known === name)) filter[name] = value.split(',');
    else if (name.startsWith('tag.')) tags.push([name.slice('tag.'.length), value]);
    else if (flags.some((known) => known === name) && (value === 'true' || value === 'false'))
      filter[name] = value === 'true';
    else if (numbers.some((known) => known === name) && /^\d{1,9}(\.\d{1,9})?$/.test(value))
      (name === 'maxPoints' ? history : filter)[name] = Number(value);
    else if (name === 'since') history['since'] = value;
    else if (name === 'cursor' || name === 'mode') filter[name] = value;
    else return new Refusal('invalid_parameter', `${name}: is not a parameter of a live feed, or has no such value`);
  }
  if (tags.length > 0) filter['tags'] = Object.fromEntries(tags);
  if ('maxPoints' in history && !('since' in history))
    return new Refusal('invalid_parameter', 'maxPoints: thins history, so since has to say from when');
  if ('since' in history) filter['history'] = history;
  return Object.keys(query).length === 0 ? undefined : filter;
}
