/** Says how it stands with the live feed, in a word that is true. */
import type { FeedState } from '../src/client/index.js';
import { byId } from './element.js';
import { formatTime } from './format.js';

const words: Record<FeedState, string> = {
  connecting: 'Connecting',
  online: 'Live',
  waiting: 'Reconnecting',
  failed: 'Disconnected',
  stopped: 'Stopped',
};

export class Connection {
  readonly #element = byId('connection');
  #lastLiveAt: number | undefined;
  #state: FeedState = 'stopped';

  show(state: FeedState, reason: string | undefined, now: number): void {
    if (this.#state === 'online' && state !== 'online') this.#lastLiveAt = now;
    this.#state = state;
    // A reconnect begins with `connecting`; what is on the page is as old as before.
    const since =
      state === 'online' || this.#lastLiveAt === undefined
        ? ''
        : ` · values as of ${formatTime(this.#lastLiveAt, now)}`;
    this.#element.dataset['state'] = state;
    this.#element.title = reason ?? '';
    this.#element.textContent = `${words[state]}${since}`;
    document.body.dataset['feed'] = state;
  }
}
