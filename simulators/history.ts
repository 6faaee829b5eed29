/** Asks everything back over REST, page by page. */

export interface HistoryRow {
  ts: number;
  value: unknown;
}

export interface HistoryQuery {
  device: string;
  type: string;
  field: string;
  /** Milliseconds, both included. */
  firstMs: number;
  lastMs: number;
}

export interface Page {
  columns: string[];
  rows: unknown[][];
  next: string | null;
}

const pageRows = 5000;

/** @returns the rows of one field of one device, in order of time, and how many pages they came in */
export async function readHistory(url: string, query: HistoryQuery): Promise<{ rows: HistoryRow[]; pages: number }> {
  const { device, type, field, firstMs, lastMs } = query;
  const rows: HistoryRow[] = [];
  let pages = 0;
  const parameters = { devices: device, types: type, fields: field, from: `${firstMs}`, to: `${lastMs + 1}` };
  for await (const page of readPages(url, parameters)) {
    const [tsAt, valueAt] = [page.columns.indexOf('ts'), page.columns.indexOf(field)];
    for (const row of page.rows) rows.push({ ts: Number(row[tsAt]), value: row[valueAt] });
    pages++;
  }
  return { rows, pages };
}

/** Follows the cursors to the end. */
export async function* readPages(base: string, parameters: Record<string, string>): AsyncGenerator<Page> {
  let cursor: string | null = null;
  do {
    const url = new URL('/v1/history', base);
    const from: Record<string, string> = cursor === null ? {} : { cursor };
    url.search = new URLSearchParams({ limit: String(pageRows), ...parameters, ...from }).toString();
    const page: Page = await getJson<Page>(url);
    yield page;
    cursor = page.next;
  } while (cursor !== null);
}

export interface Stats {
  received: number;
  accepted: number;
  rejected: number;
  stored: number;
  quarantined: number;
  discarded: number;
  pending: number;
}

export async function readStats(url: string): Promise<Stats> {
  return await getJson<Stats>(new URL('/v1/stats', url));
}

async function getJson<Answer>(url: URL): Promise<Answer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`GET ${url.pathname} was answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as Answer;
}
