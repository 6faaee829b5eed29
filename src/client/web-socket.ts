/** The part of the WebSocket interface that the clients use: browsers have it, and so has the `ws` package for Node. */
export interface WebSocketLike {
  addEventListener(type: 'open' | 'error', listener: (event: { message?: string }) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(type: 'close', listener: (event: { code: number; reason: string }) => void): void;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

export type WebSocketConstructor = new (url: string, protocols?: string[]) => WebSocketLike;

/** @throws where there is neither: Node before 22 needs one in the options */
export function webSocketConstructor(given: WebSocketConstructor | undefined): WebSocketConstructor {
  const found = given ?? (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
  if (!found)
    throw new TypeError('This runtime has no WebSocket: give one in the options, that of the package "ws" say');
  return found;
}

/** The address of a socket at the service `base`; `http` becomes `ws`, `https` becomes `wss`. */
export function socketUrl(base: string, path: string): string {
  const url = new URL(path, base);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}
