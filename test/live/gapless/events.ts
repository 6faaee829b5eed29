/** A subscriber by server-sent events. It goes on as a browser does: with the last `id` that it got. */
import type { SubscriptionFilter } from '../../../src/domain/generated/live-frames.js';
import { schemaRegistry } from '../../schemas/load.js';
import { EventClient, type ServerEvent } from '../event-client.js';
import type { FeedMessage } from './journal.js';
import type { FeedSubject } from './subject.js';
import { queryOf } from './query.js';

const isMessage = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/message');

export const eventFeed: FeedSubject = {
  name: 'server-sent events',
  async follow(url, journal) {
    const { cursor } = journal;
    journal.nextRequest();
    // The address stays as it was, history and all: the header wins.
    const address = `${url}/v1/live${queryOf(journal.request)}`;
    const client = await EventClient.open(address, cursor === undefined ? {} : { 'last-event-id': cursor });
    if (client.response.statusCode !== 200) throw new Error(`answered ${client.response.statusCode}`);
    let isCut = false;
    await new Promise<void>((resolve, reject) => {
      const take = (event: ServerEvent) => {
        if (isCut) return;
        const message = messageOf(event, journal.request);
        if (message) journal.take(message);
        if (message?.subscribed) resolve();
      };
      client.listen(take, () => reject(new Error('ended before it was subscribed')));
    });
    return {
      pause: () => client.pause(),
      resume: () => client.resume(),
      async cut() {
        isCut = true;
        client.cut();
      },
    };
  },
};

function messageOf({ event, id, data }: ServerEvent, request: SubscriptionFilter): FeedMessage | undefined {
  if (data === undefined) return id === undefined ? undefined : { cursor: id };
  const { cursor, ...message } = JSON.parse(data) as FeedMessage;
  if (!isMessage(JSON.parse(data))) throw new Error(`not a message: ${data.slice(0, 300)}`);
  if (event === undefined || !(event in message)) throw new Error(`not ${event}: ${data.slice(0, 300)}`);
  if (cursor !== id && !(message.history?.done && cursor === undefined)) throw new Error(`not at ${id}: ${data}`);
  if (event === 'history' && message.history!.done !== (id !== undefined)) throw new Error(`history ends at ${id}`);
  if (!request.history && message.history) throw new Error('history that nobody asked for');
  return { ...message, ...(id !== undefined && { cursor: id }) };
}
