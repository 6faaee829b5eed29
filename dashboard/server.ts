/** What the dashboard asks of the HTTP API; the live feed is the client library's. */
import type {
  DeviceDetail,
  DeviceLatest,
  DeviceList,
  DeviceSummary,
  HistoryPage,
  LatestSeries,
} from '../src/domain/generated/answers.js';

export class ServerAway extends Error {
  constructor(cause: unknown) {
    super('the server does not answer', { cause });
    this.name = 'ServerAway';
  }
}

/** An answer that is no 2xx; the message is the server's own sentence. */
export class RequestRefused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RequestRefused';
    this.status = status;
  }
}

/** What to tell the reader of the page; null when the connection's state says it already. */
export function troubleOf(error: unknown): string | null {
  if (error instanceof ServerAway) return null;
  return error instanceof Error ? error.message : String(error);
}

export async function listDevices(prefix: string, limit: number): Promise<{ devices: DeviceSummary[]; more: boolean }> {
  const query = new URLSearchParams({ limit: String(limit), ...(prefix === '' ? {} : { prefix }) });
  const { devices, next } = await get<DeviceList>(`v1/devices?${query}`);
  return { devices, more: next !== null };
}

export async function describeDevice(device: string): Promise<DeviceDetail> {
  return get(`v1/devices/${encodeURIComponent(device)}`);
}

export async function latestOf(device: string): Promise<LatestSeries[]> {
  const { series } = await get<DeviceLatest>(`v1/devices/${encodeURIComponent(device)}/latest`);
  return series;
}

/** Readings of a device from `fromMs` to `toMs` (excluded), thinned to at most `maxPoints` for each series. */
export async function historyOf(device: string, fromMs: number, toMs: number, maxPoints: number): Promise<HistoryPage> {
  const query = new URLSearchParams({
    devices: device,
    from: String(fromMs),
    to: String(toMs),
    maxPoints: String(maxPoints),
    limit: '100000',
  });
  return get(`v1/history?${query}`);
}

async function get<Answer>(path: string): Promise<Answer> {
  const response = await ask(path);
  if (!response.ok) throw new RequestRefused(response.status, await reasonOf(response));
  return (await response.json()) as Answer;
}

async function ask(path: string): Promise<Response> {
  try {
    return await fetch(path, { headers: { accept: 'application/json' } });
  } catch (error) {
    throw new ServerAway(error);
  }
}

/** The detail of a problem (RFC 9457); a proxy's error page has none. */
async function reasonOf(response: Response): Promise<string> {
  const text = await response.text();
  if (!response.headers.get('content-type')?.includes('json')) return `${response.status} ${response.statusText}`;
  const problem = JSON.parse(text) as { detail?: string; title?: string };
  return problem.detail ?? problem.title ?? `${response.status} ${response.statusText}`;
}
