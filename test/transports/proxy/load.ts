/**
 * Devices that count: each reading has the number of its device's readings until then. Half of them send by one stream
 * through nginx, and again what had no answer when that broke; the others by requests, straight to the service.
 */
import { WebSocket } from 'ws';
import { StreamDevice } from '../../../src/client/index.js';
import type { InletProcess } from '../../servers/inlet.js';
import type { Nginx } from '../../servers/nginx.js';

const devicesOfEach = 5;
/** At each of them every device has a reading: 200 a second in all. */
const tickMs = 50;

export class Load {
  readonly #service: InletProcess;
  readonly #stream: StreamDevice;
  #timer: NodeJS.Timeout | undefined;
  /** Times rise by the tick, also where a late timer makes up for several: each is a reading of its own. */
  readonly #begunMs = Date.now();
  #ticks = 0;
  #accepted = 0;
  #posting: Promise<void> = Promise.resolve();
  #failure: unknown;
  /** How many readings each device has sent. */
  readonly sent = new Map<string, number>();
  streamBreaks = 0;

  constructor(service: InletProcess, nginx: Nginx) {
    this.#service = service;
    this.#stream = new StreamDevice({
      url: nginx.url,
      WebSocket,
      onRetry: () => this.streamBreaks++,
    });
  }

  get total(): number {
    return this.#ticks * devicesOfEach * 2;
  }

  async start(): Promise<void> {
    this.#accepted = (await this.#service.stats()).accepted;
    this.#stream.start();
    const startedAtMs = performance.now();
    this.#timer = setInterval(() => {
      // A timer that comes late makes up for it.
      while (startedAtMs + this.#ticks * tickMs <= performance.now()) this.#tick();
    }, tickMs);
  }

  /** Resolves when all of it is acknowledged. @returns how many readings the service has accepted, those sent again too */
  async stop(): Promise<number> {
    clearInterval(this.#timer);
    await Promise.all([this.#stream.flush(), this.#posting]);
    this.#stream.stop();
    if (this.#failure !== undefined) throw this.#failure;
    return (await this.#service.stats()).accepted - this.#accepted;
  }

  #tick(): void {
    const n = ++this.#ticks;
    const readingsOf = (way: string) =>
      Array.from({ length: devicesOfEach }, (_, k) => {
        const device = `soak-${way}-${k}`;
        this.sent.set(device, n);
        return { device, ts: this.#begunMs + n * tickMs, fields: { n } };
      });
    void this.#stream.send(readingsOf('stream'));
    const requested = readingsOf('request');
    // One behind the other: their order is the devices'.
    this.#posting = this.#posting
      .then(() => this.#service.send(...requested))
      .catch((error: unknown) => void (this.#failure ??= error));
  }
}
