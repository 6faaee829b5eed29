/** A bare client of server-sent events: what a browser's EventSource would see, and what it would not. */
import { once } from 'node:events';
import { Agent, get, type ClientRequest, type IncomingMessage } from 'node:http';

/** One block of the stream; a comment, a `retry` or an `id` alone is one as well. */
export interface ServerEvent {
  event?: string;
  id?: string;
  retry?: string;
  data?: string;
  comment?: string;
}

export class EventClient {
  readonly response: IncomingMessage;
  readonly #request: ClientRequest;

  private constructor(request: ClientRequest, response: IncomingMessage) {
    this.#request = request;
    this.response = response;
  }

  /** Resolves with the head of the answer, whatever it is. */
  static async open(url: string, headers: Record<string, string> = {}): Promise<EventClient> {
    const request = get(url, {
      agent: new Agent({ keepAlive: false }),
      headers: { accept: 'text/event-stream', ...headers },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    // A connection that the service cuts ends both of them with an error.
    response.on('error', () => undefined);
    request.on('error', () => undefined);
    return new EventClient(request, response);
  }

  /** @param take gets each event, in order. @param ended called when there are no more */
  listen(take: (event: ServerEvent) => void, ended: () => void = () => undefined): void {
    let text = '';
    this.response.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const blocks = text.split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) take(eventIn(block));
    });
    this.response.once('close', ended);
  }

  pause(): void {
    this.response.pause();
  }

  resume(): void {
    this.response.resume();
  }

  /** Without a word. */
  cut(): void {
    this.#request.destroy();
    this.response.destroy();
  }
}

function eventIn(block: string): ServerEvent {
  const event: Record<string, string> = {};
  for (const line of block.split('\n')) {
    const [, name = '', value = ''] = /^([^:]*): ?(.*)$/.exec(line) ?? [];
    const key = name === '' ? 'comment' : name;
    if (!['event', 'id', 'retry', 'data', 'comment'].includes(key) || key in event)
      throw new Error(`odd line: ${line}`);
    event[key] = value;
  }
  return event;
}
