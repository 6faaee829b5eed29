import type { SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';

/** A subscription as it stands in a URL. */
export function queryOf({ devices, types, fields, tags, history, cursor }: SubscriptionFilter): string {
  const query = new URLSearchParams();
  for (const [name, list] of Object.entries({ devices, types, fields })) if (list) query.set(name, list.join(','));
  for (const [key, pattern] of Object.entries(tags ?? {})) query.set(`tag.${key}`, pattern);
  if (history) query.set('since', String(history.since));
  if (cursor !== undefined) query.set('cursor', cursor);
  return `?${query}`;
}
