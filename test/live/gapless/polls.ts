/** A subscriber that asks, poll by poll. An answer that was cut off is asked for again. */
import { once } from 'node:events';
import { Agent, get, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Gap } from '../../../src/domain/generated/live-frames.js';
import { schemaRegistry } from '../../schemas/load.js';
import type { LiveReading } from '../live-client.js';
import type { Journal } from './journal.js';
import { queryOf } from './query.js';
import type { FeedSubject } from './subject.js';

const isAnswer = schemaRegistry()('https://inlet.example/schemas/live-frames.schema.json#/$defs/pollAnswer');

interface PollAnswer {
  cursor: string;
  readings: LiveReading[];
  gap: Gap | null;
}

/** What ends with it. */
interface Following {
  abort: AbortController;
  goOn: Promise<void>;
  resume: () => void;
}

export const pollFeed: FeedSubject = {
  name: 'long polling',
  async follow(url, journal) {
    const following: Following = { abort: new AbortController(), goOn: Promise.resolve(), resume: () => undefined };
    await begin(url, journal);
    const asking = ask(url, journal, following);
    return {
      pause() {
        following.resume();
        following.goOn = new Promise((resolve) => (following.resume = resolve));
      },
      resume: () => following.resume(),
      async cut() {
        following.abort.abort();
        following.resume();
        await asking;
      },
    };
  },
};

/** The first poll has no cursor: it says where the feed is, with the history before it. */
async function begin(url: string, journal: Journal): Promise<void> {
  const { cursor } = journal;
  const request = journal.nextRequest();
  if (cursor !== undefined) return journal.take({ subscribed: { cursor, recovered: true } });
  const answer = await poll(`${url}/v1/live/poll${queryOf(request)}`);
  if (answer.gap) journal.take({ gap: answer.gap });
  journal.take({ subscribed: { cursor: answer.cursor } });
  if (request.history) journal.take({ history: { readings: answer.readings, done: true } });
  else if (answer.readings.length > 0) throw new Error('it began with readings');
}

async function ask(url: string, journal: Journal, following: Following): Promise<void> {
  const { signal } = following.abort;
  while (!signal.aborted) {
    await following.goOn;
    const address = `${url}/v1/live/poll${queryOf(journal.nextRequest())}&wait=2`;
    let answer: PollAnswer;
    try {
      answer = await poll(address, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    const { gap, readings, cursor } = answer;
    journal.take({ cursor, readings, ...(gap && { gap }) });
  }
}

async function poll(address: string, signal?: AbortSignal): Promise<PollAnswer> {
  const request = get(address, { agent: new Agent({ keepAlive: false }), ...(signal && { signal }) });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const body = await text(response);
  const answer = JSON.parse(body) as PollAnswer;
  if (response.statusCode !== 200 || !isAnswer(answer)) throw new Error(`${response.statusCode} ${body.slice(0, 300)}`);
  return answer;
}
