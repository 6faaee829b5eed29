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
