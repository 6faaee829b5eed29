/** Events one by one, for tests that know what comes next. */
import type { Test } from 'tap';
import { EventClient, type ServerEvent } from '../../live/event-client.js';
import type { AnyMessage } from '../../live/live-client.js';
import { Inbox } from '../inbox.js';

export interface Received {
  event: string;
  id: string | undefined;
  message: AnyMessage;
}

export class EventReader {
  readonly client: EventClient;
  /** What came beside events. */
  readonly retries: number[] = [];
  readonly comments: number[] = [];
  lastId: string | undefined;
  readonly #events = new Inbox<Received>();
  readonly ended: Promise<void>;

  private constructor(client: EventClient) {
    this.client = client;
    this.ended = new Promise((resolve) => client.listen((event) => this.#take(event), resolve));
  }

  static async open(t: Test, url: string, headers: Record<string, string> = {}): Promise<EventReader> {
    const client = await EventClient.open(url, headers);
    t.teardown(() => client.cut());
    if (client.response.statusCode !== 200) throw new Error(`answered ${client.response.statusCode}`);
    return new EventReader(client);
  }

  async next(): Promise<Received> {
    return this.#events.take();
  }

  /** The next so many events by their names. */
  async names(count: number): Promise<string[]> {
    const names: string[] = [];
    while (names.length < count) names.push((await this.next()).event);
    return names;
  }

  #take({ event, id, data, retry, comment }: ServerEvent): void {
    if (id !== undefined) this.lastId = id;
    if (retry !== undefined) this.retries.push(Number(retry));
    if (comment !== undefined) this.comments.push(Date.now());
    if (data !== undefined) this.#events.put({ event: event!, id, message: JSON.parse(data) as AnyMessage });
  }
}
