import { WebSocket } from 'ws';
import { FeedClient, type Gap } from '../src/client/index.js';

/** Counts what a dashboard would see of some devices. */
export class LiveFollower {
  readonly #feed: FeedClient;
  readonly #devices: string[];
  readonly #received = new Map<string, number>();
  readonly gaps: Gap[] = [];
  /** Older values that the service merged away because we were too slow, all devices together. */
  conflated = 0;

  constructor(url: string, devices: string[]) {
    this.#feed = new FeedClient({ url, WebSocket });
    this.#devices = devices;
  }

  /** Resolves when the subscription stands: nothing that is accepted later can be missed. */
  async start(): Promise<void> {
    this.#feed.start();
    await new Promise<void>((resolve, reject) => {
      this.#feed.subscribe(
        { devices: this.#devices },
        {
          onSubscribed: resolve,
          onReadings: (readings, conflated) => {
            this.conflated += conflated;
            for (const { device } of readings) this.#received.set(device, this.of(device) + 1);
          },
          onGap: (gap) => void this.gaps.push(gap),
          onError: ({ message }) => reject(new Error(`The live feed refused the subscription: ${message}`)),
        },
      );
    });
  }

  stop(): void {
    this.#feed.stop();
  }

  of(device: string): number {
    return this.#received.get(device) ?? 0;
  }

  get total(): number {
    return this.#devices.reduce((sum, device) => sum + this.of(device), 0);
  }
}
