/** Addresses as people write them in settings. */
import { isIPv4 } from 'node:net';

export interface ListenAddress {
  host: string;
  port: number;
}

const largestPort = 65_535;

/** `127.0.0.1:1883`, `[::1]:1883`, `localhost:0`; undefined for anything else. */
export function parseListenAddress(text: string): ListenAddress | undefined {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^\s:/[\]]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  return host === undefined || port > largestPort ? undefined : { host, port };
}

/** Whether it names a scheme of these, a host, and nothing behind them. */
export function isServerUrl(text: string, schemes: readonly string[]): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(text);
  return schemes.includes(protocol) && hostname !== '' && pathname.length <= 1 && search === '' && hash === '';
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}
