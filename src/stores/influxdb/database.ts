/**
 * Makes our database or bucket where it is missing. Who may not make one may well write to the one that is there, so
 * being refused is no failure; what was said is kept for the moment when a write finds nothing.
 */
import { HttpError } from '@influxdata/influxdb-client';
import { excerpt } from './excerpt.js';
import { identifier } from './influxql.js';
import { runStatement, StatementFailed } from './query.js';
import { databaseOf, type InfluxSettings } from './settings.js';
import type { InfluxTransport } from './transport.js';
import type { Version } from './version.js';

const notFound = 404;

export interface Made {
  /** Id of the organisation that the bucket is of, where there are organisations. */
  organisation?: string | undefined;
  /** Why it could not be made. */
  notMade?: string | undefined;
  /** Why it cannot be asked by InfluxQL. */
  notMapped?: string | undefined;
}

/** @throws as the client does, when the server is away */
export async function makeDatabase(
  transport: InfluxTransport,
  settings: InfluxSettings,
  { major }: Version,
): Promise<Made> {
  const name = databaseOf(settings);
  switch (major) {
    case 1:
      // Creating what exists is no error.
      return { notMade: await refusalOf(runStatement(transport, `CREATE DATABASE ${identifier(name)}`)) };
    case 2: {
      const organisation = await findOrganisation(transport, settings.org);
      if (organisation === undefined) return { notMade: 'the organisation is not known, or one of several' };
      const notMade = await refusalOf(makeBucket(transport, organisation, name));
      return { organisation, notMade, notMapped: await refusalOf(mapDatabase(transport, organisation, name)) };
    }
    default:
      // 3.x makes it with the first write.
      return {};
  }
}

/** @returns what the server said when it did not want to; undefined when it did it */
async function refusalOf(making: Promise<void>): Promise<string | undefined> {
  try {
    await making;
    return undefined;
  } catch (error) {
    if (error instanceof StatementFailed || isRefusal(error)) return excerpt(error.message);
    throw error;
  }
}

function isRefusal(error: unknown): error is HttpError {
  return error instanceof HttpError && error.statusCode >= 400 && error.statusCode < 500 && error.statusCode !== 429;
}

async function makeBucket(transport: InfluxTransport, organisation: string, name: string): Promise<void> {
  if ((await findBucket(transport, organisation, name)) !== undefined) return;
  const bucket = { orgID: organisation, name, retentionRules: [] };
  await transport.transport.request('/api/v2/buckets', bucket, { method: 'POST', headers: json });
}

/** @returns its id */
async function findBucket(transport: InfluxTransport, organisation: string, name: string): Promise<string | undefined> {
  const query = `orgID=${encodeURIComponent(organisation)}&name=${encodeURIComponent(name)}`;
  return idsIn(await ask(transport, `/api/v2/buckets?${query}`), 'buckets')[0];
}

/**
 * InfluxQL asks a database, which has to be mapped to the bucket. Newer 2.x map every bucket under its own name; the older
 * ones say of such a database that there is none.
 */
async function mapDatabase(transport: InfluxTransport, organisation: string, name: string): Promise<void> {
  if (!(await isUnmapped(transport, name))) return;
  const bucketID = await findBucket(transport, organisation, name);
  const mapping = { bucketID, database: name, default: true, orgID: organisation, retention_policy: 'autogen' };
  if (bucketID !== undefined)
    await transport.transport.request('/api/v2/dbrps', mapping, { method: 'POST', headers: json });
}

async function isUnmapped(transport: InfluxTransport, name: string): Promise<boolean> {
  try {
    await runStatement(transport, 'SHOW MEASUREMENTS LIMIT 1', name);
    return false;
  } catch (error) {
    if (error instanceof StatementFailed) return /^database not found/i.test(error.message);
    // Whatever else is wrong with reading is no reason not to write.
    if (error instanceof HttpError) return error.statusCode === notFound && /dbrp/i.test(error.message);
    throw error;
  }
}

/** @returns its id; the only one there is, where none is named */
async function findOrganisation(transport: InfluxTransport, name: string | undefined): Promise<string | undefined> {
  const query = name === undefined ? '' : `?org=${encodeURIComponent(name)}`;
  const ids = idsIn(await ask(transport, `/api/v2/orgs${query}`), 'orgs');
  return ids.length === 1 ? ids[0] : undefined;
}

const json = { accept: 'application/json' };

/** @returns nothing for a 404, which 2.x answers when it knows no such name, and for what these credentials may not see */
async function ask(transport: InfluxTransport, path: string): Promise<unknown> {
  try {
    return await transport.transport.request(path, '', { method: 'GET', headers: json });
  } catch (error) {
    if (isRefusal(error)) return undefined;
    throw error;
  }
}

function idsIn(answer: unknown, key: 'orgs' | 'buckets'): string[] {
  const list: unknown = (answer as Record<string, unknown> | undefined)?.[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: { id?: unknown } | null) => (typeof entry?.id === 'string' ? [entry.id] : []));
}
