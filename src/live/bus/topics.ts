/**
 * The topics of the bus:
 *
 *     inlet/v1/bus/INSTANCE           what the instance accepts, as it does
 *     inlet/v1/bus/INSTANCE/status    how far it is: retained; also its last will, which is not
 *     inlet/v1/bus/INSTANCE/fetch     others ask it for what they have missed …
 *     inlet/v1/bus/INSTANCE/answer    … and are answered where they are
 */

export type Subject = 'batch' | 'status' | 'fetch' | 'answer';

const root = 'inlet/v1/bus/';
const form = /^inlet\/v1\/bus\/([0-9a-f]{8})(?:\/(status|fetch|answer))?$/;

export function topicOf(instance: string, subject: Subject): string {
  return subject === 'batch' ? root + instance : `${root}${instance}/${subject}`;
}

/** What an instance subscribes to. `own` would come back to it, where the broker cannot leave that out. */
export function subscriptionsOf(instance: string): { topic: string; own: boolean }[] {
  return [
    { topic: `${root}+`, own: false },
    { topic: `${root}+/status`, own: true },
    { topic: topicOf(instance, 'fetch'), own: true },
    { topic: topicOf(instance, 'answer'), own: true },
  ];
}

/** @returns undefined for a topic that is none of these */
export function parseTopic(topic: string): { instance: string; subject: Subject } | undefined {
  const match = form.exec(topic);
  return match ? { instance: match[1]!, subject: (match[2] ?? 'batch') as Subject } : undefined;
}
