/**
 * A WebSocket that is opened again whenever it breaks, with backoff and jitter, until it is stopped or the server closes
 * it with a code that says not to come back. What is sent and kept over a reconnect is its owner's business.
 */
import { Backoff, type BackoffOptions } from './backoff.js';
import { credentialsEnded, mayReconnect, retryAfterMs } from './close-codes.js';
import { currentToken, isRenewable, type Token } from './credentials.js';
import type { Refused } from './device.js';
import { socketUrl, webSocketConstructor, type WebSocketConstructor, type WebSocketLike } from './web-socket.js';

export interface SocketOptions {
  /** Of the service, such as `https://inlet.example`. */
  url: string;
  token?: Token;
  /** `globalThis.WebSocket` when it is left out. */
  WebSocket?: WebSocketConstructor;
  backoff?: BackoffOptions;
  connectTimeoutMs?: number;
}

export interface SocketRoute {
  path: string;
  /** Offered beside that of the version. */
  subprotocol?: string | undefined;
}

export interface SocketEvents {
  onConnecting(): void;
  onOpen(): void;
  onMessage(message: Record<string, unknown>): void;
  /** The connection is gone and comes back after `delayMs`. */
  onDown(reason: Refused, delayMs: number): void;
  /** It is gone for good. */
  onEnd(reason: Refused): void;
}

export class PersistentSocket {
  readonly #options: SocketOptions;
  readonly #route: SocketRoute;
  readonly #events: SocketEvents;
  readonly #backoff: Backoff;
  #socket: WebSocketLike | undefined;
  #stopped = true;
  #connectTimer: ReturnType<typeof setTimeout> | undefined;
  #retryTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(route: SocketRoute, options: SocketOptions, events: SocketEvents) {
    this.#route = route;
    this.#options = options;
    this.#events = events;
    this.#backoff = new Backoff(options.backoff);
  }

  /** @throws where there is no WebSocket, or the URL is none */
  start(): void {
    if (!this.#stopped) return;
    webSocketConstructor(this.#options.WebSocket);
    socketUrl(this.#options.url, this.#route.path);
    this.#stopped = false;
    void this.#connect();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#retryTimer);
    this.#discard(1000, 'done');
  }

  send(data: string | Uint8Array<ArrayBuffer>): void {
    this.#socket?.send(data);
  }

  /** The server speaks as it should: the next break is a new one, and its first pause a short one. */
  healthy(): void {
    this.#backoff.reset();
  }

  /**
   * Gives this connection up and opens another. A dead connection may take minutes to report its end, so nothing of the
   * old one is listened to any more.
   */
  drop(reason: Refused): void {
    this.#discard(4000, reason.code);
    this.#retry(reason);
  }

  async #connect(): Promise<void> {
    this.#events.onConnecting();
    try {
      const token = await currentToken(this.#options.token);
      if (!this.#stopped) this.#open(token);
    } catch (error) {
      this.#retry({ code: 'credentials', message: String(error) });
    }
  }

  #open(token: string | undefined): void {
    const Socket = webSocketConstructor(this.#options.WebSocket);
    const { path, subprotocol } = this.#route;
    const address = socketUrl(this.#options.url, path);
    const offered = token === undefined ? [] : ['inlet.v1', `inlet.bearer.${token}`];
    if (subprotocol !== undefined) offered.unshift(subprotocol);
    const socket = new Socket(address, offered.length > 0 ? offered : undefined);
    this.#socket = socket;
    this.#connectTimer = setTimeout(() => {
      this.drop({ code: 'timeout', message: 'the connection was not opened in time' });
    }, this.#options.connectTimeoutMs ?? 10_000);
    this.#listen(socket);
  }

  #listen(socket: WebSocketLike): void {
    const isCurrent = (): boolean => this.#socket === socket;
    // A browser's error event says nothing; that of `ws` knows why: a refused connection, or a 401.
    let error = '';
    socket.addEventListener('error', (event: { message?: string }) => void (error = event.message ?? ''));
    socket.addEventListener('open', () => {
      if (!isCurrent()) return;
      clearTimeout(this.#connectTimer);
      this.#events.onOpen();
    });
    socket.addEventListener('message', (event: { data: unknown }) => {
      if (isCurrent()) this.#receive(event.data);
    });
    socket.addEventListener('close', ({ code, reason }: { code: number; reason: string }) => {
      const message = error || reason || `the connection was closed with ${code}`;
      if (isCurrent()) this.#closed(code, message, retryAfterMs(reason));
    });
  }

  #closed(code: number, message: string, atLeastMs: number): void {
    this.#discard();
    const hasNewCredentials = isRenewable(this.#options.token);
    if (mayReconnect(code, hasNewCredentials)) return this.#retry({ code: 'closed', message }, atLeastMs);
    this.#stopped = true;
    this.#events.onEnd({ code: code === credentialsEnded ? 'credentials' : 'closed', message });
  }

  #receive(data: unknown): void {
    const message = parseMessage(data);
    if (message) this.#events.onMessage(message);
    else this.drop({ code: 'protocol', message: 'the server sent something that is not a JSON object' });
  }

  #retry(reason: Refused, atLeastMs = 0): void {
    if (this.#stopped) return;
    const delayMs = this.#backoff.nextMs(atLeastMs);
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => void this.#connect(), delayMs);
    this.#events.onDown(reason, delayMs);
  }

  /** From here on nothing of the present connection is listened to. */
  #discard(code?: number, reason?: string): void {
    clearTimeout(this.#connectTimer);
    const socket = this.#socket;
    this.#socket = undefined;
    if (code !== undefined) socket?.close(code, reason);
  }
}

function parseMessage(data: unknown): Record<string, unknown> | undefined {
  if (typeof data !== 'string') return undefined;
  try {
    const message: unknown = JSON.parse(data);
    return typeof message === 'object' && message !== null ? (message as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
