/**
 * The feed's messages as server-sent events (HTML Standard §9.2.5): `event:` the kind, `id:` the cursor where the event is a
 * place to go on from, `data:` the message as a WebSocket has it. A cursor alone is an `id:` alone: it fires nothing in the
 * page, and counts when the browser comes back.
 */
import type { LiveMessage, SubscriptionHandle } from '../../ports/feed.js';

/** Every subscription here is the only one of its connection. */
export const subscriptionName = 's1';
export const comment = ':\n\n';

/** A message that many get is put together once. */
const events = new WeakMap<LiveMessage, Buffer>();

export function eventOf(message: LiveMessage): Buffer {
  const known = events.get(message);
  if (known) return known;
  const { kind, cursor, rest } = message;
  const id = cursor === undefined ? '' : `id: ${cursor}\n`;
  const data = kind === 'cursor' ? '' : `event: ${kind}\ndata: {"subscription":"${subscriptionName}",${rest}\n`;
  const bytes = Buffer.from(`${id}${data}\n`);
  events.set(message, bytes);
  return bytes;
}

/** What a subscription begins with. */
export function subscribedEvent({ cursor, recovered }: SubscriptionHandle): string {
  const subscribed = { subscription: subscriptionName, cursor, ...(recovered !== undefined && { recovered }) };
  return `event: subscribed\ndata: ${JSON.stringify({ id: 0, subscribed })}\n\n`;
}

/** How long the other side is to wait before it connects again. */
export function retryAfter(delayMs: number): string {
  return `retry: ${delayMs}\n\n`;
}

export function place(cursor: string): string {
  return `id: ${cursor}\n\n`;
}
