/** Close codes after which a client connects again; after any other the server means it. */
const reconnectable = new Set([
  1001, // going away
  1006, // cut: the network, a proxy, or a server that died
  1012, // restart
  4408, // no pong
  4413, // too slow
  4429, // rate
]);

/** The credentials ended: worth another attempt with new ones only. */
export const credentialsEnded = 4401;

export function mayReconnect(code: number, hasNewCredentials: boolean): boolean {
  return reconnectable.has(code) || (code === credentialsEnded && hasNewCredentials);
}

/** A server that restarts sends each client away with a delay of its own, so that they do not all come back at once. */
const retryAfter = /\bretry-after-ms=(\d{1,6})\b/;

/** @param reason of the close frame. @returns what the server asks to wait, at least */
export function retryAfterMs(reason: string): number {
  return Number(retryAfter.exec(reason)?.[1] ?? 0);
}
